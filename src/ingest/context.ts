import type { Logger } from 'pino';
import type { Clock } from '../runtime/clock.js';
import type { Config } from '../config/spec.js';
import type { ReportSchemas } from '../schema/types.js';
import type { SellingPartner } from '../source/types.js';
import type { Store } from '../store/types.js';
import type { LedgerEntry, Warehouse, WarehouseFile } from '../warehouse/types.js';
import type { Failure } from './work-summary.js';

/** Everything a pipeline works with, opened once by a command. */
export interface PipelineContext {
  config: Config;
  schemas: ReportSchemas;
  lake: Store;
  /** The raw documents. */
  raw: Store;
  warehouse: Warehouse;
  /** The file of the warehouse, for making it anew; undefined where it is none. */
  warehouseFile: WarehouseFile | undefined;
  /** The Selling Partner API of a configured seller, found by seller id or account id. */
  sellingPartner(sellerId: string): SellingPartner | undefined;
  /** What the quota of getReportDocument, the narrowest of all, allows for a configured seller. */
  documentQuota(sellerId: string): DocumentQuota;
  clock: Clock;
  log: Logger;
  /** Told of each step, for progress bars and tests. */
  onEvent(event: PipelineEvent): void;
}

export interface DocumentQuota {
  /** Whole calls possible now. */
  available(): number;
  /** Epoch milliseconds when so many calls, one by default, will have been possible. */
  nextAvailableMs(calls?: number): number;
  /** Calls possible from now until then. */
  possibleUntil(epochMs: number): number;
}

/** Past-tense facts, as they happen. */
export type PipelineEvent =
  | { event: 'work_found'; key: string; reportType: string }
  | { event: 'work_started'; key: string; reportType: string }
  | { event: 'document_located'; key: string }
  | { event: 'bytes_downloaded'; key: string; bytes: number }
  /** All of its rows are written; what is left is to see them on disk. */
  | { event: 'document_converted'; key: string }
  /** `entry`: as committed. `failure`: why it stays where it came from. */
  | { event: 'work_finished'; key: string; outcome: Outcome; entry?: LedgerEntry; failure?: Failure }
  /** `sentMs`: when, in epoch milliseconds, where the queue says so. */
  | { event: 'message_received'; messageId: string; sentMs?: number }
  | { event: 'message_deleted'; messageId: string };

/** What became of one message or report. */
export type Outcome =
  | 'loaded'
  | 'empty'
  | 'quarantined'
  | 'fatal'
  | 'cancelled'
  | 'skipped'
  /** The ledger had it already. */
  | 'duplicate'
  /** The quota doesn't allow it in this drain; it stays on the queue. */
  | 'deferred'
  /** A retryable failure; it stays on the queue. */
  | 'failed';
