import { listNames } from '../../text/list-names.js';
import { keptRemedies, rotationRemedy, secretAgeText } from '../../connect/secret-checks.js';
import type { ClientSecretSnapshot, NotificationsSnapshot, SellerSnapshot } from '../types.js';
import type { Condition } from './condition.js';

const maxSellers = 3;

/** One condition for each application whose client secret should be replaced. */
export function secretConditions(sellers: SellerSnapshot[], at: string): Condition[] {
  const due = new Map<string, { secret: ClientSecretSnapshot; sellerIds: string[] }>();
  for (const { sellerId, credentials } of sellers) {
    const { clientSecret } = credentials;
    if (!clientSecret?.isDue) continue;
    const known = due.get(clientSecret.clientId);
    // While it is being replaced, some sellers may have the old one.
    const isEarlier = !known || clientSecret.expiresAt < known.secret.expiresAt;
    const secret = isEarlier ? clientSecret : known.secret;
    due.set(secret.clientId, { secret, sellerIds: [...(known?.sellerIds ?? []), sellerId] });
  }
  return [...due.values()].map(({ secret, sellerIds }) => ({
    key: `secret/${secret.clientId}`,
    kind: 'secret',
    title: `The client secret of ${listNames(sellerIds, maxSellers)} ${secret.expiresAt <= at ? 'has expired' : 'expires soon'}`,
    text: `It was ${secretAgeText(secret, at)}. ${rotationRemedy}`,
    since: secret.dueAt,
    mark: secret.expiresAt <= at ? secret.expiresAt : undefined,
  }));
}

/** One condition for each notification that somebody has to act on. */
export function notificationConditions({ open }: NotificationsSnapshot): Condition[] {
  return open.map(({ path, notificationType, keptAt, carries }) => ({
    key: `notification/${path}`,
    kind: 'notification',
    title: `${notificationType} needs somebody's attention`,
    text: `The notification is kept in ${path}. ${keptRemedies[carries]}`,
    since: keptAt,
  }));
}
