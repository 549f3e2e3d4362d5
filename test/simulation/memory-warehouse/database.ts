import type { LedgerRow } from '../../../src/warehouse/types.js';

/** A row of a table without its lineage, as sorted text, and its key in a table that has one. */
export interface StoredRow {
  key: string;
  text: string;
}

/** The rows of one document in a table. */
export interface StoredDocument {
  seller: string | null;
  document: string | null;
  marketplaces: string[];
  rows: StoredRow[];
}

/**
 * What a database in memory holds. It outlives the processes that use it, and is changed only by
 * whole transactions.
 */
export interface DatabaseState {
  ledger: Map<string, LedgerRow>;
  /** By table: the documents that have rows in it, by their key in the ledger. */
  tables: Map<string, Map<string, StoredDocument>>;
  rejects: Map<string, number>;
}

/** How a process reaches the database. */
export interface DatabaseLink {
  /**
   * Runs one transaction, which waits for nothing but itself. Errors: those of the transaction, and
   * `unreachable` if the database does not answer: then nobody knows whether it was done.
   */
  run<T>(
    name: string,
    work: (state: DatabaseState) => T | Promise<T>,
    unreachable: () => unknown,
  ): Promise<T>;
}

export function emptyDatabase(): DatabaseState {
  return { ledger: new Map(), tables: new Map(), rejects: new Map() };
}
