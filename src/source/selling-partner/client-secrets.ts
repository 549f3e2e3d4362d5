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
  /** Whether each secret of the application that is in use replaced another one after that time. */
  wasReplacedAfter(at: string, clientId: string, inUse: ClientSecret[]): boolean;
}

const time = z.string().refine((text) => !Number.isNaN(Date.parse(text)), 'expected a time');
const knownSecret = z.strictObject({
  clientId: z.string(),
  firstSeenAt: time,
  /** As Amazon announced it, and when it did. */
  expiresAt: time.optional(),
  announcedAt: time.optional(),
});
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
        const seen = secrets.map(({ clientId, clientSecret }): [string, KnownSecret] => {
          const id = fingerprint(held.salt, { clientId, clientSecret });
          return [id, held.secrets[id] ?? { clientId, firstSeenAt }];
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
          const known = secrets[id] ?? { clientId, firstSeenAt };
          // Messages come in any order, and Amazon may move a date.
          if (announced && (known.announcedAt ?? '') <= at)
            secrets[id] = { ...known, expiresAt: announced, announcedAt: at };
          else secrets[id] = known;
        };
        if (next) note(next.clientSecret, next.expiresAt, at);
        for (const secret of inUse.filter((each) => each.clientId === clientId)) {
          const isNext = secret.clientSecret === next?.clientSecret;
          if (!isNext && !replacedAfter(at, secret, held))
            note(secret.clientSecret, expiresAt, isoNow(clock));
        }
        return { ...held, secrets };
      });
    },
    wasReplacedAfter(at, clientId, inUse) {
      const own = inUse.filter((each) => each.clientId === clientId);
      return own.length > 0 && own.every((each) => replacedAfter(at, each, state.read()));
    },
  };
}

/**
 * Whether a secret was first seen after that time, and another one of the application before. One
 * without a predecessor may be older than the state folder.
 */
function replacedAfter(
  at: string,
  secret: ClientSecret,
  { salt, secrets }: z.output<typeof fileShape>,
): boolean {
  const known = secrets[fingerprint(salt, secret)];
  const predecessors = Object.values(secrets).filter(
    ({ clientId, firstSeenAt }) => clientId === secret.clientId && firstSeenAt <= at,
  );
  return known !== undefined && known.firstSeenAt > at && predecessors.length > 0;
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
