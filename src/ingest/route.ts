import { createHash } from 'node:crypto';
import { matchesReportType } from '../config/report-types.js';
import type { Pipeline } from '../config/spec.js';
import { ReportsError } from '../errors/reports-error.js';
import { redact } from '../errors/secrets.js';
import { readNotification } from '../source/notification.js';
import { unreadableType } from '../source/kept-notifications.js';
import { secretsIn } from '../source/notification-secrets.js';
import type { Notification, OtherNotification, QueueMessage, ReportNotification } from '../source/types.js';
import type { LedgerEntry, LedgerRow } from '../warehouse/types.js';
import { ledgerKey } from '../warehouse/types.js';
import type { PipelineContext } from './context.js';
import type { MessageToKeep } from './keep-message.js';
import { ledgerEntry, quarantineReason } from '../warehouse/ledger/ledger-entry.js';
import type { ReportRef } from './report-job.js';

/** What to do with one message. */
export type Route =
  /** Load this report, unless the ledger has its key. */
  | { to: 'load'; key: string; report: ReportRef }
  /**
   * Only a ledger entry: no pipeline loads it, or it must be kept for later. With `keep`, the
   * operator needs the message itself.
   */
  | { to: 'ledger'; entry: LedgerEntry; keep?: MessageToKeep }
  /** Unreadable, and the queue has a redrive policy that will move it. */
  | { to: 'redrive'; error: ReportsError };

/**
 * Decides what to do with a message. A queue is drained for all pipelines that name it: releasing a
 * message for another pipeline would use up its receives, and it would end in the dead-letter
 * queue.
 */
export function routeMessage(
  message: Pick<QueueMessage, 'messageId' | 'body'>,
  pipeline: Pipeline,
  hasRedrivePolicy: boolean,
  context: PipelineContext,
): Route {
  // Found before anything is logged or committed, so that nothing shows them.
  const hasSecret = secretsIn(message.body).length > 0;
  let notification: Notification;
  try {
    notification = readNotification(message.body, message.messageId);
  } catch (error) {
    if (!(error instanceof ReportsError)) throw error;
    if (hasRedrivePolicy) return { to: 'redrive', error };
    const keep = hasSecret ? { notificationType: unreadableType, body: message.body } : undefined;
    return { to: 'ledger', entry: keptMessage(message, pipeline, quarantineReason(error)), keep };
  }
  if (notification.kind === 'other') return routeOther(notification, message, pipeline, hasSecret);
  return routeReport(notification, message, pipeline, context);
}

/**
 * Amazon sends notifications about the application itself, such as a new client secret, only once:
 * they are kept for the operator, and so is any other one that carries a secret.
 */
function routeOther(
  { notificationType, notificationId, sellerId, clientSecret }: OtherNotification,
  message: Pick<QueueMessage, 'body'>,
  pipeline: Pipeline,
  hasSecret: boolean,
): Route {
  const { body } = message;
  const isForOperator = hasSecret || /^APPLICATION_/i.test(notificationType);
  const reason = `a notification of type ${notificationType}${isForOperator ? ', kept in the state folder' : ''}`;
  // Two bodies that share an id are two messages to the operator.
  const key = messageKey(message, isForOperator ? undefined : notificationId);
  return {
    to: 'ledger',
    entry: ledgerEntry({
      key,
      status: 'skipped',
      sellerId: sellerId ?? null,
      reason,
      pipeline: pipeline.name,
    }),
    keep: isForOperator ? { notificationType, body, clientSecret } : undefined,
  };
}

/** Whether the ledger row is final for a message on this route. */
export function isSettled(row: Pick<LedgerRow, 'status' | 'reasonCode'>, to: Route['to']): boolean {
  return to !== 'load' || (row.status !== 'skipped' && row.reasonCode !== 'SELLER_UNKNOWN');
}

function routeReport(
  notification: ReportNotification,
  message: Pick<QueueMessage, 'messageId' | 'body'>,
  pipeline: Pipeline,
  context: PipelineContext,
): Route {
  const { reportType, reportId, documentId, status } = notification;
  const sellingPartner = context.sellingPartner(notification.sellerId);
  const sellerId = sellingPartner?.sellerId ?? notification.sellerId;
  const ids = { sellerId, reportId, documentId: documentId ?? null };
  const key = ledgerKey(ids);
  const pipelines = context.config.pipelines.filter((each) => each.queue === pipeline.queue);
  if (!pipelines.some((each) => matchesReportType(each.reportTypes, reportType))) {
    const reason = `no pipeline loads ${reportType}`;
    return {
      to: 'ledger',
      entry: ledgerEntry({ key, ...ids, status: 'skipped', reportType, reason, pipeline: pipeline.name }),
    };
  }
  if (!sellingPartner) {
    const entry = keptMessage(
      message,
      pipeline,
      quarantineReason(new ReportsError('SELLER_UNKNOWN', { sellerId })),
    );
    return { to: 'ledger', entry: { ...entry, ...ids, key, reportType } };
  }
  if (status === 'IN_QUEUE' || status === 'IN_PROGRESS') {
    const entry = ledgerEntry({
      key: messageKey(message, notification.notificationId),
      ...ids,
      status: 'skipped',
      reportType,
      reason: `Amazon has not finished the report yet (${status})`,
      pipeline: pipeline.name,
    });
    return { to: 'ledger', entry };
  }
  return {
    to: 'load',
    key,
    report: {
      sellerId,
      reportType,
      reportId,
      status,
      documentId,
      pipeline: pipeline.name,
      maxDocumentBytes: pipeline.limits.maxDocumentBytes,
    },
  };
}

function keptMessage(
  message: Pick<QueueMessage, 'messageId' | 'body'>,
  pipeline: Pipeline,
  reason: Pick<LedgerEntry, 'status' | 'reasonCode' | 'reason'>,
): LedgerEntry {
  return ledgerEntry({
    key: messageKey(message),
    ...reason,
    body: redact(message.body),
    pipeline: pipeline.name,
  });
}

/**
 * The same body may come under new message ids, so an unreadable one is identified by its content.
 */
function messageKey(message: Pick<QueueMessage, 'body'>, notificationId?: string): string {
  return `message/${notificationId ?? createHash('sha256').update(message.body).digest('hex').slice(0, 32)}`;
}
