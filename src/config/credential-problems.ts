import type { YamlProblem, YamlFile } from '../yaml/read-yaml.js';
import { type YamlPath, valueAt } from '../yaml/spec-issues.js';
import { isLoopback } from './common-spec.js';
import { isVariable } from './substitute.js';

/**
 * Finds credentials written into the file. They must come from the environment, unless everything
 * they are sent to is on this machine, as with a sandbox. `written` is the file before variables
 * are filled in.
 */
export function credentialProblems({ data, problemAt }: YamlFile<unknown>, written: unknown): YamlProblem[] {
  const sellers = valueAt(written, ['sellers']);
  const apiKeys = [
    ['api', 'endpoint'],
    ['api', 'loginUrl'],
  ];
  const all: { path: YamlPath; goTo: YamlPath[] }[] = [
    ...(Array.isArray(sellers) ? sellers : []).map((_, index) => ({
      path: ['sellers', index, 'credentials'],
      goTo: apiKeys,
    })),
    { path: ['aws', 'credentials'], goTo: [['aws', 'endpoint']] },
  ];
  return all.flatMap(({ path, goTo }) => {
    if (goTo.every((key) => isOnThisMachine(valueAt(data, key)))) return [];
    return literalSecrets(valueAt(written, path)).map((key) => {
      const variable = secretVariables[key[0] ?? ''] ?? 'LWA_CLIENT_ID';
      const message = `credentials come from the environment; write a variable such as \${${variable}}`;
      return problemAt([...path, ...key], message);
    });
  });
}

const secretVariables: Record<string, string> = {
  clientId: 'LWA_CLIENT_ID',
  clientSecret: 'LWA_CLIENT_SECRET',
  refreshToken: 'LWA_REFRESH_TOKEN',
  accessKeyId: 'SQS_ACCESS_KEY_ID',
  secretAccessKey: 'SQS_SECRET_ACCESS_KEY',
};

/** Returns the paths below `credentials` whose value is not a variable. */
function literalSecrets(credentials: unknown): string[][] {
  if (credentials === undefined || credentials === null || Array.isArray(credentials)) return [];
  if (typeof credentials !== 'object') return [[]];
  return Object.entries(credentials)
    .filter(([, value]) => value !== null && typeof value !== 'object' && !isVariable(value))
    .map(([key]) => [key]);
}

function isOnThisMachine(url: unknown): boolean {
  return typeof url === 'string' && URL.canParse(url) && isLoopback(new URL(url).hostname);
}
