import { rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { publishConfig } from '../config/warehouse-spec.js';
import { pipelineRuleSpec } from '../config/pipeline-spec.js';
import { defaultMaxDocumentBytes } from '../config/default-limits.js';
import { faultPoint } from '../runtime/fault-point.js';
import { findDamage } from '../files/file-digest.js';
import { openParquetRewriter, type ParquetRewriter } from '../parquet/rewrite-parquet.js';
import { personalColumns } from '../schema/personal-data.js';
import { findRaw, removeRaw } from '../source/document/raw-store.js';
import type { Store } from '../store/types.js';
import {
  isPurged,
  type LakeFile,
  type LedgerEntry,
  type Load,
  parquetPaths,
  purgedNote,
  removedReason,
  withoutQuotations,
} from '../warehouse/types.js';
import type { PipelineContext } from '../ingest/context.js';
import { checkLakeFiles, lakeName } from '../ingest/lake-files.js';
import { buildLoad } from '../ingest/build-load.js';
import { evictLocalCopies, replaceLoadRecord } from '../ingest/load-record.js';
import { foundColumns, type PurgeStep, planPurge } from './purge-plan.js';
import { syncFolder } from '../files/whole-file.js';
import { filesOfRebuilds, withRebuildLock } from './rebuild.js';
import { type WorkTables, withWorkTables } from './work-tables.js';

export interface PurgeSummary {
  /** The limit of the purge: documents of reports created before it; ISO 8601 in UTC. */
  before: string;
  /** How many documents had personal data that was removed. */
  documents: number;
  /** Parquet files that were rewritten. */
  parquetFiles: number;
  rawDocuments: number;
}

/** What a part of a purge removed. There may be as many documents as the ledger has. */
export interface PurgedPart {
  /** Keys of documents. */
  documents: string[];
  /** Files without a document, and copies of the warehouse file that rebuilds set aside. */
  removedFiles: string[];
}

export interface PurgeOptions {
  /** ISO 8601 in UTC. */
  before: string;
  /** Reports what would be removed, and removes nothing. */
  dryRun: boolean;
  onPart(part: PurgedPart): void;
}

/**
 * Removes the personal data of documents of older reports: from the Parquet of the lake, the
 * tables, the rejects and the ledger; their raw documents altogether; and what the warehouse file
 * and copies of it still contain of it, including the published one. Works on some documents at a
 * time. Only at the end are they marked in the ledger, so that a purge can simply be repeated after
 * a crash at any point.
 * Errors: WAREHOUSE_LOCKED, WAREHOUSE_UNREADABLE, PUBLISH_FAILED, PARQUET_FAILED, DISK_FULL.
 */
export async function purge(
  context: PipelineContext,
  { before, dryRun, onPart }: PurgeOptions,
): Promise<PurgeSummary> {
  const { config, warehouseFile } = context;
  const rewriter = await openParquetRewriter();
  const summary: PurgeSummary = { before, documents: 0, parquetFiles: 0, rawDocuments: 0 };
  const goThrough = async (tables: WorkTables, work: (step: PurgeStep) => Promise<void>) => {
    for await (const step of planPurge(context, before, rewriter, tables)) {
      await work(step);
      const documents = step.documents.map(({ entry }) => entry.key);
      summary.documents += documents.length;
      summary.parquetFiles += step.parquet.length;
      summary.rawDocuments += step.raws.length;
      onPart({ documents, removedFiles: step.leftovers.map(context.lake.nameOf) });
    }
    const copies = warehouseFile ? await filesOfRebuilds(warehouseFile.path) : [];
    onPart({ documents: [], removedFiles: copies });
    return copies;
  };
  const remove = async (tables: WorkTables) => {
    await tables.run('CREATE TABLE purged (key VARCHAR)');
    const copies = await goThrough(tables, async (step) => {
      await carryOut(step, context, rewriter);
      await tables.append(
        'purged',
        step.documents.map(({ entry }) => [entry.key]),
      );
    });
    await finish(tables, copies, context);
  };
  try {
    if (dryRun) await withWorkTables(config.state, (tables) => goThrough(tables, async () => {}));
    // If no warehouse file is rewritten, the lock lets one purge at a time go through the lake.
    else
      await withRebuildLock(warehouseFile?.path ?? join(config.state, 'lake'), () =>
        withWorkTables(config.state, remove),
      );
    return summary;
  } finally {
    rewriter.close();
  }
}

async function carryOut(step: PurgeStep, context: PipelineContext, rewriter: ParquetRewriter): Promise<void> {
  const { lake, warehouse, schemas } = context;
  const { documents, parquet, raws, leftovers } = step;
  await keepRebuildable(documents, context);
  const names = new Set(parquet.map(({ path }) => lakeName(lake, path)));
  // Until the new hashes are recorded, the files have none to compare: a crash must not make them
  // look damaged.
  for (const { record } of documents) {
    if (record?.entry.files.some(({ path }) => names.has(path))) {
      const files = record.entry.files.filter(({ path }) => !names.has(path));
      await replaceLoadRecord(lake, { ...record, entry: { ...record.entry, files } });
    }
  }
  const known = new Map(
    documents.flatMap(({ entry, record }) => (record?.entry ?? entry).files).map((file) => [file.path, file]),
  );
  const cleared = new Map<string, LakeFile>();
  for (const clearing of parquet) {
    const file = await clear(clearing, known.get(lakeName(lake, clearing.path)), lake, rewriter);
    if (file) cleared.set(file.path, file);
  }
  /** An earlier purge that a crash ended may have left a record without hashes. */
  const filesNow = ({ entry, record }: PurgeStep['documents'][number]): LakeFile[] => {
    const { files } = record?.entry ?? entry;
    const recorded = record ? parquetPaths(record).map((path) => lakeName(lake, path)) : [];
    const names = new Set([...files.map(({ path }) => path), ...recorded]);
    return [...names].flatMap((name) => cleared.get(name) ?? known.get(name) ?? []);
  };
  for (const file of leftovers) await lake.remove(file);
  faultPoint('lake-purged');
  for (const raw of raws) await removeRaw(context.raw, raw);
  faultPoint('raw-purged');
  if (documents.length === 0) return;
  const entries = documents.map((each) => ({ ...each.entry, files: filesNow(each) }));
  await warehouse.removePersonalData(entries, (reportType, table, columns) =>
    personalColumns(schemas.get(reportType ?? ''), table, columns, foundColumns(entries, table)),
  );
  faultPoint('rows-purged');
  for (const each of documents) {
    const { record } = each;
    if (!record) continue;
    const entry = { ...purgedEntry(record.entry), files: filesNow(each) };
    await replaceLoadRecord(lake, { ...record, entry });
  }
  faultPoint('records-marked');
}

/**
 * Removes what files of the warehouse still contain, and then marks the documents of `purged`.
 */
async function finish(
  tables: WorkTables,
  copies: string[],
  { config, warehouse, warehouseFile }: PipelineContext,
): Promise<void> {
  if (warehouseFile && (await tables.count('purged')) > 0) {
    const copy = publishConfig(config.warehouse)?.path;
    await warehouseFile.compact(warehouseFile.path);
    if (copy !== undefined) await warehouseFile.publish(warehouseFile.path, copy);
  }
  faultPoint('file-replaced');
  for (const file of copies) await rm(file, { recursive: true, force: true });
  // Once the documents are marked, no purge looks for copies that a power cut brings back.
  if (warehouseFile) await syncFolder(dirname(warehouseFile.path));
  faultPoint('copies-removed');
  for await (const page of tables.pages<{ key: string }>('purged', markedAtOnce)) {
    await warehouse.markPurged(page.map(({ key }) => key));
  }
}

/** Each call looks at the whole ledger. */
const markedAtOnce = 10_000;

/**
 * Replaces a file only if it is as it was read, so that a load that came meanwhile stays. Returns
 * the new size and hash of the file. A damaged file keeps the hash that it does not match, so that
 * no rebuild loads it. Returns undefined if the file does not exist.
 */
async function clear(
  { path, columns, value }: PurgeStep['parquet'][number],
  known: LakeFile | undefined,
  lake: Store,
  rewriter: ParquetRewriter,
): Promise<LakeFile | undefined> {
  try {
    const found = await lake.fetch(path);
    if (!found) return undefined;
    const isDamaged = known !== undefined && (await findDamage(path, known)) !== undefined;
    const digest = await rewriter.clear(path, columns, value);
    await lake.keep(path, { replaces: found.version });
    return isDamaged ? known : { path: lakeName(lake, path), ...digest };
  } finally {
    await lake.evictLocalCopy(path);
  }
}

/**
 * Parses documents again whose record or Parquet is missing, for example because of a crash after
 * their commit, without their personal data. Until now, a rebuild needed their raw bytes.
 */
async function keepRebuildable(documents: PurgeStep['documents'], context: PipelineContext): Promise<void> {
  const { config, lake, log } = context;
  const dropAll = pipelineRuleSpec.parse({ name: 'purge', queue: '', reportTypes: ['*'], pii: 'drop' });
  const dropping = { ...context, config: { ...config, pipelines: [], unsetPipelines: [dropAll] } };
  for (const document of documents) {
    const { key, sellerId, documentId, reportType, tables, pipeline } = document.entry;
    // Without a row in a rebuilt ledger, the next notification would download the document again.
    if (tables.length === 0) document.record ??= { entry: document.entry, tables: [], rejectsPath: null };
    const isRebuildable = document.record && (await isIntact(document.record, lake));
    if (isRebuildable || tables.length === 0 || !sellerId || !documentId || !reportType) continue;
    const raw = await findRaw(context.raw, { sellerId, documentId, reportType });
    const options = { pipeline, maxDocumentBytes: defaultMaxDocumentBytes };
    const load = raw && (await buildLoad(raw, options, dropping));
    if (load) await evictLocalCopies(load, lake);
    if (load && load.tables.length > 0) {
      document.record = load;
      await replaceLoadRecord(lake, load);
    } else {
      log.warn({ key }, 'from now on its rows are only in the warehouse, so a rebuild will not find them');
    }
  }
}

/** Whether the Parquet files of a load exist as they were written. */
async function isIntact(load: Load, lake: Store): Promise<boolean> {
  try {
    for (const path of parquetPaths(load)) if (!(await lake.fetch(path))) return false;
    return (await checkLakeFiles(load, lake)).damaged === undefined;
  } finally {
    await evictLocalCopies(load, lake);
  }
}

/** The ledger row of a document after a purge. */
function purgedEntry(entry: LedgerEntry): LedgerEntry {
  return {
    ...entry,
    rawPath: null,
    reason: entry.reason === null ? null : removedReason,
    ...withoutQuotations(entry),
    notes: isPurged(entry) ? entry.notes : [...entry.notes, purgedNote],
  };
}
