import { keepSecret } from '../errors/secrets.js';
import type { YamlProblem, YamlFile } from '../yaml/read-yaml.js';
import { valueAt, type YamlPath } from '../yaml/spec-issues.js';
import { passwordOf } from './postgres-url.js';
import { isVariable } from './substitute.js';

const secrets: { path: YamlPath; message: string }[] = [
  {
    path: ['piiHashKey'],
    message: 'the key comes from the environment; write a variable such as ${PII_HASH_KEY}',
  },
  {
    path: ['status', 'token'],
    message: 'the token comes from the environment; write a variable such as ${SP_REPORTS_STATUS_TOKEN}',
  },
  {
    path: ['alarms', 'webhook'],
    message:
      'whoever knows the address can write there, so it comes from the environment; write a variable such as ${SP_REPORTS_ALARM_WEBHOOK}',
  },
];

/** Connection URIs, which may have a password in them, or none. */
const connections: YamlPath[] = [
  ['warehouse', 'url'],
  ['warehouse', 'readUrl'],
];

/**
 * Finds secrets other than credentials that are written into the file: they must come from the
 * environment. `written` is the file before variables are filled in.
 */
export function secretProblems({ problemAt }: YamlFile<unknown>, written: unknown): YamlProblem[] {
  const found = secrets.flatMap(({ path, message }) => {
    const value = valueAt(written, path);
    return value === undefined || isVariable(value) ? [] : [problemAt(path, message)];
  });
  const message =
    'the password comes from the environment; write a variable such as ${DATABASE_URL}, or ${PGPASSWORD} as the password';
  const ofConnections = connections.flatMap((path) => {
    const password = passwordOf(valueAt(written, path));
    return password === undefined || isVariable(password) ? [] : [problemAt(path, message)];
  });
  return [...found, ...ofConnections];
}

/** Whether a path in the settings, such as `sellers[0].credentials.clientId`, holds a secret. */
export function isSecret(path: string): boolean {
  const all = [...secrets.map((secret) => secret.path), ...connections];
  return /\bcredentials\b/.test(path) || all.some((secret) => secret.join('.') === path);
}

/** Names of an application or an identity: others may know them. */
const names = /\.(clientId|accessKeyId)$/;
/** A shorter path of a webhook may be an ordinary word. */
const minWebhookPathLength = 12;

/** Registers the secrets in settings, so that no text of a server reveals them. */
export function keepSecretsIn(value: unknown, path = ''): void {
  if (typeof value === 'string') {
    if (!isSecret(path) || names.test(path)) return;
    if (connections.some((each) => each.join('.') === path)) {
      keepSecret(passwordOf(value));
      return;
    }
    keepSecret(value);
    const url = URL.canParse(value) ? new URL(value) : undefined;
    const urlPath = url ? url.pathname + url.search : '';
    if (urlPath.length >= minWebhookPathLength) keepSecret(urlPath);
  } else if (typeof value === 'object' && value !== null) {
    for (const [key, each] of Object.entries(value)) keepSecretsIn(each, path ? `${path}.${key}` : key);
  }
}

/** Returns settings without their secrets, for display. */
export function withoutSecrets(value: unknown, path = ''): unknown {
  if (Array.isArray(value)) return value.map((each, index) => withoutSecrets(each, `${path}[${index}]`));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).flatMap(([key, each]) => {
      const keyPath = path ? `${path}.${key}` : key;
      return isSecret(keyPath) ? [] : [[key, withoutSecrets(each, keyPath)]];
    }),
  );
}
