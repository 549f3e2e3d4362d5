import { join } from 'node:path';
import type { Logger } from 'pino';
import type { Config } from '../config/spec.js';
import { describeError, errorCode } from '../errors/reports-error.js';
import { openSharedJson } from '../files/shared-json.js';
import { openClientSecrets } from '../source/selling-partner/client-secrets.js';
import { openNotifications } from '../source/selling-partner/notifications.js';
import { openQuotaPlan, type QuotaPlan, quotaJson } from '../source/selling-partner/quota.js';
import type { Notifications } from '../source/types.js';
import type { Subscriber } from '../connect/subscribe.js';

/**
 * Opens the quota plan of the state folder. Its file is not synced to disk: if a power failure
 * leaves it damaged, calls wait until their quota has been refilled.
 */
export function openQuota(
  { state, quotaShare }: Pick<Config, 'state' | 'quotaShare'>,
  log: Logger,
): QuotaPlan {
  const file = openSharedJson(join(state, 'quota.json'), quotaJson, { log });
  return openQuotaPlan({ state: file, share: quotaShare });
}

/**
 * Notes which client secrets of the settings are new, from which day their age counts. Never
 * rejects: nothing but a warning depends on it.
 */
export async function seeClientSecrets(
  { state, sellers }: Pick<Config, 'state' | 'sellers'>,
  { log }: { log: Logger },
): Promise<void> {
  const secrets = sellers.map(({ credentials }) => credentials);
  await openClientSecrets(state, { log })
    .see(secrets)
    .catch((error: unknown) => log.warn({ code: errorCode(error) }, describeError(error)));
}

/** Opens the quota plan, runs the work with it, and closes it afterwards. */
export async function withQuota<T>(
  config: Config,
  log: Logger,
  work: (quota: QuotaPlan) => Promise<T>,
): Promise<T> {
  const quota = openQuota(config, log);
  try {
    return await work(quota);
  } finally {
    await quota.close();
  }
}

/** Opens the Notifications API of a seller in the settings. */
export function notificationsOf(
  seller: Config['sellers'][number],
  config: Config,
  quota: QuotaPlan,
): Notifications {
  return openNotifications({ seller, quota, ...config.api });
}

/** Returns the sellers in the form that `subscribe` takes. */
export function subscribersOf(config: Config, quota: QuotaPlan): Subscriber[] {
  return config.sellers.map((seller) => ({
    sellerId: seller.id,
    group: `${seller.credentials.clientId} ${seller.region}`,
    notifications: notificationsOf(seller, config, quota),
  }));
}
