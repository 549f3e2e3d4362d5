import { describeError, errorCode } from '../../errors/reports-error.js';
import type { LedgerEntry } from '../types.js';

/** A ledger entry with the given properties; all others are unknown. */
export function ledgerEntry(known: Partial<LedgerEntry> & Pick<LedgerEntry, 'key' | 'status'>): LedgerEntry {
  return {
    sellerId: null,
    documentId: null,
    reportId: null,
    reportType: null,
    marketplaceIds: [],
    dataStart: null,
    dataEnd: null,
    reportCreatedAt: null,
    reasonCode: null,
    reason: null,
    notes: [],
    warnings: [],
    decisions: [],
    tables: [],
    rejects: 0,
    checks: [],
    rawPath: null,
    rawBytes: null,
    rawSha256: null,
    files: [],
    textBytes: null,
    charset: null,
    dialect: null,
    engine: null,
    pipeline: null,
    body: null,
    durationMs: null,
    ...known,
  };
}

/** The reason why a document or message is quarantined. */
export function quarantineReason(error: unknown): Pick<LedgerEntry, 'status' | 'reasonCode' | 'reason'> {
  return {
    status: 'quarantined',
    reasonCode: errorCode(error),
    reason: describeError(error),
  };
}

/**
 * The tables of a document with their rejected values. An entry that was written before rejects
 * were counted per table has them all on its first table, so that their sum is right in any case.
 */
export function tablesWithRejects({
  tables,
  rejects,
}: Pick<LedgerEntry, 'tables' | 'rejects'>): { name: string; rows: number; rejects: number }[] {
  const counted = tables.reduce((sum, table) => sum + (table.rejects ?? 0), 0);
  return tables.map(({ name, rows, rejects: own = 0 }, index) => ({
    name,
    rows,
    rejects: index === 0 ? own + rejects - counted : own,
  }));
}
