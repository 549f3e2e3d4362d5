import type { FileDigest } from '../files/file-digest.js';
import type { Warning } from '../errors/warnings.js';
import type { CheckResult } from '../schema/document-checks.js';
import type { TableDrift } from '../schema/drift.js';
import type { Decision } from '../schema/findings.js';
import type { LoadMode, ResolvedColumn } from '../schema/types.js';
import type { View } from '../schema/views.js';

/**
 * `unloaded`: a person took the document's rows away. Nothing loads it again by itself.
 */
export type LoadStatus = 'loaded' | 'empty' | 'quarantined' | 'fatal' | 'cancelled' | 'skipped' | 'unloaded';

/** One row of the ledger, the table `_loads`. Times are ISO 8601 in UTC. */
export interface LedgerEntry {
  /**
   * Unique: `<seller>/<document>`, otherwise `<seller>/report/<report>` or `message/<id>`. See
   * `ledgerKey`.
   */
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
  /** The error code of quarantined, fatal and cancelled entries. */
  reasonCode: string | null;
  reason: string | null;
  /** Schema drift and other findings that a person may want to see. */
  notes: string[];
  /** What a person should look at although the document was loaded. */
  warnings: Warning[];
  /** What was decided for the document as a whole, and why. */
  decisions: Decision[];
  /**
   * Rows per table, as parsed: 0 for a document with a header only, no table for one without any
   * text. `rejects` counts the rejected values of the table, if there are any. The warehouse adds
   * the drift and `superseded`: how many of the rows were left out because a newer report has them.
   */
  tables: LedgerTable[];
  /** Rejected values of all tables. */
  rejects: number;
  /** Totals that the document states, compared with its rows; failed checks come first. */
  checks: CheckResult[];
  rawPath: string | null;
  rawBytes: number | null;
  /**
   * SHA-256 of the raw bytes as they were written; null for those from before hashes were recorded.
   */
  rawSha256: string | null;
  /** Its Parquet files as they were written; empty for a load from before hashes were recorded. */
  files: LakeFile[];
  textBytes: number | null;
  charset: string | null;
  dialect: Record<string, unknown> | null;
  engine: string | null;
  pipeline: string | null;
  /** The message body, if nothing else would keep it: unreadable notifications, unknown sellers. */
  body: string | null;
  durationMs: number | null;
}

/** What a document loaded into one table. */
export interface LedgerTable extends TableDrift {
  name: string;
  rows: number;
  rejects?: number;
  superseded?: number;
  /** Numeric columns with a header in which every value is NULL or zero. */
  emptyMeasures?: string[];
  /** Whether these are all the numeric columns. */
  allMeasuresEmpty?: true;
}

/** A Parquet file of the lake. */
export interface LakeFile extends FileDigest {
  /** Relative to the lake folder, with `/` on every system. */
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
  /**
   * Absolute path of the Parquet file: the columns as the batches had them, then `_row`. Null if
   * there are no rows.
   */
  parquetPath: string | null;
  rows: number;
  /** Rejected values; absent if there are none. */
  rejects?: number;
  /** Numeric columns with a header in which every value is NULL or zero. */
  emptyMeasures?: string[];
  /** Whether these are all the numeric columns. */
  allMeasuresEmpty?: true;
}

/** One document to commit: its ledger entry and its rows. */
export interface Load {
  entry: LedgerEntry;
  tables: LoadTable[];
  /**
   * Absolute path of a Parquet file with the columns table_name, row_number, column_name, raw and
   * reason. Null if nothing was rejected.
   */
  rejectsPath: string | null;
  /** The key of a ledger row that this load replaces, if it is not its own. */
  replacesKey?: string;
  /** Accepts that far fewer rows replace what is there. */
  acceptLoss?: boolean;
}

/** The Parquet files of a load. */
export function parquetPaths({ tables, rejectsPath }: Pick<Load, 'tables' | 'rejectsPath'>): string[] {
  return [...tables.map((table) => table.parquetPath), rejectsPath].filter((path) => path !== null);
}

/** What an inspection of a warehouse found. */
export interface Inspection {
  found: string;
  /** The next step if something is wrong. */
  next?: string;
}

