import { dueMs } from '../connect/secret-checks.js';
import { ReportsError } from '../errors/reports-error.js';
import type { PipelineContext } from '../ingest/context.js';
import { readKeptNotifications } from '../source/kept-notifications.js';
import { type ClientSecret, openClientSecrets } from '../source/selling-partner/client-secrets.js';
import type { ClientSecretSnapshot, NotificationsSnapshot } from './types.js';

export interface SecretSnapshots {
  /** By seller id. */
  clientSecrets: Map<string, ClientSecretSnapshot>;
  notifications: NotificationsSnapshot;
}

/**
 * Returns a function that reads the ages of client secrets and the notifications that are kept,
 * both from the state folder. It never throws: what can't be read is reported as a problem.
 */
export function openSecretSnapshots({
  config,
  clock,
  log,
}: Pick<PipelineContext, 'config' | 'clock' | 'log'>): () => SecretSnapshots {
  const ages = openClientSecrets(config.state, { log, clock });
  const inUse = config.sellers.map(({ credentials }) => credentials);

  function snapshotOf(secret: ClientSecret): ClientSecretSnapshot | undefined {
    const age = ages.ageOf(secret);
    if (!age) return undefined;
    const sinceMs = dueMs(age, config);
    const dueAt = new Date(sinceMs).toISOString();
    return { clientId: secret.clientId, ...age, dueAt, isDue: sinceMs <= clock.now() };
  }

  return () => {
    try {
      const open = readKeptNotifications(config.state, inUse, ages).filter(({ isDone }) => !isDone);
      const clientSecrets = config.sellers.flatMap(({ id, credentials }) => {
        const snapshot = snapshotOf(credentials);
        return snapshot ? [[id, snapshot] as const] : [];
      });
      return { clientSecrets: new Map(clientSecrets), notifications: { open } };
    } catch (error) {
      if (!(error instanceof ReportsError)) throw error;
      const { code, message } = error;
      const problem = { code, message, since: new Date(clock.now()).toISOString() };
      return { clientSecrets: new Map(), notifications: { open: [], problem } };
    }
  };
}
