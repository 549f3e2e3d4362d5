import type { FileDigest } from '../files/file-digest.js';
import type { CheckResult } from '../schema/document-checks.js';
import type { TableDrift } from '../schema/drift.js';
import type { LoadMode, ResolvedColumn } from '../schema/types.js';
import type { View } from '../schema/views.js';

export type LoadStatus = 'loaded' | 'empty' | 'quarantined' | 'fatal' | 'cancelled' | 'skipped';

/** One row of the ledger, the table `_loads`. Times are ISO 8601 in UTC. */
export interface LedgerEntry {
  /** Unique: `<seller>/<document>`, else `<seller>/report/<report>`, else `message/<id>`. See `ledgerKey`. */
  key: string;
  status: LoadStatus;
  sellerId: string | null;
  documentId: string | null;
  reportId: string | null;
  reportType: string | null;
  marketplaceIds: string[];
  dataStart: string | null;
  dataEnd: string | null;
  reportCreatedAt: string | null;
  /** Error code for quarantined, fatal and cancelled. */
  reasonCode: string | null;
  reason: string | null;
  /** Drift and oddities worth telling. */
  notes: string[];
  /**
   * Rows per table, as parsed; 0 for a header-only document, none for one without any text. `rejects`
   * counts the rejected values of the table, if there are any. `superseded`, which the warehouse
   * adds, counts rows left out because a newer report holds them; the warehouse adds the drift too.
   */
  tables: ({ name: string; rows: number; rejects?: number; superseded?: number } & TableDrift)[];
  /** Rejected values of all tables. */
  rejects: number;
  /** What the document says of itself, compared with its rows; those that failed first. */
  checks: CheckResult[];
  rawPath: string | null;
  rawBytes: number | null;
  /** SHA-256 of the raw bytes as they were written; null for those of before there were hashes. */
  rawSha256: string | null;
  /** Its Parquet files as they were written; none for a load of before there were hashes. */
  files: LakeFile[];
  textBytes: number | null;
  charset: string | null;
  dialect: Record<string, unknown> | null;
  engine: string | null;
  pipeline: string | null;
  /** The message body, only where nothing else would keep it: unreadable notifications and unknown sellers. */
  body: string | null;
  durationMs: number | null;
}

/** A Parquet file of the lake. */
export interface LakeFile extends FileDigest {
  /** From the folder of the lake on, with `/` on every system. */
  path: string;
}

/** An entry as read back from the ledger. */
export interface LedgerRow extends LedgerEntry {
  loadedAt: string;
}

/** The rows of one document for one table. */
export interface LoadTable {
  name: string;
  mode: LoadMode;
  key: string[];
  partitionBy?: string;
  columns: ResolvedColumn[];
  /** Absolute path of the Parquet file: the columns as the batches had them, then `_row`. Null where there are no rows. */
  parquetPath: string | null;
  rows: number;
  /** Rejected values; absent if there are none. */
  rejects?: number;
}

/** One document to commit: its ledger entry and its rows. */
export interface Load {
  entry: LedgerEntry;
  tables: LoadTable[];
  /** Absolute path of a Parquet file with columns table_name, row_number, column_name, raw, reason; null where nothing was rejected. */
  rejectsPath: string | null;
  /** The key of a ledger row that this load takes the place of, where it is another than its own. */
  replacesKey?: string;
}

/** The Parquet files of a load. */
export function parquetPaths({ tables, rejectsPath }: Pick<Load, 'tables' | 'rejectsPath'>): string[] {
  return [...tables.map((table) => table.parquetPath), rejectsPath].filter((path) => path !== null);
}

export interface TableInfo {
  name: string;
  reportType: string | null;
  rows: number;
  lastLoadedAt: string | null;
}

/** The loads of one table from one seller, the empty ones among them. Times are ISO 8601 in UTC. */
export interface TableLoads {
  table: string;
  reportType: string | null;
  sellerId: string | null;
  documents: number;
  /** As parsed: rows that newer ones have replaced since count too. */
  rows: number;
  lastLoadedAt: string;
  /** Until when the newest data period goes; null where the reports have none. */
  lastDataEnd: string | null;
  /** When Amazon made the last reports, the newest first, `recentReports` at most; for a document from disk when it was loaded. */
  madeAt: string[];
}

/** How many reports of a table and seller an overview tells the times of. */
export const recentReports = 21;

/** What the ledger comes to. */
export interface LedgerOverview {
  /** Documents by status, and of those without rows by the code of their reason. */
  documents: { status: LoadStatus; reasonCode: string | null; documents: number }[];
  tables: TableLoads[];
  /** By day of the load in UTC, the newest first, 30 at most. */
  days: { day: string; documents: number; rows: number; rawBytes: number }[];
  /** Rejected values by table, column (null: whole rows) and reason, the most first, 100 at most. */
  rejects: { table: string; column: string | null; reason: string; values: number; lastLoadedAt: string }[];
}

export interface QueryResult {
  columns: { name: string; type: string }[];
  /** Decimals and 64-bit integers as strings, times as ISO UTC, nested values as JSON values. */
  rows: Record<string, unknown>[];
}