export interface TableInfo {
  name: string;
  reportType: string | null;
  rows: number;
  lastLoadedAt: string | null;
}

/** The loads of one table from one seller, empty ones included. Times are ISO 8601 in UTC. */
export interface TableLoads {
  table: string;
  reportType: string | null;
  sellerId: string | null;
  documents: number;
  /** As parsed: includes rows that newer reports have replaced since. */
  rows: number;
  lastLoadedAt: string;
  /** The end of the newest data period; null if the reports have none. */
  lastDataEnd: string | null;
  /**
   * When Amazon made the last reports, newest first, at most `recentReports`. A document from disk
   * counts as made when it was loaded.
   */
  madeAt: string[];
}

/** How many creation times an overview has per table and seller. */
export const recentReports = 21;

/** A summary of the ledger. */
export interface LedgerOverview {
  /** Documents by status; those without rows also by their reason code. */
  documents: { status: LoadStatus; reasonCode: string | null; documents: number }[];
  tables: TableLoads[];
  /** By day of the load in UTC, newest first, at most 30. */
  days: { day: string; documents: number; rows: number; rawBytes: number }[];
  /**
   * Rejected values by table, column (null: whole rows) and reason; most frequent first, at most
   * 100.
   */
  rejects: { table: string; column: string | null; reason: string; values: number; lastLoadedAt: string }[];
  /** Documents by report type and the code of their warnings; the latest first. */
  warnings: WarnedDocuments[];
}

/** How many documents of a report type have a warning. */
export interface WarnedDocuments {
  reportType: string | null;
  code: string;
  documents: number;
  /** ISO 8601 in UTC. */
  lastLoadedAt: string;
}

/** The rejects of a document that have a column and a reason in common. */
export interface RejectGroup {
  table: string;
  /** Null: whole rows. */
  column: string | null;
  reason: string;
  values: number;
  /** The number of the first such row in the document. */
  firstRow: number;
  /** The beginnings of some raw texts, in document order. */
  examples: string[];
}

/** How many examples a group of rejects has, and how long one may be, in characters. */
export const rejectExamples = { count: 2, characters: 120 };

export interface QueryResult {
  columns: { name: string; type: string }[];
  /** Decimals and 64-bit integers as strings, times as ISO UTC, nested values as JSON values. */
  rows: Record<string, unknown>[];
}

/** An answer whose rows arrive while they are read. */
export interface StreamedAnswer {
  columns: QueryResult['columns'];
  /** May be read once. Errors: QUERY_FAILED if the query fails on a later row. */
  groups: AsyncIterable<ResultChunk>;
}

/** Some rows of an answer. Reading them takes time, counting them does not. */
export interface ResultChunk {
  count: number;
  /** The values in column order, as in QueryResult: of all rows, or from `from` to before `to`. */
  rows(from?: number, to?: number): unknown[][];
}

export interface LedgerFilter {
  statuses?: LoadStatus[];
  reportType?: string;
  sellerId?: string;
  /** Document id, report id or table name. */
  documentOrTable?: string;
  /** Keeps documents with at least one warning. */
  withWarnings?: boolean;
  /**
   * Keeps documents whose data ends at this time or later, ISO 8601. Drops those without a data
   * end.
   */
  dataEndSince?: string;
  /**
   * Keeps documents whose report was created at this time or later, ISO 8601. Drops documents from
   * disk without a creation time.
   */
  createdSince?: string;
  /**
   * Keeps documents whose report was created before this time, ISO 8601, or that were loaded before
   * it if nothing says when.
   */
  madeBefore?: string;
  /** Keeps rows that were loaded before this time, ISO 8601. */
  loadedBefore?: string;
  /** Keeps rows that were loaded at this time or later, ISO 8601. */
  loadedSince?: string;
  /**
   * Keeps rows that were loaded after this one, and sorts the oldest load first: the last row of a
   * page is where the next one starts. Rows of one time are sorted by key.
   */
  after?: Pick<LedgerRow, 'loadedAt' | 'key'>;
  limit?: number;
}

/** The fields that can be read without the others. */
export type LedgerField = keyof LedgerRow;

