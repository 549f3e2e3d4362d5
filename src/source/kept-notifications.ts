import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { knownError } from '../errors/reports-error.js';
import { safeName } from '../files/safe-name.js';
import { isThere, writeWholeFile } from '../files/whole-file.js';
import { readNotification } from './notification.js';
import { secretsIn } from './notification-secrets.js';
import type { ClientSecret, ClientSecrets } from './selling-partner/client-secrets.js';
import type { SecretNotice } from './types.js';

/** A notification that is kept for the operator. It contains no secret. */
export interface KeptNotification {
  /** The file with its body. */
  path: string;
  notificationType: string;
  /** ISO 8601. */
  keptAt: string;
  /** What it is for: a secret to set, a secret to replace, or something else to read. */
  carries: 'secret' | 'expiry' | 'other';
  /** Whether what it announces is done: its secrets are in the settings, or were replaced since. */
  isDone: boolean;
}

/** Stands for the type of a message that nobody can read. */
export const unreadableType = 'UNREADABLE_MESSAGE';

/** The folder of the files, within the state folder. */
export function keptFolder(stateFolder: string): string {
  return join(stateFolder, 'notifications');
}

/**
 * Writes the body of a message to a file that only the owner can read, and returns its path. The
 * same body always has the same name: a message that is received again is kept once. Errors:
 * DISK_FULL, FILE_SYSTEM_FAILED.
 */
export async function keepNotification(
  stateFolder: string,
  notificationType: string,
  body: string,
): Promise<string> {
  // Its ids are random, so that a hash of the whole body reveals nothing about a secret in it.
  const hash = createHash('sha256').update(body).digest('hex').slice(0, 16);
  const path = join(keptFolder(stateFolder), `${safeName(notificationType)}-${hash}.json`);
  if (!isThere(path)) await writeWholeFile(path, body);
  return path;
}

/**
 * Returns the notifications that are kept, the oldest first, and registers their secrets. `inUse`
 * are the client secrets in the settings. Errors: FILE_SYSTEM_FAILED.
 */
export function readKeptNotifications(
  stateFolder: string,
  inUse: ClientSecret[],
  clientSecrets: Pick<ClientSecrets, 'wasReplacedAfter'>,
): KeptNotification[] {
  const folder = keptFolder(stateFolder);
  try {
    if (!isThere(folder)) return [];
    return readdirSync(folder)
      .filter((name) => name.endsWith('.json'))
      .map((name): KeptNotification => {
        const path = join(folder, name);
        const body = readFileSync(path, 'utf8');
        const secrets = secretsIn(body);
        const { notificationType, notice } = contentOf(body, name);
        const carries = secrets.length > 0 ? 'secret' : notice ? 'expiry' : 'other';
        const isInUse = secrets.every((each) => inUse.some(({ clientSecret }) => clientSecret === each));
        const isReplaced =
          notice?.at !== undefined && clientSecrets.wasReplacedAfter(notice.at, notice.clientId, inUse);
        return {
          path,
          notificationType,
          keptAt: new Date(statSync(path).mtimeMs).toISOString(),
          carries,
          isDone: carries === 'secret' ? isInUse : isReplaced,
        };
      })
      .toSorted((one, other) => (one.keptAt < other.keptAt ? -1 : 1));
  } catch (error) {
    throw knownError(error, folder);
  }
}

function contentOf(body: string, name: string): { notificationType: string; notice?: SecretNotice } {
  try {
    const read = readNotification(body, name);
    if (read.kind === 'other') return { notificationType: read.notificationType, notice: read.clientSecret };
  } catch {
    // Kept although nobody can read it: see `routeMessage`.
  }
  return { notificationType: unreadableType };
}
