import type { HistoryMode } from '../schema/types.js';
import type { TableDrift } from '../schema/drift.js';
import type { LedgerRow, LoadStatus } from './ledger-types.js';

export interface TableInfo {
  name: string;
  reportType: string | null;
  rows: number;
  lastLoadedAt: string | null;
  /** If it is the history of another table: the name of that one, and how it is kept. */
  history?: { of: string; mode: HistoryMode };
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
