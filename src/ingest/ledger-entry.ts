import { relative } from 'node:path';
import { describeError, errorCode } from '../errors/reports-error.js';
import type { RawDocument, Report } from '../source/types.js';
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

/**
 * The tables of a document with their rejected values. An entry that was written before rejects were
 * counted per table has them all on its first table, so that their sum is right in any case.
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

/** Why a document or message was set aside, for the ledger. */
export function quarantineReason(error: unknown): Pick<LedgerEntry, 'status' | 'reasonCode' | 'reason'> {
  return {
    status: 'quarantined',
    reasonCode: errorCode(error),
    reason: describeError(error),
  };
}

/** What getReport tells, for the ledger. */
export function reportFacts(report: Report): Partial<LedgerEntry> {
  return {
    marketplaceIds: report.marketplaceIds,
    dataStart: report.dataStart ?? null,
    dataEnd: report.dataEnd ?? null,
    reportCreatedAt: report.createdAt,
  };
}

/** What is known of a document once its bytes are kept, for the ledger. */
export function rawFacts(raw: RawDocument, rawFolder: string): Partial<LedgerEntry> {
  const { facts } = raw;
  return {
    sellerId: facts.sellerId,
    documentId: facts.documentId,
    reportId: facts.reportId ?? null,
    reportType: facts.reportType,
    marketplaceIds: facts.marketplaceIds,
    dataStart: facts.dataStart ?? null,
    dataEnd: facts.dataEnd ?? null,
    reportCreatedAt: facts.reportCreatedAt ?? null,
    rawPath: relative(rawFolder, raw.path),
    rawBytes: raw.bytes,
  };
}
