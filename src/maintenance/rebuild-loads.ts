import {
  describeError,
  type ErrorCode,
  faultOf,
  isDamagedWarehouse,
  ReportsError,
} from '../errors/reports-error.js';
import { findRaw, isMetadataUnreadable } from '../source/document/raw-store.js';
import type { RawDocument } from '../source/types.js';
import { isPurged, type LedgerEntry, type Load, parquetPaths, type Warehouse } from '../warehouse/types.js';
import type { PipelineContext } from '../ingest/context.js';
import { fetcherOf } from './fetch-again.js';
import { checkLakeFiles } from '../ingest/lake-files.js';
import { rawMetadata } from '../ingest/document-metadata.js';
import { ledgerEntry, quarantineReason } from '../warehouse/ledger/ledger-entry.js';
import { comparisonCodes } from '../ingest/compare-loads.js';
import { buildLoad } from '../ingest/build-load.js';
import { evictLocalCopies, writeLoadRecord } from '../ingest/load-record.js';
import { documentsReason } from '../privacy/pii-policy.js';
import type { RebuildSource } from './rebuild-reading.js';
import { noteUnchecked } from './unchecked-files.js';
import type { Failure } from '../ingest/work-summary.js';

export interface CommitOptions {
  maxDocumentBytes: number;
  /** Continue even if documents of the old ledger are lost. */
  acceptLoss: boolean;
}

/** Counts while documents are committed. */
export interface CommitSummary {
  fromLake: number;
  fromRaw: number;
  /** Keys of documents that had rows, and have none now. */
  lost: string[];
  failures: Failure[];
}

/** How long the quota of Amazon may delay a rebuild for one document. */
const patienceMs = 60_000;

/**
 * Commits documents into a warehouse that is being rebuilt: from their Parquet if it is as it was
 * written, otherwise from their raw bytes, otherwise from Amazon. Each group is committed together.
 * If the warehouse refuses it, its documents are committed one by one, the refused one from raw,
 * or without its rows.
 */
export async function commitSources(
  groups: AsyncIterable<RebuildSource[]>,
  warehouse: Pick<Warehouse, 'commit'>,
  summary: CommitSummary,
  context: PipelineContext,
  options: CommitOptions,
): Promise<void> {
  const { lake } = context;
  let unchecked = 0;
  for await (const group of groups) {
    const loads: Load[] = [];
    try {
      // An unreachable bucket is not the fault of a document, and ends the rebuild.
      await Promise.all(
        group.flatMap(({ load }) => (load ? parquetPaths(load) : [])).map((path) => lake.fetch(path)),
      );
      for (const source of group) loads.push(await makeLoad(source, loads));
      try {
        await warehouse.commit(loads);
      } catch {
        for (const load of loads) await commitOne(load);
      }
    } finally {
      for (const load of [...loads, ...group.flatMap((source) => source.load ?? [])])
        await evictLocalCopies(load, lake);
    }
  }
  noteUnchecked(context.log, unchecked);

  /** `before`: the loads of the group that will be committed before this one. */
  async function makeLoad(source: RebuildSource, before: Load[]): Promise<Load> {
    const { load, known } = source;
    if (known?.status === 'unloaded') return { entry: known, tables: [], rejectsPath: null };
    // A crash between the commit of a reload and its record: the record is older.
    if (load?.entry.status === 'unloaded' && known)
      return makeFromRaw(source, await findRawOf(known, context), { before });
    if (!load) return makeFromRaw(source, source.raw, { damage: source.damage, before });
    const finding = await checkLakeFiles(load, lake, known?.files);
    if (!finding.damaged) {
      summary.fromLake += 1;
      unchecked += finding.unchecked;
      return load;
    }
    const { name: path, found } = finding.damaged;
    const damage = new ReportsError('PARQUET_DAMAGED', { path, found });
    context.log.warn({ key: source.key }, damage.message);
    return makeFromRaw(source, await findRawOf(load.entry, context), { damage, before });
  }

  async function makeFromRaw(
    source: RebuildSource,
    raw: RawDocument | undefined,
    { damage, before = [] }: { damage?: Error; before?: Load[] } = {},
  ): Promise<Load> {
    const { key, known } = source;
    const uncommitted = before.map(({ entry }) => entry);
    const made = await parseAgain(source, raw, { damage, uncommitted }, context, options);
    const { status, reasonCode, reason } = made.entry;
    if (damageCodes.has(reasonCode ?? '')) {
      context.log.warn({ key }, `${reason}`);
      summary.failures.push({
        key,
        sellerId: made.entry.sellerId,
        code: reasonCode ?? '',
        message: reason ?? '',
      });
    }
    if (known && known.tables.length > 0 && status === 'quarantined') {
      summary.lost.push(key);
      return made;
    }
    // What earlier documents showed at the time is not in the raw bytes.
    const compared = known?.warnings.filter(({ code }) => comparisonCodes.has(code)) ?? [];
    made.entry.warnings = [...made.entry.warnings, ...compared];
    await writeLoadRecord(lake, made);
    summary.fromRaw += 1;
    if (made.entry.rawSha256 === null) unchecked += 1;
    return made;
  }

  /** Commits a load whose files are on this machine. */
  async function commitOne(load: Load): Promise<void> {
    const { entry } = load;
    try {
      await warehouse.commit([load]);
    } catch (error) {
      refuseMachines(error);
      if (!entry.sellerId || !entry.documentId || !entry.reportType) throw error;
      context.log.warn({ key: entry.key }, `committing it from the lake: ${describeError(error)}`);
      const raw = await findRawOf(entry, context);
      const commitRefused = async (refused: unknown) => {
        refuseMachines(refused);
        const metadata = raw ? rawMetadata(raw, context.raw.folder) : {};
        const reason = documentsReason(refused, { ...entry, reportType: entry.reportType ?? '' }, context);
        await warehouse.commit([withoutRows({ ...entry, ...metadata }, reason)]);
      };
      if (!raw) return commitRefused(error);
      const again = await makeFromRaw({ key: entry.key, createdAt: '', known: entry }, raw);
      try {
        await warehouse.commit([again]).then(() => {}, commitRefused);
      } finally {
        await evictLocalCopies(again, lake);
      }
    }
  }
}

