import { createHmac, randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { z } from 'zod';
import { type JsonKind, openSharedJson, type SharedJsonOptions } from '../../files/shared-json.js';
import { isoNow, systemClock } from '../../runtime/clock.js';
import type { SecretNotice } from '../types.js';
import type { Credentials } from './login.js';

/**
 * Amazon makes the client secret of an application expire after this many days. Source: Selling
 * Partner API documentation, "Rotate your Application's LWA Credentials".
 */
export const maxSecretDays = 180;
const dayMs = 86_400_000;

/** The client secret of an application. */
export type ClientSecret = Pick<Credentials, 'clientId' | 'clientSecret'>;

/** How old a client secret is, as far as is known. Times are ISO 8601. */
export interface SecretAge {
  firstSeenAt: string;
  /** At the latest, because it may have existed before it was seen; as announced, if it was. */
  expiresAt: string;
  /** Whether Amazon announced the time. */
  isAnnounced: boolean;
}

/** The ages of client secrets, kept in `<state>/secrets.json`. */
export interface ClientSecrets {
  /** Notes those that were never seen before. */
  see(secrets: ClientSecret[]): Promise<void>;
  /** Undefined if the secret was never seen. */
  ageOf(secret: ClientSecret): SecretAge | undefined;
  /** Notes the times that Amazon announces. `inUse` are the secrets in the settings. */
  announce(notice: SecretNotice, inUse: ClientSecret[]): Promise<void>;
}

const time = z.string().refine((text) => !Number.isNaN(Date.parse(text)), 'expected a time');
const knownSecret = z.strictObject({ firstSeenAt: time, expiresAt: time.optional() });
type KnownSecret = z.output<typeof knownSecret>;

const fileShape = z.strictObject({
  salt: z.string().regex(/^[0-9a-f]{32}$/),
  /** By fingerprint. */
  secrets: z.record(z.string(), knownSecret),
});

const empty = () => ({ salt: randomBytes(16).toString('hex'), secrets: {} });

/** `secrets.json`. */
export const secretsJson: JsonKind<z.output<typeof fileShape>> = {
  parse: (content) => fileShape.parse(content),
  missing: empty,
  lost: empty,
  consequence:
    'the age of client secrets counts from now on, so they may expire earlier than the program reports',
};

/** Opens the ages of client secrets. Errors of its methods: those of `openSharedJson`. */
export function openClientSecrets(stateFolder: string, options: SharedJsonOptions): ClientSecrets {
  const { clock = systemClock } = options;
  const state = openSharedJson(join(stateFolder, 'secrets.json'), secretsJson, options);

  return {
    async see(secrets) {
      const { salt, secrets: known } = state.read();
      if (secrets.every((each) => known[fingerprint(salt, each)])) return;
      const firstSeenAt = isoNow(clock);
      await state.change((held) => {
        const seen = secrets.map((each): [string, KnownSecret] => {
          const id = fingerprint(held.salt, each);
          return [id, held.secrets[id] ?? { firstSeenAt }];
        });
        const others = Object.entries(held.secrets).filter(([, each]) => ageOf(each).expiresAt > firstSeenAt);
        return { ...held, secrets: Object.fromEntries([...others, ...seen]) };
      });
    },
    ageOf(secret) {
      const { salt, secrets } = state.read();
      const known = secrets[fingerprint(salt, secret)];
      return known && ageOf(known);
    },
    async announce({ clientId, at = isoNow(clock), expiresAt, next }, inUse) {
      await state.change((held) => {
        const secrets = { ...held.secrets };
        const note = (clientSecret: string, announced: string | undefined, firstSeenAt: string) => {
          const id = fingerprint(held.salt, { clientId, clientSecret });
          const known = secrets[id] ?? { firstSeenAt };
          secrets[id] = { ...known, expiresAt: announced ?? known.expiresAt };
        };
        for (const { clientSecret } of inUse.filter((each) => each.clientId === clientId)) {
          const known = secrets[fingerprint(held.salt, { clientId, clientSecret })];
          // One that was first seen later replaces the secret that the announcement is about.
          const isMeant = clientSecret !== next?.clientSecret && !(known && known.firstSeenAt > at);
          if (expiresAt && isMeant) note(clientSecret, expiresAt, isoNow(clock));
        }
        if (next) note(next.clientSecret, next.expiresAt, at);
        return { ...held, secrets };
      });
    },
  };
}

function ageOf({ firstSeenAt, expiresAt }: KnownSecret): SecretAge {
  const isAnnounced = expiresAt !== undefined;
  return { firstSeenAt, expiresAt: expiresAt ?? latestExpiry(firstSeenAt), isAnnounced };
}

function latestExpiry(firstSeenAt: string): string {
  return new Date(Date.parse(firstSeenAt) + maxSecretDays * dayMs).toISOString();
}

/**
 * Identifies a secret without revealing it. The salt keeps a fingerprint from being compared with
 * those of other installations, or looked up in a table made beforehand.
 */
function fingerprint(salt: string, { clientId, clientSecret }: ClientSecret): string {
  const key = Buffer.from(salt, 'hex');
  const digest = createHmac('sha256', key).update(JSON.stringify([clientId, clientSecret]));
  return digest.digest('hex').slice(0, 32);
}
