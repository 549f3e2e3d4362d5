import { keepSecret } from '../errors/secrets.js';

/** Keys whose values are secrets; `newClientSecretExpiryTime` is not among them. */
const secretKey =
  /(?:secret|password|passphrase|privatekey|secretaccesskey|apikey|accesstoken|refreshtoken)$/;
/** Values that are secrets, whatever their key. */
const secretValue = /^(?:amzn1\.oa2-cs\.|Atz[ar]\|)/;
/** `"key": "value"` in what is no JSON, for example because it was cut off; escaped or not. */
const secretMember = /([\w-]+)\\*"\s*:\s*\\*"([^"\\\s]+)/g;

/** Shorter ones are words, which must not vanish from the log. */
const minLength = 12;

/** EventBridge in SNS in a relay, and one more. */
const deepestNesting = 12;

/**
 * Returns the secrets in the body of a message, also within texts that are JSON themselves, and
 * registers them: from then on, no log, error or ledger row shows them.
 */
export function secretsIn(body: string): string[] {
  const found = new Set<string>();
  const json = parsed(body);
  if (json !== undefined) collect(json, '', found, deepestNesting);
  else
    for (const [, key = '', value = ''] of body.matchAll(secretMember))
      if (isSecret(key, value)) found.add(value);
  for (const secret of found) keepSecret(secret);
  return [...found];
}

function collect(value: unknown, key: string, found: Set<string>, depth: number): void {
  if (depth === 0) return;
  if (typeof value === 'string') {
    if (isSecret(key, value)) found.add(value);
    else if (/^\s*[{[]/.test(value)) collect(parsed(value), key, found, depth - 1);
  } else if (typeof value === 'object' && value !== null) {
    for (const [name, each] of Object.entries(value))
      collect(each, Array.isArray(value) ? key : name, found, depth - 1);
  }
}

function isSecret(key: string, value: string): boolean {
  if (value.length < minLength) return false;
  return secretKey.test(key.toLowerCase().replace(/[-_]/g, '')) || secretValue.test(value);
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text.replace(/^\uFEFF/, ''));
  } catch {
    return undefined;
  }
}
