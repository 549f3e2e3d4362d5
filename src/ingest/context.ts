import type { Logger } from 'pino';
import type { Clock } from '../runtime/clock.js';
import type { Config } from '../config/spec.js';
import type { ReportSchemas } from '../schema/types.js';
import type { View } from '../schema/views.js';
import type { CallQuota } from '../scheduling/call-plan.js';
import type { SellingPartner } from '../source/types.js';
import type { Store } from '../store/types.js';
import type { LedgerEntry, Warehouse, WarehouseFile } from '../warehouse/types.js';
import type { SharedWork } from './shared-work.js';
import type { Failure, Outcome } from './work-summary.js';

/** Everything a pipeline works with, opened once by a command. */
export interface PipelineContext {
  config: Config;
  schemas: ReportSchemas;
  /** Those of the warehouse, whether their tables exist or not. */
  views: View[];
  lake: Store;
  /** The raw documents. */
  raw: Store;
  warehouse: Warehouse;
  /** The file of the warehouse, for rebuilding it; undefined if the warehouse is not a file. */
  warehouseFile: WarehouseFile | undefined;
  /** The Selling Partner API of a configured seller, found by seller id or account id. */
  sellingPartner(sellerId: string): SellingPartner | undefined;
  /** What the quota of getReportDocument, the narrowest of all, allows for a configured seller. */
  documentQuota(sellerId: string): CallQuota;
  /** What the quota of createReport allows for a configured seller. */
  requestQuota(sellerId: string): CallQuota;
  /** What all runs of this process share, so that they can go on side by side. */
  shared: SharedWork;
  clock: Clock;
  log: Logger;
  /** Called at each step, for logs, progress bars and tests. Nothing else depends on it. */
  onEvent(event: PipelineEvent): void;
}

/** How whatever is in progress is stopped. */
export interface StopSignals {
  /** Start nothing new; finish what is in progress. */
  stop: AbortSignal;
  /** Stop what is in progress too; everything that is not committed is released. */
  abort: AbortSignal;
}

/** What happened, in the past tense, as it happens. */
export type PipelineEvent =
  | { event: 'work_found'; key: string; reportType: string | undefined }
  /** So much of a long step is done. `total` is absent if it is not known. */
  | { event: 'step_advanced'; step: string; done: number; total?: number }
  | { event: 'work_started'; key: string; reportType: string | undefined }
  | { event: 'document_located'; key: string; sellerId: string }
  | { event: 'bytes_downloaded'; key: string; bytes: number }
  /** All of its rows are written, though not yet synced to disk. */
  | { event: 'document_converted'; key: string }
  /** `entry`: as committed. `failure`: why the report was given back. */
  | { event: 'work_finished'; key: string; outcome: Outcome; entry?: LedgerEntry; failure?: Failure }
  /** `sentMs`: in epoch milliseconds, if the queue reports it. */
  | { event: 'message_received'; messageId: string; sentMs?: number }
  | { event: 'message_deleted'; messageId: string };