/** An answer whose rows come as they are read. */
export interface StreamedAnswer {
  columns: QueryResult['columns'];
  /** To be read once. Errors: QUERY_FAILED, where the query breaks on a later row. */
  groups: AsyncIterable<RowGroup>;
}

/** Some rows of an answer; reading them costs time, counting them does not. */
export interface RowGroup {
  count: number;
  /** The values in the order of the columns, as in QueryResult, of all rows or of those from the first to before the second. */
  rows(from?: number, to?: number): unknown[][];
}

export interface LedgerFilter {
  statuses?: LoadStatus[];
  reportType?: string;
  sellerId?: string;
  /** Document id, report id or table name. */
  documentOrTable?: string;
  /** Those whose data goes until this time or beyond, ISO 8601; those without a data end are left out. */
  dataEndSince?: string;
  /** Those whose report was created at this time or later, ISO 8601; documents from disk without one are left out. */
  createdSince?: string;
  limit?: number;
}

/** Of the columns of a report type's table those with personal data. */
export type PersonalColumns = (reportType: string | null, table: string, columns: string[]) => string[];

/** One warehouse. It holds no lock between calls. */
export interface Warehouse {
  /**
   * The ledger rows of those keys; keys that the ledger doesn't have are absent. The key of a report without a document finds the
   * row of the report's document too.
   */
  seen(keys: string[]): Promise<Map<string, LedgerRow>>;
  /**
   * Commits the loads in one transaction: tables made and widened, rows by load mode, rejects, ledger rows. A load whose key is
   * in the ledger replaces what that document loaded before, with one exception: an entry without rows never takes away rows that are
   * there. All or nothing.
   * Behind it the views are made whose tables came or changed; one that can't be made is told of in the log, and fails no commit.
   * Returns the keys of the loads that were left out for that exception.
   */
  commit(loads: Load[]): Promise<string[]>;
  /**
   * Takes personal data out of what documents loaded, in one transaction: NULL in those columns of their rows, no text in their rejects,
   * neither words of the document nor the path of its raw bytes in their ledger rows, whose `files` become those of the entries. Doing it
   * again does no harm.
   */
  removePersonalData(documents: LedgerEntry[], personalColumns: PersonalColumns): Promise<void>;
  /** Notes in the ledger rows of those keys that their personal data is gone: the last step of a purge. Raw bytes that came back forbid it. */
  markPurged(keys: string[]): Promise<void>;
  /** Whether it can be written now. Errors: as of `commit`, WAREHOUSE_LOCKED above all. */
  checkWritable(): Promise<void>;
  tables(): Promise<TableInfo[]>;
  /** Of the views whose tables are there those that are not in the warehouse as their files say, by name, and why. */
  viewProblems(views: View[]): Promise<Map<string, string>>;
  loads(filter: LedgerFilter): Promise<LedgerRow[]>;
  /** Undefined before the first commit. */
  overview(): Promise<LedgerOverview | undefined>;
  rejects(filter: LedgerFilter): Promise<Record<string, unknown>[]>;
  /** Read-only; all rows at once, for an answer known to be small. */
  query(sql: string): Promise<QueryResult>;
  /**
   * Read-only; hands the answer to `read` as it comes, and holds the warehouse until that is done. The signal breaks it off with its
   * reason. A DuckDB file makes no more than `most`, and of rows behind the first `rowsRead` only their number; BigQuery's answers come in
   * pages.
   */
  queryStream<T>(
    sql: string,
    read: (answer: StreamedAnswer) => Promise<T>,
    options?: QueryLimits,
  ): Promise<T>;
}

export interface QueryLimits {
  signal?: AbortSignal;
  most?: AnswerLimits;
  /** How many rows are read; default: all. */
  rowsRead?: number;
}

/** How much of an answer is wanted. */
export interface AnswerLimits {
  rows: number;
  /** Of a cell of any type; a longer one is the beginning of its text, and ends in `…`. With many columns it may be shorter. */
  cellCharacters: number;
  /** Of one row, nearly. */
  bytes: number;
}

/** The note of a ledger row whose document was purged. */
export const purgedNote = 'personal data removed';

/** What stands for the reason of a ledger row that quoted its document. */
export const removedReason = 'left out, as it may quote personal data';

export function isPurged({ notes }: Pick<LedgerEntry, 'notes'>): boolean {
  return notes.includes(purgedNote);
}

/** The ledger's key of a document, or of a report without one. Ids are unique only together with the seller. */
export function ledgerKey(id: {
  sellerId: string;
  documentId?: string | null;
  reportId?: string | null;
}): string {
  return id.documentId ? `${id.sellerId}/${id.documentId}` : `${id.sellerId}/report/${id.reportId}`;
}

/** Ledger rows by those of the keys that they answer to: their own, and that of their report without a document. Of several the last counts. */
export function rowsByKeys(rows: LedgerRow[], keys: string[]): Map<string, LedgerRow> {
  const wanted = new Set(keys);
  const found = new Map<string, LedgerRow>();
  for (const row of rows) {
    const { key, sellerId, reportId } = row;
    const keysOfRow = [key, ...(sellerId && reportId ? [ledgerKey({ sellerId, reportId })] : [])];
    for (const each of keysOfRow) if (wanted.has(each)) found.set(each, row);
  }
  return found;
}
