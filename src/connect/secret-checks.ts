import type { Config } from '../config/spec.js';
import { defaultSecretExpiry } from '../config/alarms-spec.js';
import { spanMs } from '../yaml/span.js';
import { type KeptNotification, keptFolder, readKeptNotifications } from '../source/kept-notifications.js';
import type { ClientSecret, ClientSecrets, SecretAge } from '../source/selling-partner/client-secrets.js';
import { listNames } from '../text/list-names.js';
import { pluralize } from '../text/pluralize.js';
import type { Check, CheckResult } from './examine.js';

/** What to do about a client secret that expires. */
export const rotationRemedy =
  'Rotate it in the developer console of Amazon, and set the new one in the variable of `clientSecret`; refresh tokens stay valid. The old one works for seven more days.';

/** What to do about a notification that is kept. */
export const keptRemedies: Record<KeptNotification['carries'], string> = {
  secret:
    'Set the secret in this file in the variable of `clientSecret`, run `sp-reports doctor`, then delete the file.',
  expiry: `${rotationRemedy} Then delete the file.`,
  other: 'Read the file, do what it says, then delete it.',
};

/** How old a secret is and when it expires, as in `first seen 150 days ago, ...`. */
export function secretAgeText({ firstSeenAt, expiresAt, isAnnounced }: SecretAge, at: string): string {
  const days = Math.max(0, Math.floor((Date.parse(at) - Date.parse(firstSeenAt)) / 86_400_000));
  const seen = days === 0 ? 'today' : `${pluralize(days, 'day')} ago`;
  const verb = expiresAt <= at ? 'expired' : 'expires';
  const date = expiresAt.slice(0, 10);
  const end = isAnnounced ? `${verb} on ${date}, as Amazon announced` : `${verb} on ${date} at the latest`;
  return `first seen ${seen}, ${end}`;
}

/**
 * The epoch milliseconds from which a client secret should be replaced: see `alarms.secretExpiry`
 * in the settings.
 */
export function dueMs({ expiresAt }: SecretAge, { alarms }: Pick<Config, 'alarms'>): number {
  return Date.parse(expiresAt) - spanMs(alarms?.secretExpiry ?? defaultSecretExpiry);
}

/** Checks the age of each client secret, and whether notifications are kept for the operator. */
export function secretChecks(
  config: Pick<Config, 'sellers' | 'state' | 'alarms'>,
  ages: Pick<ClientSecrets, 'ageOf' | 'wasReplacedAfter'>,
  now: () => number,
): Check[] {
  const { sellers, state } = config;
  const inUse = sellers.map(({ credentials }) => credentials);
  const applications = new Map<string, { secret: ClientSecret; sellerIds: string[] }>();
  for (const { id, credentials } of sellers) {
    const key = JSON.stringify([credentials.clientId, credentials.clientSecret]);
    const sellerIds = [...(applications.get(key)?.sellerIds ?? []), id];
    applications.set(key, { secret: credentials, sellerIds });
  }
  const secrets = [...applications.values()].map(
    ({ secret, sellerIds }): Check => ({
      name: 'client secret',
      about: listNames(sellerIds, 3),
      async look() {
        const age = ages.ageOf(secret);
        if (!age) return { found: 'its age is unknown: the state folder cannot be written' };
        const found = secretAgeText(age, new Date(now()).toISOString());
        return dueMs(age, config) <= now() ? { found, next: rotationRemedy } : { found };
      },
    }),
  );
  return [
    ...secrets,
    {
      name: 'notifications',
      about: keptFolder(state),
      look: async () => lookAtKept(readKeptNotifications(state, inUse, ages)),
    },
  ];
}

function lookAtKept(kept: KeptNotification[]): CheckResult {
  const nameOf = ({ notificationType, path }: KeptNotification) => `${notificationType} in ${path}`;
  const open = kept.filter(({ isDone }) => !isDone);
  const [first] = open.toSorted((one, other) => urgency(other) - urgency(one));
  if (first) return { found: listNames(open.map(nameOf), 3), next: keptRemedies[first.carries] };
  if (kept.length === 0) return { found: 'none is kept for you' };
  return { found: `${listNames(kept.map(nameOf), 3)}: done; the file can be deleted` };
}

function urgency({ carries }: KeptNotification): number {
  return ['other', 'expiry', 'secret'].indexOf(carries);
}
