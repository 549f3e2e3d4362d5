import { relative } from 'node:path';
import type { RawDocument, Report } from '../source/types.js';
import type { LedgerEntry } from '../warehouse/types.js';

/** The metadata from getReport, for the ledger. */
export function reportMetadata(report: Partial<Report>): Partial<LedgerEntry> {
  return {
    marketplaceIds: report.marketplaceIds ?? [],
    dataStart: report.dataStart ?? null,
    dataEnd: report.dataEnd ?? null,
    reportCreatedAt: report.createdAt ?? null,
  };
}

/** The metadata of a document whose bytes are stored, for the ledger. */
export function rawMetadata(
  { facts, path, bytes, kept }: RawDocument,
  rawFolder: string,
): Partial<LedgerEntry> {
  return {
    sellerId: facts.sellerId,
    documentId: facts.documentId,
    reportId: facts.reportId ?? null,
    reportType: facts.reportType,
    marketplaceIds: facts.marketplaceIds,
    dataStart: facts.dataStart ?? null,
    dataEnd: facts.dataEnd ?? null,
    reportCreatedAt: facts.reportCreatedAt ?? null,
    rawPath: relative(rawFolder, path),
    rawBytes: bytes,
    rawSha256: kept?.sha256 ?? null,
  };
}
