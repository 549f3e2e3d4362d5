import { join } from 'node:path';
import type { Config } from '../config/spec.js';
import { openSharedJson } from '../shared-json.js';
import { openNotifications } from '../source/selling-partner/notifications.js';
import { openQuotaPlan, type QuotaPlan } from '../source/selling-partner/quota.js';
import type { Notifications } from '../source/types.js';
import type { Subscriber } from '../connect/subscribe.js';

/** Runs work with the quota plan opened, and closes it after. */
export async function withQuota<T>(config: Config, work: (quota: QuotaPlan) => Promise<T>): Promise<T> {
  const quota = openQuotaPlan({ state: openSharedJson(join(config.state, 'quota.json')) });
  try {
    return await work(quota);
  } finally {
    await quota.close();
  }
}

/** The Notifications API of a seller of the settings. */
export function notificationsOf(
  seller: Config['sellers'][number],
  config: Config,
  quota: QuotaPlan,
): Notifications {
  return openNotifications({ seller, quota, ...config.api });
}

/** The sellers as those that may be subscribed. */
export function subscribersOf(config: Config, quota: QuotaPlan): Subscriber[] {
  return config.sellers.map((seller) => ({
    sellerId: seller.id,
    group: `${seller.credentials.clientId} ${seller.region}`,
    notifications: notificationsOf(seller, config, quota),
  }));
}
