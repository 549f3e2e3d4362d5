import type { View } from '../schema/views.js';
import type { LedgerEntry, LedgerField, LedgerFilter, LedgerRow } from './ledger-types.js';
import type { Load } from './load-types.js';
import type {
  DriftGroup,
  LedgerOverview,
  Period,
  RejectGroup,
  RowDifference,
  TableInfo,
} from './summary-types.js';
import type { QueryLimits, QueryResult, StreamedAnswer } from './answer-types.js';

export * from './answer-types.js';
export * from './ledger-types.js';
export * from './load-types.js';
export * from './purged.js';
export * from './summary-types.js';

/**
 * The contract of a warehouse. What its methods take and return is in the files beside this one.
 */

/** What an inspection of a warehouse found. */
export interface Inspection {
  found: string;
  /** The next step if something is wrong. */
  next?: string;
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
  /**
   * Makes the views as their files say now, as commits do from then on. Does nothing before the
   * first commit. A view that can't be made is logged.
   */
  refreshViews(views: View[]): Promise<void>;
  /**
   * Drops a table of reports that has no rows, and the views of this program that need it. A
   * history goes with its rows, because `reload` of its table brings them back. Returns why the
   * table stays, for example because views of others read it; undefined if it is gone.
   */
  dropEmptyTable(table: string): Promise<string | undefined>;
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
 * The ledger of a file that is held; empty if there is none. Errors: WAREHOUSE_UNREADABLE.
 */
export interface HeldLedger extends Pick<Warehouse, 'loads' | 'loadFields'> {
  /**
   * The rows with these keys. Given the times between which they were loaded, it reads only that
   * part of a large ledger.
   */
  seen(keys: string[], loaded?: LoadedBetween): Promise<Map<string, LedgerRow>>;
}

/** ISO 8601 in UTC: from the first time on, before the second. */
export type LoadedBetween = Pick<LedgerFilter, 'loadedSince' | 'loadedBefore'>;

/** A warehouse that is one file. */
export interface WarehouseFile {
  path: string;
  /** Opens the warehouse of such a file at a path. */
  open(path: string): Warehouse;
  /** Does work while no other process can open the file, and only the work can read its ledger. */
  hold<T>(path: string, work: (ledger: HeldLedger) => Promise<T>): Promise<T>;
  /** Rewrites the file without what deleted and changed rows left in it. */
  compact(path: string): Promise<void>;
  /** Makes a read-only copy of the file, which replaces the last one whole. */
  publish(path: string, copy: string): Promise<void>;
}
