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
  { metadata, path, bytes, kept }: RawDocument,
  rawFolder: string,
): Partial<LedgerEntry> {
  return {
    sellerId: metadata.sellerId,
    documentId: metadata.documentId,
    reportId: metadata.reportId ?? null,
    reportType: metadata.reportType,
    marketplaceIds: metadata.marketplaceIds,
    dataStart: metadata.dataStart ?? null,
    dataEnd: metadata.dataEnd ?? null,
    reportCreatedAt: metadata.reportCreatedAt ?? null,
    rawPath: relative(rawFolder, path),
    rawBytes: bytes,
    rawSha256: kept?.sha256 ?? null,
  };
}
