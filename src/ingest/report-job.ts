import type { QueueMessage, Report, ReportStatus } from '../source/types.js';
import { type LedgerRow, ledgerKey } from '../warehouse/types.js';

/** The report to load, as a notification, a sweep or the ledger knows it. */
export interface ReportRef {
  sellerId: string;
  reportType: string;
  /** As the notification says; undefined if only getReport can tell. */
  status?: ReportStatus;
  reportId?: string;
  documentId?: string;
  /** The answer of getReport or getReports, if there is one already. */
  report?: Report;
  pipeline: string | null;
  /** Limit of the gunzipped size. */
  maxDocumentBytes: number;
}

/** One report to load, with the messages that announced it; a report found by a sweep has none. */
export interface ReportJob {
  /** Its key in the ledger. */
  key: string;
  report: ReportRef;
  /** Duplicates join while the job is in flight; all are acknowledged with it. */
  messages: QueueMessage[];
  /** How often the program crashed while it worked on this report. */
  crashes?: number;
  /** The ledger row that the load replaces, for a reload. Fewer rows than it has are refused. */
  before?: LedgerRow;
  /** Accepts fewer rows than before. */
  acceptLoss?: boolean;
}

/** The key of a report in the ledger: its document if that is known, otherwise its report id. */
export function keyOfReport({ sellerId, documentId, report, reportId }: ReportRef): string {
  return ledgerKey({
    sellerId,
    documentId: documentId ?? report?.documentId ?? null,
    reportId: reportId ?? null,
  });
}

/** The highest receive count among the messages of the job. */
export function receivesOf({ messages }: Pick<ReportJob, 'messages'>): number {
  return Math.max(0, ...messages.map((message) => message.receiveCount));
}