/**
 * Documents of one report type, seller and set of marketplaces that filled a table and have the
 * same drift in it, which may be none. Times as in `Drift`.
 */
export interface DriftGroup extends TableDrift {
  reportType: string;
  table: string;
  sellerId: string | null;
  marketplaceIds: string[];
  documents: number;
  firstSeenAt: string;
  lastSeenAt: string;
  /** The last of the documents, newest first, at most `recentDrift`. */
  latest: { documentId: string; seenAt: string }[];
}

/** How many documents a group of drift names. */
export const recentDrift = 3;

/** What reports of a seller, type and marketplaces cover. */
export interface Period
  extends Pick<LedgerRow, 'status' | 'sellerId' | 'reportType' | 'marketplaceIds' | 'dataStart' | 'dataEnd'> {
  tables: { name: string }[];
}

/** A document that has other rows in a table than the ledger says. */
export interface RowDifference {
  /** Null if the ledger does not have the document, or not in this table. */
  key: string | null;
  sellerId: string | null;
  documentId: string;
  /** Rows that the ledger says, without superseded ones. */
  expected: number;
  /** Rows in the table. */
  found: number;
  /** Whether it is the newest document of its seller, whose rows no other report replaces. */
  isNewest: boolean;
}

/** Selects the columns with personal data among those of a report type's table. */
export type PersonalColumns = (reportType: string | null, table: string, columns: string[]) => string[];

/** One warehouse. It holds no lock between calls. */
export interface Warehouse {
  /**
   * The ledger rows with those keys; other keys are absent. The key of a report without a document
   * also finds the row of the report's document.
   */
  seen(keys: string[]): Promise<Map<string, LedgerRow>>;
  /**
   * Commits loads in one transaction, all or nothing: creates and widens tables, writes rows by
   * load mode, rejects and ledger rows. A load whose key is in the ledger replaces what that
   * document loaded before. One exception: an entry without rows never removes existing rows,
   * unless its status is `unloaded`.
   * Afterwards refreshes the views of new and changed tables; a view that can't be made is logged
   * and fails no commit.
   * Returns the keys of the loads that were left out because of the exception.
   */
  commit(loads: Load[]): Promise<string[]>;
  /**
   * Removes personal data from what documents loaded, in one transaction: sets those columns to
   * NULL, empties the text of rejects, removes quotations and the path of the raw bytes from
   * ledger rows, leaves out what their warnings and decisions say, and sets their `files` to those
   * of the entries. Idempotent.
   */
  removePersonalData(documents: LedgerEntry[], personalColumns: PersonalColumns): Promise<void>;
  /**
   * Notes in the ledger rows of those keys that their personal data is gone: the last step of a
   * purge. Skips documents whose raw bytes came back in the meantime.
   */
  markPurged(keys: string[]): Promise<void>;
  /** Checks that the warehouse can be written now. Errors: as `commit`, mainly WAREHOUSE_LOCKED. */
  checkWritable(): Promise<void>;
  /** As `checkWritable`, with what a person should know of the warehouse and its settings. */
  inspect(): Promise<Inspection>;
  tables(): Promise<TableInfo[]>;
  /** Views that could be created but are missing or outdated, by name, with the reason. */
  viewProblems(views: View[]): Promise<Map<string, string>>;
  loads(filter: LedgerFilter): Promise<LedgerRow[]>;
  /** How many ledger rows `loads` finds without a limit. */
  countLoads(filter: LedgerFilter): Promise<number>;
  /** As `loads`, with these fields only: a fraction of the time and memory. */
  loadFields<Field extends LedgerField>(
    fields: readonly Field[],
    filter: LedgerFilter,
  ): Promise<Pick<LedgerRow, Field>[]>;
  /** The schema drift of all documents, or of those of a report type: as many groups as differ. */
  drift(reportType?: string): Promise<DriftGroup[]>;
  /** The periods that documents cover, adjoining and overlapping ones as one. */
  periods(): Promise<Period[]>;
  /**
   * The documents that have other rows in a table than the ledger says: more rows, rows without a
   * ledger row, and fewer rows if nothing can have replaced them, which with `isAppend` holds for
   * every document, otherwise for the newest of a seller.
   */
  rowDifferences(table: string, options: { isAppend: boolean }): Promise<RowDifference[]>;
  /** Undefined before the first commit. */
  overview(): Promise<LedgerOverview | undefined>;
  rejects(filter: LedgerFilter): Promise<Record<string, unknown>[]>;
  /** The rejects of a document by table, column and reason; the most frequent first. */
  rejectGroups(document: Pick<LedgerRow, 'sellerId' | 'documentId'>): Promise<RejectGroup[]>;
  /** How many rows of a document are in each of its tables now; none for a missing table. */
  rowsNow(
    document: Pick<LedgerRow, 'sellerId' | 'documentId' | 'tables'>,
  ): Promise<{ name: string; rows: number }[]>;
  /** Read-only. Returns all rows at once, for answers known to be small. */
  query(sql: string): Promise<QueryResult>;
  /**
   * Read-only. Passes the answer to `read` while it arrives, and holds the warehouse until `read`
   * is done. The signal interrupts the query, which fails with the signal's reason. A DuckDB file
   * computes no more than `limits`, and only the number of rows behind the first `rowsRead`;
   * BigQuery's answers come in pages.
   */
  queryStream<T>(
    sql: string,
    read: (answer: StreamedAnswer) => Promise<T>,
    options?: QueryLimits,
  ): Promise<T>;
}

