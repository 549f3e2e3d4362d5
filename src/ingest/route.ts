import { createHash } from 'node:crypto';
import { matchesReportType } from '../config/report-types.js';
import type { Pipeline } from '../config/spec.js';
import { ReportsError } from '../errors/reports-error.js';
import { readNotification } from '../source/notification.js';
import type { Notification, QueueMessage, ReportNotification } from '../source/types.js';
import type { LedgerEntry, LedgerRow } from '../warehouse/types.js';
import { ledgerKey } from '../warehouse/types.js';
import type { PipelineContext } from './context.js';
import { ledgerEntry, quarantineReason } from '../warehouse/ledger/ledger-entry.js';
import type { ReportRef } from './report-job.js';

/** What to do with one message. */
export type Route =
  /** Load this report, unless the ledger has its key. */
  | { to: 'load'; key: string; report: ReportRef }
  /** Only a ledger entry: no pipeline loads it, or it must be kept for later. */
  | { to: 'ledger'; entry: LedgerEntry }
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
  let notification: Notification;
  try {
    notification = readNotification(message.body, message.messageId);
  } catch (error) {
    if (!(error instanceof ReportsError)) throw error;
    if (hasRedrivePolicy) return { to: 'redrive', error };
    return { to: 'ledger', entry: keptMessage(message, pipeline, quarantineReason(error)) };
  }
  if (notification.kind === 'other') {
    return {
      to: 'ledger',
      entry: ledgerEntry({
        key: messageKey(message, notification.notificationId),
        status: 'skipped',
        sellerId: notification.sellerId ?? null,
        reason: `a notification of type ${notification.notificationType}`,
        pipeline: pipeline.name,
      }),
    };
  }
  return routeReport(notification, message, pipeline, context);
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
  return ledgerEntry({ key: messageKey(message), ...reason, body: message.body, pipeline: pipeline.name });
}

/**
 * The same body may come under new message ids, so an unreadable one is identified by its content.
 */
function messageKey(message: Pick<QueueMessage, 'body'>, notificationId?: string): string {
  return `message/${notificationId ?? createHash('sha256').update(message.body).digest('hex').slice(0, 32)}`;
}
