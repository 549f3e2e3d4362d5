import { keepNotification } from '../source/kept-notifications.js';
import { openClientSecrets } from '../source/selling-partner/client-secrets.js';
import type { SecretNotice } from '../source/types.js';
import { faultPoint } from '../runtime/fault-point.js';
import type { PipelineContext } from './context.js';

/** A message that the operator needs. */
export interface MessageToKeep {
  notificationType: string;
  body: string;
  clientSecret?: SecretNotice;
}

/**
 * Keeps the body of a message in the state folder, and the times that it announces, before it is
 * acknowledged. Does the same again for a message that is received again. Errors: DISK_FULL,
 * FILE_SYSTEM_FAILED.
 */
export async function keepMessage(
  { notificationType, body, clientSecret }: MessageToKeep,
  { config, log, clock }: Pick<PipelineContext, 'config' | 'log' | 'clock'>,
): Promise<void> {
  const file = await keepNotification(config.state, notificationType, body);
  faultPoint('notification-kept');
  if (clientSecret) {
    const inUse = config.sellers.map(({ credentials }) => credentials);
    await openClientSecrets(config.state, { log, clock }).announce(clientSecret, inUse);
  }
  const what = clientSecret?.next
    ? `a new client secret of ${clientSecret.clientId}`
    : `a notification of type ${notificationType}`;
  log.warn({ notificationType, file }, `${what} is kept in ${file}`);
}