/**
 * The ledger of a file that is held; empty if there is none. `seen` finds each row by its own key
 * only. Errors: WAREHOUSE_UNREADABLE.
 */
export type HeldLedger = Pick<Warehouse, 'loads' | 'loadFields' | 'seen'>;

/** A warehouse that is one file. */
export interface WarehouseFile {
  path: string;
  /** Opens the warehouse of such a file at a path. */
  open(path: string): Warehouse;
  /** Does work while no other process can open the file, and only the work can read its ledger. */
  hold<T>(path: string, work: (ledger: HeldLedger) => Promise<T>): Promise<T>;
  /**
   * Drops a table of reports, and the views that need it. Returns false if it is not there or has
   * rows, and drops nothing then.
   */
  dropEmptyTable(path: string, table: string): Promise<boolean>;
  /** Rewrites the file without what deleted and changed rows left in it. */
  compact(path: string): Promise<void>;
  /** Makes a read-only copy of the file, which replaces the last one whole. */
  publish(path: string, copy: string): Promise<void>;
}

export interface QueryLimits {
  signal?: AbortSignal;
  limits?: AnswerLimits;
  /** How many rows are read; default: all. */
  rowsRead?: number;
}

/** How much of an answer to return. */
export interface AnswerLimits {
  rows: number;
  /**
   * The length of a cell of any type. A longer one is the beginning of its text, and ends in `…`.
   * With many columns the limit may be lower.
   */
  cellCharacters: number;
  /** The approximate length of one row. */
  bytes: number;
}

/** The note of a ledger row whose document was purged. */
export const purgedNote = 'personal data removed';

/** Replaces the reason of a ledger row that quoted its document. */
export const removedReason = 'left out, as it may quote personal data';

/**
 * The warnings and decisions of a ledger row without what may quote its document: the codes, and
 * what was decided.
 */
export function withoutQuotations({
  warnings,
  decisions,
}: Pick<LedgerEntry, 'warnings' | 'decisions'>): Pick<LedgerEntry, 'warnings' | 'decisions'> {
  return {
    warnings: warnings.map(({ code }) => ({ code, message: removedReason })),
    decisions: decisions.map((decision) => ({ ...decision, reason: removedReason })),
  };
}

export function isPurged({ notes }: Pick<LedgerEntry, 'notes'>): boolean {
  return notes.includes(purgedNote);
}

/**
 * The ledger's key of a document, or of a report without one. Ids are unique only together with the
 * seller.
 */
export function ledgerKey(id: {
  sellerId: string;
  documentId?: string | null;
  reportId?: string | null;
}): string {
  return id.documentId ? `${id.sellerId}/${id.documentId}` : `${id.sellerId}/report/${id.reportId}`;
}

/**
 * Ledger rows by key: each row answers to its own key and to that of its report without a document.
 * If several rows answer to a key, the last one counts.
 */
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
