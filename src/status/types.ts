import type { ReportRegion } from '../schema/types.js';
import type { Failure } from '../pipeline/work-summary.js';
import type { Outcome } from '../pipeline/context.js';
import type { Run } from '../pipeline/run.js';
import type { Drift } from '../warehouse/drift.js';
import type { LedgerOverview, LedgerRow, TableLoads } from '../warehouse/types.js';

/**
 * What is known at one moment of the program, its queues, sellers and warehouse: what the status page shows, the metrics count and
 * alarms look at. Times are ISO 8601 in UTC.
 */
export interface StatusFacts {
  at: string;
  version: string;
  startedAt: string;
  warehouse: WarehouseFacts;
  /** Each table and seller that was ever loaded; what is latest by its own rhythm comes first. */
  tables: TableFreshness[];
  /** The sellers of the settings. */
  sellers: SellerFacts[];
  queues: QueueFacts[];
  pipelines: PipelineFacts[];
  /** Drains, sweeps and turns of requests since the program started, the newest first. */
  runs: RunFacts[];
}

/** Something that stands in the way. */
export interface Problem {
  /** A code of the catalogue, or UNEXPECTED. */
  code: string;
  message: string;
  /** When it was met first, without a success since. */
  since: string;
}

export interface WarehouseFacts {
  type: 'duckdb' | 'bigquery';
  /** The path of its file, or its dataset. */
  name: string;
  /** When the ledger was read last; undefined before that. What changed since is not in here. */
  readAt?: string;
  /** Why it could not be read the last time. */
  problem?: Problem;
  /** Undefined before the first commit, and before it was read. */
  ledger?: LedgerFacts;
}

export interface LedgerFacts extends Omit<LedgerOverview, 'tables'> {
  /** The last documents, the newest first. */
  recent: LoadFacts[];
  /** The last documents that were quarantined, the newest first. */
  quarantined: LoadFacts[];
  /** What the last documents had that their schemas don't know. */
  drift: Drift[];
}

/** One document of the ledger. */
export interface LoadFacts
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

export interface SellerFacts {
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

export interface QueueFacts {
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

export interface PipelineFacts {
  name: string;
  queue: string;
  timezone: string;
  drain: ScheduleFacts;
  sweep?: ScheduleFacts;
  /** If it has requests. Their next cycle runs before the next drain, or at their own next time. */
  request?: ScheduleFacts & { requests: RequestFacts[] };
}

export interface ScheduleFacts {
  /** Cron expressions; requests have one for each of their times, or none. */
  schedules: string[];
  nextAt?: string;
  /** The last one that ended. */
  last?: RunFacts;
  /** When the last one that failed in nothing ended. */
  succeededAt?: string;
}

/** One request of the settings, for one seller and its marketplaces, or one of them. */
export interface RequestFacts {
  sellerId: string;
  reportType: string;
  marketplaceIds: string[];
  reportOptions: Record<string, string>;
  /** Absent if Amazon makes the report on a schedule of its own, every `period`. */
  cron?: string;
  period?: string;
  /** When the next window is due, if it has a `cron`. */
  nextAt?: string;
  lastAskedAt?: string;
  /** Windows that were requested and are not loaded yet. */
  underway: number;
  /** Windows that failed, or that Amazon refused, and that will be retried. */
  waiting: number;
  /** Windows that were abandoned after four failures. */
  givenUp: number;
  /** Why Amazon refuses the request, or why the last window was abandoned. */
  problem?: Problem;
}

/** One drain, sweep or turn of requests. */
export interface RunFacts {
  pipeline: string;
  kind: Run['kind'];
  startedAt: string;
  /** Undefined while it goes on. */
  endedAt?: string;
  outcomes: Partial<Record<Outcome, number>>;
  /** Of a request cycle: reports requested, and windows postponed. */
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
