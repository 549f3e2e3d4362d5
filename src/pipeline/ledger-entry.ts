import { relative } from 'node:path';
import { describeError, errorCode } from '../errors.js';
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
    rawSha256: raw.kept?.sha256 ?? null,
  };
}
