import { join } from 'node:path';
import { describeError, faultOf, ReportsError } from '../errors/reports-error.js';
import { digestFile } from '../files/file-digest.js';
import { buildLoad } from '../ingest/build-load.js';
import type { PipelineContext } from '../ingest/context.js';
import { checkLakeFiles, lakeName } from '../ingest/lake-files.js';
import { evictLocalCopies, readLoadRecord, replaceLoadRecord } from '../ingest/load-record.js';
import type { DocumentRun } from '../ingest/process-document.js';
import { openParquetReader, type ParquetReader } from '../parquet/parquet-reader.js';
import { keepMetadata, readRaw, withBytes } from '../source/document/raw-store.js';
import type { DocumentMetadata } from '../source/types.js';
import { openFolderStore } from '../store/folder-store.js';
import { openScratch } from '../store/scratch.js';
import { ledgerPages } from '../warehouse/ledger/ledger-pages.js';
import { type LakeFile, type LedgerRow, type Load, parquetPaths } from '../warehouse/types.js';
import { fetcherOf } from './fetch-again.js';
import { entryOf, loadFromLedger } from './record-from-ledger.js';
import { loadAgain, type ReloadOptions } from './reload.js';
import { expectedFiles } from './verify-document.js';
import { type Finding, type FindingKind, isUnhashed } from './verify-findings.js';

/**
 * Repairs what another copy allows. Both return why they could not, in words; undefined if they
 * could.
 */
export interface DocumentRepair {
  /** Repairs the files of a document. Errors: those of the machine; the reason of the signal. */
  repairDocument(row: LedgerRow, findings: Finding[]): Promise<string | undefined>;
  /**
   * Commits the rows of a document again, of all documents of the table if `key` is null. Errors:
   * as above.
   */
  repairRowsOf(table: string, key: string | null): Promise<string | undefined>;
}

/** So long the quota of Amazon may make a repair wait for one document. */
const patienceMs = 60_000;

