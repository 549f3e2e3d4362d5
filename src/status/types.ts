import type { ReportRegion } from '../schema/types.js';
import type { Failure } from '../ingest/work-summary.js';
import type { PublishedCopy } from '../maintenance/publish.js';
import type { Coverage } from '../requests/read-coverage.js';
import type { Outcome } from '../ingest/work-summary.js';
import type { Run } from '../runs/run.js';
import type { KeptNotification } from '../source/kept-notifications.js';
import type { SecretAge } from '../source/selling-partner/client-secrets.js';
import type { Drift } from '../warehouse/ledger/drift.js';
import type { LedgerOverview, LedgerRow, TableLoads } from '../warehouse/types.js';

/**
 * The status of the program, its queues, sellers and warehouse at one moment, for the status page,
 * the metrics and the alarms. Times are ISO 8601 in UTC.
 */
export interface StatusSnapshot {
  at: string;
  version: string;
  startedAt: string;
  warehouse: WarehouseSnapshot;
  /** Whether loads can be committed, as far as is known: what a run or a probe last met. */
  commits: { problem?: Problem };
  /** Each table and seller that was ever loaded, the latest by its usual interval first. */
  tables: TableFreshness[];
  /** The sellers in the settings. */
  sellers: SellerSnapshot[];
  queues: QueueSnapshot[];
  pipelines: PipelineSnapshot[];
  /** The periods of tables whose reports have some, those with gaps first. */
  coverage: Coverage[];
  notifications: NotificationsSnapshot;
  /** Drains, sweeps and request runs since the program started, the newest first. */
  runs: RunRecord[];
}

/** A problem that keeps something from working. */
export interface Problem {
  /** A code of the error catalogue, or UNEXPECTED. */
  code: string;
  message: string;
  /** What to do about it; absent if the error is not in the catalogue. */
  remedy?: string;
  /** When it first occurred, without a success since. */
  since: string;
}

export interface WarehouseSnapshot {
  type: 'duckdb' | 'postgres' | 'bigquery';
  /** The path of the file, the schema, or the dataset. */
  name: string;
  /** When the ledger was last read; undefined before that. Later changes are not included. */
  readAt?: string;
  /** Why the last read failed. */
  problem?: Problem;
  /** Undefined before the first commit, and before the first read. */
  ledger?: LedgerSnapshot;
  /** Present if the settings publish a copy, and this process makes it. */
  published?: PublishedCopy;
}

export interface LedgerSnapshot extends Omit<LedgerOverview, 'tables'> {
  /** The last documents, the newest first. */
  recent: LoadSnapshot[];
  /** The last documents that were quarantined, the newest first. */
  quarantined: LoadSnapshot[];
  /** How many documents have warnings. */
  withWarnings: number;
  /** The last documents that have some, the newest first. */
  warned: WarnedLoad[];
  /** Schema drift in the last documents. */
  drift: Drift[];
}

/** A document with warnings, each with what to do. */
export interface WarnedLoad
  extends Pick<LedgerRow, 'key' | 'sellerId' | 'reportType' | 'documentId' | 'reportId' | 'loadedAt'> {
  warnings: { code: string; message: string; remedy?: string }[];
}

/** One document of the ledger. */
export interface LoadSnapshot
  extends Pick<
    LedgerRow,
    | 'key'
    | 'status'
    | 'sellerId'
    | 'reportType'
    | 'documentId'
    | 'reportId'
    | 'loadedAt'
    | 'durationMs'
    | 'rawBytes'
    | 'rejects'
    | 'reasonCode'
    | 'reason'
    | 'pipeline'
  > {
  /** The sum of all its tables. */
  rows: number;
  /** What to do about the reason. */
  remedy?: string;
}

export interface TableFreshness extends Omit<TableLoads, 'madeAt'> {
  /** When Amazon made the newest report; for a document from disk, when it was loaded. */
  lastMadeAt: string;
  /** Seconds since `lastMadeAt`. */
  ageSeconds: number;
  /** The median time between the last reports; undefined for fewer than four. */
  usualIntervalSeconds?: number;
  /**
   * Whether more than two reports are missing, judged by the usual interval. False if there is
   * none.
   */
  isStale: boolean;
}

