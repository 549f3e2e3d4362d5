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
    tables: [],
    rejects: 0,
    checks: [],
    rawPath: null,
    rawBytes: null,
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