/**
 * Throws what the machine caused: no document is committed without its rows for that. DuckDB
 * reports damage in a Parquet file without a hash as it does damage in its own file.
 */
function refuseMachines(error: unknown): void {
  if (faultOf(error) === 'machine' && !isDamagedWarehouse(error)) throw error;
}

/** Codes that mean that the files of a document are not as they were written. */
const damageCodes = new Set<string>([
  'PARQUET_DAMAGED',
  'RAW_DAMAGED',
  'RAW_METADATA_UNREADABLE',
  'ROWS_MISSING',
] satisfies ErrorCode[]);

/** `damage` is what is wrong with its other files, if there is no raw document. */
async function parseAgain(
  { known }: RebuildSource,
  raw: RawDocument | undefined,
  { damage, uncommitted }: { damage: Error | undefined; uncommitted: LedgerEntry[] },
  context: PipelineContext,
  { maxDocumentBytes, acceptLoss }: CommitOptions,
): Promise<Load> {
  const call = { maxDocumentBytes, deadlineMs: context.clock.now() + patienceMs };
  // Purged data must not come back.
  const fetchAgain = known && !isPurged(known) ? fetcherOf(known, context, call) : undefined;
  const options = {
    pipeline: known?.pipeline ?? null,
    maxDocumentBytes,
    acceptLoss,
    isLastTry: true,
    before: known,
    uncommitted,
  };
  if (raw) return buildLoad(raw, options, context, { fetchAgain });
  if (!known) throw new Error('a document to make again without anything to make it from');
  try {
    if (fetchAgain) return await buildLoad(await fetchAgain(), { ...options, isFresh: true }, context);
  } catch (error) {
    // With a full disk the document would count as lost, though Amazon still has it.
    if (faultOf(error) === 'machine') throw error;
    context.log.warn({ key: known.key }, `downloading it again: ${describeError(error)}`);
  }
  return withoutRows(known, quarantineReason(damage));
}

/** The raw document of a load; undefined if there is none, or if it cannot be identified. */
async function findRawOf(
  { sellerId, documentId, reportType }: LedgerEntry,
  { raw }: PipelineContext,
): Promise<RawDocument | undefined> {
  if (!sellerId || !documentId || !reportType) return undefined;
  try {
    return await findRaw(raw, { sellerId, documentId, reportType });
  } catch (error) {
    if (isMetadataUnreadable(error)) return undefined;
    throw error;
  }
}

function withoutRows(
  entry: LedgerEntry,
  reason: Pick<LedgerEntry, 'status' | 'reasonCode' | 'reason'>,
): Load {
  const nothing = { tables: [], rejects: 0, files: [] };
  return { entry: ledgerEntry({ ...entry, ...reason, ...nothing }), tables: [], rejectsPath: null };
}