export interface SellerSnapshot {
  sellerId: string;
  name?: string;
  region: ReportRegion;
  marketplaces: string[];
  /** The quota of getReportDocument, the lowest of all. */
  quota: { available: number; burst: number; nextAvailableAt: string };
  /** The results of Login with Amazon in runs since the program started. */
  credentials: {
    /** Present while login is refused. */
    refused?: Problem;
    /** When Amazon last accepted the login. */
    acceptedAt?: string;
    /** Absent if its age can't be read. */
    clientSecret?: ClientSecretSnapshot;
  };
}

/** The age of the client secret of a seller's application. It contains no secret. */
export interface ClientSecretSnapshot extends SecretAge {
  clientId: string;
  /** From when it should be replaced, and whether that is now. */
  dueAt: string;
  isDue: boolean;
}

/** Notifications about applications, which are kept for the operator. */
export interface NotificationsSnapshot {
  /** Those that somebody has to act on. */
  open: KeptNotification[];
  /** Why they, or the ages of client secrets, can't be read. */
  problem?: Problem;
}

export interface QueueSnapshot {
  url: string;
  /** The last part of the URL. */
  name: string;
  /** The pipelines that drain it. */
  pipelines: string[];
  readAt?: string;
  /** Approximate, as SQS counts them. */
  messages?: { visible: number; inFlight: number; delayed: number };
  /** Earlier values of the last day, the oldest first, at least a minute apart. */
  history: { at: string; visible: number; inFlight: number; delayed: number }[];
  /**
   * The oldest message that the last drain of this process received and did not delete. SQS reveals
   * the age of a message only to its receivers. So a message that no drain has received yet is
   * missing here, and one that another replica has since deleted remains until the next drain.
   */
  oldestMessage?: { sentAt: string; ageSeconds: number };
  /**
   * Whether a drain of this process has ended and none is running. Only then does a missing
   * `oldestMessage` mean that there is none.
   */
  isDrained: boolean;
  /** Why the last read failed, for example because access was denied. */
  problem?: Problem;
}

export interface PipelineSnapshot {
  name: string;
  queue: string;
  timezone: string;
  drain: ScheduleSnapshot;
  sweep?: ScheduleSnapshot;
  /**
   * Present if it has requests. The next run is with the next drain or at the next time of a
   * request.
   */
  request?: ScheduleSnapshot & { requests: RequestSnapshot[] };
}

export interface ScheduleSnapshot {
  /** Cron expressions. Requests have one for each of their times, or none. */
  schedules: string[];
  nextAt?: string;
  /** The last one that ended. */
  last?: EndedRun;
  /** When the last one without failures ended. */
  succeededAt?: string;
}

/** One request in the settings, for one seller and all or one of its marketplaces. */
export interface RequestSnapshot {
  sellerId: string;
  reportType: string;
  marketplaceIds: string[];
  reportOptions: Record<string, string>;
  /** Absent if Amazon makes the report on its own schedule, every `period`. */
  cron?: string;
  period?: string;
  /** When the next window is due, if it has a `cron`. */
  nextAt?: string;
  lastRequestedAt?: string;
  /** Windows that were requested and are not loaded yet. */
  inFlight: number;
  /** Windows that failed, or that Amazon refused, and that will be retried. */
  backingOff: number;
  /** Windows that were abandoned after repeated failures. */
  abandoned: number;
  /** Of a request per item: the newest window that is not done, and how many of its parts are. */
  parts?: { dataStart?: string; dataEnd?: string; done: number; total: number; windows: number };
  /**
   * Why Amazon refuses the request, why all its reports fail, or why the last window was abandoned.
   */
  problem?: Problem;
}

/** A run that is over. */
export type EndedRun = RunRecord & { endedAt: string };

/** One drain, sweep or request run. */
export interface RunRecord {
  pipeline: string;
  kind: Run['kind'];
  /** The tick that it ran for; absent if it ran for none, as the drain at the start may. */
  dueAt?: string;
  startedAt: string;
  /** Undefined while it is running. */
  endedAt?: string;
  outcomes: Partial<Record<Outcome, number>>;
  /** Of a request cycle: reports requested, and windows postponed. */
  requests?: { requested: number; postponed: number };
  /** Rows loaded. */
  rows: number;
  /** Bytes downloaded. */
  bytes: number;
  /** The first few failures, whose documents will be retried. */
  failures: Failure[];
  /** Why it ended early. */
  error?: Omit<Problem, 'since'>;
}