export function openRepairs(
  context: PipelineContext,
  { maxDocumentBytes, signal }: { maxDocumentBytes: number; signal: AbortSignal },
): DocumentRepair {
  const { lake, raw: rawStore, warehouse, clock, config } = context;
  const { commits } = context.shared;

  return {
    async repairDocument(row, findings) {
      const kinds = new Set(findings.map(({ kind }) => kind));
      const has = (...wanted: FindingKind[]) => wanted.some((kind) => kinds.has(kind));
      const failures: string[] = [];
      const attempt = async (work: () => Promise<void>) => {
        const failure = await failureOf(work);
        if (failure !== undefined) failures.push(failure);
      };
      if (has('raw_missing', 'raw_damaged', 'metadata_missing', 'metadata_damaged'))
        await attempt(() => restoreRaw(row, has('raw_missing', 'raw_damaged')));
      if (has('parquet_missing', 'parquet_damaged')) await attempt(() => reloadDocument(row));
      else if (has('record_missing', 'record_damaged')) await attempt(() => restoreRecord(row));
      if (findings.some(({ kind }) => isUnhashed(kind))) await attempt(() => keepHashes(row));
      return failures.length > 0 ? failures.join('; ') : undefined;
    },
    repairRowsOf: (table, key) =>
      failureOf(async () => {
        if (key !== null) {
          const row = (await warehouse.seen([key])).get(key);
          if (row) await commitAgain(row);
          return;
        }
        for await (const page of ledgerPages(warehouse, clock, { documentOrTable: table })) {
          for (const row of page) await commitAgain(row);
        }
      }),
  };

  async function failureOf(work: () => Promise<void>): Promise<string | undefined> {
    signal.throwIfAborted();
    try {
      await work();
      return undefined;
    } catch (error) {
      signal.throwIfAborted();
      if (faultOf(error) === 'machine') throw error;
      return describeError(error);
    }
  }

  /** Each document may wait for the quota by itself. */
  function reloadOptions(): ReloadOptions {
    return { maxDocumentBytes, acceptLoss: false, signal, deadlineMs: clock.now() + patienceMs };
  }

  /** Fetches the document from Amazon; metadata alone is known from the ledger too. */
  async function restoreRaw(row: LedgerRow, areBytesDamaged: boolean): Promise<void> {
    const fetchAgain = fetcherOf(row, context, reloadOptions());
    try {
      if (!fetchAgain)
        throw new Error(
          'it cannot be requested from Amazon: its seller is not configured, or it has no report id',
        );
      const raw = await fetchAgain();
      const isSame = raw.kept?.sha256 === row.rawSha256;
      if (isSame || row.status === 'fatal' || row.status === 'unloaded') return;
      const options = { pipeline: row.pipeline, maxDocumentBytes, signal, before: row, isFresh: true };
      await commitBuilt(await buildLoad(raw, options, context), row);
    } catch (error) {
      if (areBytesDamaged || row.rawPath === null || row.rawSha256 === null || row.rawBytes === null)
        throw error;
      const kept = { bytes: row.rawBytes, sha256: row.rawSha256 };
      await keepMetadata(rawStore, join(rawStore.folder, row.rawPath), metadataOf(row), kept);
    }
  }

  async function reloadDocument(row: LedgerRow): Promise<void> {
    const run: DocumentRun = { context, commits, call: reloadOptions() };
    const result = await loadAgain(row, run, reloadOptions(), new Set());
    if ('failure' in result) throw new Error(result.failure.message);
    refuseQuarantined(result.entry, row);
  }

  async function commitBuilt(load: Load, row: LedgerRow): Promise<void> {
    refuseQuarantined(await commits.submit(load), row);
  }

  async function restoreRecord(row: LedgerRow): Promise<void> {
    const load = await withReader((reader) => loadFromLedger(row, context, reader));
    if (load) await replaceLoadRecord(lake, load);
    else await reloadDocument(row);
  }

  /** From the lake if its files are whole, otherwise from the raw document. */
  async function commitAgain(row: LedgerRow): Promise<void> {
    const record = await readLoadRecord(lake, row);
    if (record && (await areWhole(record, row))) {
      await commits.submit({ ...record, entry: entryOf(row) });
      return;
    }
    await reloadDocument(row);
  }

  /** Leaves the local copies for the commit, which evicts them. */
  async function areWhole(record: Load, row: LedgerRow): Promise<boolean> {
    let areWhole = false;
    try {
      for (const path of parquetPaths(record)) if (!(await lake.fetch(path, signal))) return false;
      areWhole = (await checkLakeFiles(record, lake, row.files)).damaged === undefined;
      return areWhole;
    } finally {
      if (!areWhole) await evictLocalCopies(record, lake);
    }
  }

  /**
   * Keeps the hashes of older files once the raw document has the rows that the Parquet files have.
   */
  async function keepHashes(row: LedgerRow): Promise<void> {
    const record = await readLoadRecord(lake, row);
    const path = row.rawPath === null ? undefined : join(rawStore.folder, row.rawPath);
    const raw = path === undefined ? undefined : await readRaw(rawStore, path);
    const files = expectedFiles(row, lake);
    if (!record || !raw || files.length === 0) throw new Error('there is no other copy to compare it with');
    await withScratch(async (folder) => {
      const options = { pipeline: row.pipeline, maxDocumentBytes, signal, before: row };
      const made = await buildLoad(raw, options, { ...context, lake: openFolderStore(folder) });
      refuseQuarantined(made.entry, row);
      const names = new Map(parquetPaths(made).map((each) => [lakeName({ folder }, each), each]));
      const found: LakeFile[] = [];
      await withReader(async (reader) => {
        for (const file of files) {
          const name = lakeName(lake, file.path);
          await lake.fetch(file.path, signal);
          const other = names.get(name);
          if (!other || !(await reader.isSame(file.path, other)))
            throw new Error('its rows are not those of the raw document now: its schema may have changed');
          found.push({ path: name, ...(file.digest ?? (await digestFile(file.path))) });
        }
      });
      const kept = await withBytes(raw, rawStore, signal, () => digestFile(raw.path));
      await keepMetadata(rawStore, raw.path, raw.metadata, kept);
      const entry = { ...entryOf(row), files: found, rawBytes: kept.bytes, rawSha256: kept.sha256 };
      await commitBuilt({ ...record, entry }, row);
    });
  }

  async function withReader<T>(work: (reader: ParquetReader) => Promise<T>): Promise<T> {
    return withScratch(async (folder) => {
      const reader = await openParquetReader(folder);
      try {
        return await work(reader);
      } finally {
        reader.close();
      }
    });
  }

  async function withScratch<T>(work: (folder: string) => Promise<T>): Promise<T> {
    const scratch = await openScratch(join(config.state, 'scratch'));
    try {
      return await work(scratch.folder);
    } finally {
      await scratch.close();
    }
  }
}

/** A document that cannot be loaded any more keeps its rows, but nothing of it was repaired. */
function refuseQuarantined({ status, reason }: Pick<LedgerRow, 'status' | 'reason'>, row: LedgerRow): void {
  if (status === 'quarantined' && row.status !== 'quarantined') throw new Error(reason ?? status);
}

/** What Amazon said of a document, as far as the ledger has it. */
function metadataOf(row: LedgerRow): DocumentMetadata {
  if (!row.sellerId || !row.documentId || !row.reportType)
    throw new ReportsError('RAW_MISSING', { documentId: row.documentId ?? row.key, path: row.rawPath });
  return {
    sellerId: row.sellerId,
    documentId: row.documentId,
    reportType: row.reportType,
    reportId: row.reportId ?? undefined,
    marketplaceIds: row.marketplaceIds,
    dataStart: row.dataStart ?? undefined,
    dataEnd: row.dataEnd ?? undefined,
    reportCreatedAt: row.reportCreatedAt ?? undefined,
    reportStatus: row.status === 'fatal' ? 'FATAL' : undefined,
    contentType: row.charset && row.charset !== 'binary' ? `text/plain; charset=${row.charset}` : undefined,
  };
}
