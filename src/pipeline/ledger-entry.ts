import { describeError, ReportsError } from '../errors.js';
import type { LedgerEntry } from '../warehouse/types.js';

/** A ledger entry with everything unknown but what is given. */
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

/** Why a document or message was set aside, for the ledger. */
export function quarantineReason(error: unknown): Pick<LedgerEntry, 'status' | 'reasonCode' | 'reason'> {
  return {
    status: 'quarantined',
    reasonCode: error instanceof ReportsError ? error.code : 'UNEXPECTED',
    reason: describeError(error),
  };
}
