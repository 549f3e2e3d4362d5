import { randomUUID } from 'node:crypto';
import type { SandboxSeller } from './amazon.js';

interface Token {
  sellerId: string;
  untilMs: number;
  /** The one path that a restricted data token opens. */
  path?: string;
}

/** Access tokens and restricted data tokens of the sandbox. */
export class TokenDesk {
  private readonly tokens = new Map<string, Token>();

  constructor(
    private readonly now: () => number,
    private readonly tokenSeconds: number,
  ) {}

  /** Login with Amazon. Status and body as Amazon answers. */
  login(
    form: URLSearchParams,
    sellers: Iterable<SandboxSeller>,
  ): { status: number; body: object; sellerId?: string } {
    const refused = (status: number, error: string, error_description: string) => ({
      status,
      body: { error, error_description },
    });
    if (form.get('grant_type') !== 'refresh_token') {
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
    const seller = application.find(
      ({ credentials }) => credentials.refreshToken === form.get('refresh_token'),
    );
    if (!seller)
      return refused(400, 'invalid_grant', 'The request has an invalid grant parameter : refresh_token');
    const token = this.issue(
      { sellerId: seller.sellerId, untilMs: this.now() + this.tokenSeconds * 1000 },
      'Atza',
    );
    return {
      status: 200,
      sellerId: seller.sellerId,
      body: {
        access_token: token,
        token_type: 'bearer',
        expires_in: this.tokenSeconds,
        refresh_token: seller.credentials.refreshToken,
      },
    };
  }

  /** A restricted data token for one path. */
  restrict(sellerId: string, path: string): string {
    const lifeMs = 3_600_000;
    return this.issue({ sellerId, path, untilMs: this.now() + lifeMs }, 'Atz.sprdt');
  }

  /** The token, or why it isn't one. */
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
