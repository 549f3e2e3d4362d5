import { randomUUID } from 'node:crypto';
import type { SandboxSeller } from './amazon.js';
import { type ApiAnswer, refusal } from './answer.js';

interface Token {
  /** Empty for a token of the application. */
  sellerId: string;
  untilMs: number;
  /** The only paths that a restricted data token is valid for. */
  paths?: readonly string[];
}

/** The path of report documents in the Reports API. */
export const documentsPath = '/reports/2021-06-30/documents/';

/** Access tokens and restricted data tokens of the sandbox. */
export class TokenDesk {
  private readonly tokens = new Map<string, Token>();

  constructor(
    private readonly now: () => number,
    private readonly tokenSeconds: number,
  ) {}

  /** Answers Login with Amazon, with Amazon's status and body. */
  login(
    form: URLSearchParams,
    sellers: Iterable<SandboxSeller>,
  ): { status: number; body: object; sellerId?: string } {
    const refused = (status: number, error: string, error_description: string) => ({
      status,
      body: { error, error_description },
    });
    const grant = form.get('grant_type') ?? '';
    if (!['refresh_token', 'client_credentials'].includes(grant)) {
      return refused(
        400,
        'unsupported_grant_type',
        'The authorization grant type is not supported by the authorization server',
      );
    }
    const all = [...sellers];
    const application = all.filter(
      ({ credentials }) =>
        credentials.clientId === form.get('client_id') &&
        credentials.clientSecret === form.get('client_secret'),
    );
    if (application.length === 0) return refused(401, 'invalid_client', 'Client authentication failed');
    const life = { token_type: 'bearer', expires_in: this.tokenSeconds };
    const untilMs = this.now() + this.tokenSeconds * 1000;
    if (grant === 'client_credentials') {
      if (form.get('scope') !== 'sellingpartnerapi::notifications')
        return refused(400, 'invalid_scope', 'The requested scope is invalid, unknown, or malformed');
      return { status: 200, body: { access_token: this.issue({ sellerId: '', untilMs }, 'Atc'), ...life } };
    }
    const seller = application.find(
      ({ credentials }) => credentials.refreshToken === form.get('refresh_token'),
    );
    if (!seller)
      return refused(400, 'invalid_grant', 'The request has an invalid grant parameter : refresh_token');
    const token = this.issue({ sellerId: seller.sellerId, untilMs }, 'Atza');
    return {
      status: 200,
      sellerId: seller.sellerId,
      body: {
        access_token: token,
        ...life,
        refresh_token: seller.credentials.refreshToken,
      },
    };
  }

  /**
   * Answers createRestrictedDataToken. A path with a placeholder, such as `{reportDocumentId}`,
   * gets a token that is valid for no document.
   */
  restrict(sellerId: string, body: string): ApiAnswer {
    const refused = (problem: string) => refusal(400, 'InvalidInput', problem);
    const resources = restrictedResources(body);
    if (!resources) return refused('The request body is not valid.');
    if (resources.length < 1 || resources.length > 50) return refused('1 to 50 restrictedResources.');
    const paths = resources.map(({ path }) => path ?? '');
    if (
      resources.some(({ method }) => method !== 'GET') ||
      !paths.every((path) => path.startsWith(documentsPath))
    ) {
      return refused('Application does not have access to one or more requested restricted resources.');
    }
    const token = this.issue(
      { sellerId, paths, untilMs: this.now() + this.tokenSeconds * 1000 },
      'Atz.sprdt',
    );
    return { status: 200, body: { restrictedDataToken: token, expiresIn: this.tokenSeconds } };
  }

  /** Returns the token, or why it is invalid. */
  check(text: string | undefined): Token | { problem: string } {
    if (!text) return { problem: 'Access token is missing in the request header.' };
    const token = this.tokens.get(text);
    if (!token) return { problem: 'The access token you provided is revoked, malformed or invalid.' };
    return token.untilMs > this.now() ? token : { problem: 'The access token you provided has expired.' };
  }

  private issue(token: Token, prefix: string): string {
    const text = `${prefix}|${randomUUID()}`;
    this.tokens.set(text, token);
    return text;
  }
}

/** Returns the resources in a request; undefined if the body is invalid. */
function restrictedResources(body: string): { method?: string; path?: string }[] | undefined {
  try {
    const { restrictedResources: resources } = JSON.parse(body);
    return Array.isArray(resources) ? resources : undefined;
  } catch {
    return undefined;
  }
}
