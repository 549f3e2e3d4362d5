import type { ReportRegion } from '../schema/types.js';
import type { Failure } from '../ingest/work-summary.js';
import type { Outcome } from '../ingest/context.js';
import type { Run } from '../runs/run.js';
import type { Drift } from '../warehouse/ledger/drift.js';
import type { LedgerOverview, LedgerRow, TableLoads } from '../warehouse/types.js';

/**
 * What is known at one moment of the program, its queues, sellers and warehouse: what the status page shows, the metrics count and
 * alarms look at. Times are ISO 8601 in UTC.
 */
export interface StatusSnapshot {
  at: string;
  version: string;
  startedAt: string;
  warehouse: WarehouseSnapshot;
  /** Each table and seller that was ever loaded; what is latest by its own rhythm comes first. */
  tables: TableFreshness[];
  /** The sellers of the settings. */
  sellers: SellerSnapshot[];
  queues: QueueSnapshot[];
  pipelines: PipelineSnapshot[];
  /** Drains, sweeps and turns of requests since the program started, the newest first. */
  runs: RunRecord[];
}

/** Something that stands in the way. */
export interface Problem {
  /** A code of the catalogue, or UNEXPECTED. */
  code: string;
  message: string;
  /** When it was met first, without a success since. */
  since: string;
}

export interface WarehouseSnapshot {
  type: 'duckdb' | 'bigquery';
  /** The path of its file, or its dataset. */
  name: string;
  /** When the ledger was read last; undefined before that. What changed since is not in here. */
  readAt?: string;
  /** Why it could not be read the last time. */
  problem?: Problem;
  /** Undefined before the first commit, and before it was read. */
  ledger?: LedgerSnapshot;
}

export interface LedgerSnapshot extends Omit<LedgerOverview, 'tables'> {
  /** The last documents, the newest first. */
  recent: LoadSnapshot[];
  /** The last documents that were quarantined, the newest first. */
  quarantined: LoadSnapshot[];
  /** What the last documents had that their schemas don't know. */
  drift: Drift[];
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
  /** Of all its tables. */
  rows: number;
  /** What to do about the reason. */
  remedy?: string;
}

export interface TableFreshness extends Omit<TableLoads, 'madeAt'> {
  /** When Amazon made the newest report; for a document from disk when it was loaded. */
  lastMadeAt: string;
  /** Since then. */
  ageSeconds: number;
  /** The median time between the last reports; undefined of fewer than four. */
  usualIntervalSeconds?: number;
  /** Whether more than two reports are missing, going by the usual interval. Never where there is none. */
  isStale: boolean;
}

export interface SellerSnapshot {
  sellerId: string;
  name?: string;
  region: ReportRegion;
  marketplaces: string[];
  /** Of getReportDocument, the narrowest of all. */
  quota: { available: number; burst: number; nextAvailableAt: string };
  /** Login with Amazon as runs since the start of the program met it. */
  credentials: {
    /** Present while they are refused. */
    refused?: Problem;
    /** When Amazon last took them. */
    acceptedAt?: string;
  };
}

export interface QueueSnapshot {
  url: string;
  /** The last part of the URL. */
  name: string;
  /** Those that drain it. */
  pipelines: string[];
  readAt?: string;
  /** Approximate, as SQS counts them. */
  messages?: { visible: number; inFlight: number; delayed: number };
  /** Earlier readings of the last day, the oldest first, a minute or more apart. */
  history: { at: string; visible: number; inFlight: number; delayed: number }[];
  /**
   * The oldest message that the last drain of this process received and did not delete. SQS tells a message's age to its receivers only,
   * so a message that no drain has met yet is not known of, and one that another replica has deleted since still is, until the next drain.
   */
  oldestMessage?: { sentAt: string; ageSeconds: number };
  /** Whether a drain of this process has ended, and none is in work: only then no `oldestMessage` means that there is none. */
  isDrained: boolean;
  /** Why it could not be asked the last time, access refused among others. */
  problem?: Problem;
}

export interface PipelineSnapshot {
  name: string;
  queue: string;
  timezone: string;
  drain: ScheduleSnapshot;
  sweep?: ScheduleSnapshot;
  /** Where it has requests. Their next turn is the one before the next drain, or at the next of their own times. */
  request?: ScheduleSnapshot & { requests: RequestSnapshot[] };
}

export interface ScheduleSnapshot {
  /** Cron expressions; requests have one for each of their times, or none. */
  schedules: string[];
  nextAt?: string;
  /** The last one that ended. */
  last?: EndedRun;
  /** When the last one that failed in nothing ended. */
  succeededAt?: string;
}

/** One request of the settings, for one seller and its marketplaces, or one of them. */
export interface RequestSnapshot {
  sellerId: string;
  reportType: string;
  marketplaceIds: string[];
  reportOptions: Record<string, string>;
  /** Absent where Amazon makes it by a schedule of its own, each `period`. */
  cron?: string;
  period?: string;
  /** When the next window is due, where it has a `cron`. */
  nextAt?: string;
  lastAskedAt?: string;
  /** Windows that Amazon was asked for and that were not loaded yet. */
  underway: number;
  /** Windows that failed, or that Amazon refused, and that are asked for again. */
  waiting: number;
  /** Windows that failed too often. */
  givenUp: number;
  /** Why Amazon refuses it as it stands, else why the last window was given up. */
  problem?: Problem;
}

/** A run that is over. */
export type EndedRun = RunRecord & { endedAt: string };

/** One drain, sweep or turn of requests. */
export interface RunRecord {
  pipeline: string;
  kind: Run['kind'];
  startedAt: string;
  /** Undefined while it goes on. */
  endedAt?: string;
  outcomes: Partial<Record<Outcome, number>>;
  /** Of a turn of requests: reports asked for, and windows left to later turns. */
  requests?: { asked: number; left: number };
  /** Of what it loaded. */
  rows: number;
  /** Downloaded. */
  bytes: number;
  /** What stayed where it came from, the first few. */
  failures: Failure[];
  /** Why it broke off. */
  error?: Omit<Problem, 'since'>;
}
