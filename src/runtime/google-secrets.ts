import { readFileSync } from 'node:fs';
import { keepSecret } from '../errors/secrets.js';

/** Fields of a key file, of whatever kind of identity it is for. */
const secretFields = /^(private_key|client_secret|refresh_token)$/;

/**
 * Registers the secrets of the key file that calls to Google are signed with: the one of the
 * settings, or else that of the machine's environment. Never throws.
 */
export function keepGoogleSecrets(keyFile = process.env.GOOGLE_APPLICATION_CREDENTIALS): void {
  if (!keyFile) return;
  let key: unknown;
  try {
    key = JSON.parse(readFileSync(keyFile, 'utf8'));
  } catch {
    // The call itself reports what is wrong with it.
    return;
  }
  for (const [name, value] of Object.entries(key ?? {})) {
    if (!secretFields.test(name) || typeof value !== 'string') continue;
    keepSecret(value);
    // A key has many lines, and a message may quote one of them.
    for (const line of value.split('\n')) if (!line.startsWith('-----')) keepSecret(line);
  }
}
