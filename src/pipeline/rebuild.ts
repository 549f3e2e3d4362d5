import { isThere } from '../files/whole-file.js';
import { chmod, copyFile, link, readdir, rename, rm, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { warehouseName } from '../config/read.js';
import { count } from '../count.js';
import { describeError, ReportsError } from '../errors.js';
import { takeLock } from '../files/file-lock.js';
import { findRaw, listRaw } from '../source/document/raw-store.js';
import type { RawDocument } from '../source/types.js';
import type { Store } from '../store/types.js';
import type { LedgerRow, Load, Warehouse } from '../warehouse/types.js';
import { ledgerKey, parquetPaths } from '../warehouse/types.js';
import type { PipelineContext, WarehouseFile } from './context.js';
import { ledgerEntry, rawFacts } from './ledger-entry.js';
import { prepareRaw } from './load-document.js';
import { letGoOf, readLoadRecords, writeLoadRecord } from './load-record.js';
import { documentsReason } from './pii-policy.js';

export interface RebuildSummary {
  /** Loads committed again from the Parquet of the lake. */
  fromLake: number;
  /** Documents parsed again from raw. */
  fromRaw: number;
  /** Keys of documents with rows in the old ledger whose Parquet and raw bytes are both gone. */
  lost: string[];
  /** Where the old file is now; null where there was none. */
  backup: string | null;
}

export interface RebuildOptions {
  maxDocumentBytes: number;
  /** Go on where documents of the old ledger are lost. */
  acceptLoss: boolean;
  /** Thrown, with the old file as it was, where there is neither a load in the lake nor a raw document. */
  unlessEmpty?: Error;
}

/**
 * Makes the warehouse file anew beside the old one, from the load records of the lake and, where their Parquet or record is missing or
 * damaged, from the raw documents; then puts it in the old one's place, which is kept. Meanwhile nobody can commit to the old file.
 * Errors: WAREHOUSE_LOCKED; REBUILD_INCOMPLETE, with the old file as it was; WAREHOUSE_IS_NO_FILE.
 */
export async function rebuild(context: PipelineContext, options: RebuildOptions): Promise<RebuildSummary> {
  const file = context.warehouseFile;
  if (!file) throw new ReportsError('WAREHOUSE_IS_NO_FILE', { path: warehouseName(context.config) });
  return whileNobodyRebuilds(file.path, async () => {
    const old = await readOldLedger(context);
    return file.hold(file.path, () => makeAnew(file, old, context, options));
  });
}

/**
 * Does work while no other process rebuilds the warehouse or purges. A damaged file can be held by nobody, so they keep each other out by a
 * lock of their own. Errors: WAREHOUSE_LOCKED.
 */
export async function whileNobodyRebuilds<T>(path: string, work: () => Promise<T>): Promise<T> {
  const lock = await takeLock(`${path}.rebuild.lock`);
  if (!lock) throw new ReportsError('WAREHOUSE_LOCKED', { path, found: 'it is being rebuilt or purged' });
  try {
    return await work();
  } finally {
    await lock.release();
  }
}

/** Files that rebuilds set aside or left behind, and what a crash left of one. */
export async function filesOfRebuilds(path: string): Promise<string[]> {
  const own = [`${basename(path)}.before-rebuild-`, `${basename(path)}.rebuild`];
  const names = await readdir(dirname(path)).catch(() => []);
  return names
    .filter((name) => own.some((beginning) => name.startsWith(beginning)) && !name.endsWith('.lock'))
    .map((name) => join(dirname(path), name))
    .sort();
}

async function makeAnew(
  { path, open }: WarehouseFile,
  old: Map<string, LedgerRow> | undefined,
  context: PipelineContext,
  options: RebuildOptions,
): Promise<RebuildSummary> {
  const fresh = `${path}.rebuild`;
  await rm(fresh, { force: true });
  await rm(`${fresh}.wal`, { force: true });
  const warehouse = open(fresh);
  const records = new Map((await readLoadRecords(context.lake)).map((load) => [load.entry.key, load]));
  const files = new Set(await context.lake.list());
  const whole = [...records.values()].filter((load) => isWhole(load, files));
  const done = new Set(whole.map((load) => load.entry.key));
  const raws = await rawsToParse(context, whole, old);
  if (options.unlessEmpty && whole.length + raws.size === 0) throw options.unlessEmpty;
  const lost = [...(old?.values() ?? [])].filter(
    ({ key, tables }) => tables.length > 0 && !done.has(key) && !raws.has(key),
  );
  if (lost[0] && !options.acceptLoss) {
    const { lake, raw } = context;
    throw new ReportsError('REBUILD_INCOMPLETE', {
      path,
      count: count(lost.length, 'document'),
      first: lost[0].key,
      lake: lake.place,
      raw: raw.place,
    });
  }
  const summary: RebuildSummary = {
    fromLake: 0,
    fromRaw: 0,
    lost: lost.map(({ key }) => key),
    backup: null,
  };
  const loads = [...whole];
  for (const [key, raw] of raws) {
    loads.push(await parseAgain(raw, records.get(key) ?? old?.get(key), context, options));
    summary.fromRaw += 1;
  }
  summary.fromLake = whole.length;
  await commitAll(loads.sort(byReportAge), warehouse, context, options);
  summary.backup = await putInPlace(fresh, path);
  return summary;
}

/** The ledger of the old file; undefined where it can't be read. */
async function readOldLedger({
  warehouse,
  log,
}: PipelineContext): Promise<Map<string, LedgerRow> | undefined> {
  try {
    const rows = await warehouse.loads({});
    return rows.length > 0 ? new Map(rows.map((row) => [row.key, row])) : undefined;
  } catch (error) {
    if (error instanceof ReportsError && error.code === 'WAREHOUSE_LOCKED') throw error;
    log.info(`the old warehouse file can't be read: ${describeError(error)}`);
    return undefined;
  }
}

/** Raw documents without a usable load, by key: those that the old ledger has, or all where nobody knows what it had. */
async function rawsToParse(
  context: PipelineContext,
  whole: Load[],
  old: Map<string, LedgerRow> | undefined,
): Promise<Map<string, RawDocument>> {
  const raws = new Map<string, RawDocument>();
  const done = new Set(whole.map((load) => load.entry.key));
  const known = whole.flatMap(({ entry }) => (entry.rawPath ? join(context.raw.folder, entry.rawPath) : []));
  for await (const raw of listRaw(context.raw, new Set(known))) {
    const key = ledgerKey(raw.facts);
    // The document of a FATAL report is an explanation.
    if (done.has(key) || raw.facts.reportStatus === 'FATAL') continue;
    if (!old || old.has(key)) raws.set(key, raw);
  }
  return raws;
}

async function parseAgain(
  raw: RawDocument,
  known: Load | LedgerRow | undefined,
  context: PipelineContext,
  { maxDocumentBytes }: RebuildOptions,
): Promise<Load> {
  const pipeline = known ? ('entry' in known ? known.entry : known).pipeline : null;
  const load = await prepareRaw(raw, { pipeline, maxDocumentBytes }, context);
  await writeLoadRecord(context.lake, load);
  await letGoOf(load, context.lake);
  return load;
}

/** Many together; where one of them is refused one by one, and that one from raw, or without its rows. */
async function commitAll(
  loads: Load[],
  warehouse: Warehouse,
  context: PipelineContext,
  options: RebuildOptions,
): Promise<void> {
  const together = 50;
  for (let start = 0; start < loads.length; start += together) {
    const group = loads.slice(start, start + together);
    await withFiles(group, context.lake, async () => {
      try {
        await warehouse.commit(group);
      } catch {
        for (const load of group) await commitOne(load, warehouse, context, options);
      }
    });
  }
}

/** Works with the Parquet files of loads at hand. That a bucket is not reached is no document's fault, and ends the rebuild. */
async function withFiles(loads: Load[], lake: Store, work: () => Promise<void>): Promise<void> {
  try {
    await Promise.all(loads.flatMap(parquetPaths).map((path) => lake.fetch(path)));
    await work();
  } finally {
    for (const load of loads) await letGoOf(load, lake);
  }
}

/** Commits a load whose files are at hand. */
async function commitOne(
  load: Load,
  warehouse: Warehouse,
  context: PipelineContext,
  options: RebuildOptions,
): Promise<void> {
  try {
    await warehouse.commit([load]);
  } catch (error) {
    const { sellerId, documentId, reportType } = load.entry;
    if (!sellerId || !documentId || !reportType) throw error;
    context.log.warn({ key: load.entry.key }, `committing it from the lake: ${describeError(error)}`);
    const raw = await findRaw(context.raw, { sellerId, documentId, reportType });
    const commitRefused = async (refused: unknown) => {
      const facts = raw ? rawFacts(raw, context.raw.folder) : {};
      const reason = documentsReason(refused, load.entry, context);
      const entry = ledgerEntry({ ...load.entry, ...facts, ...reason, tables: [], rejects: 0 });
      await warehouse.commit([{ entry, tables: [], rejectsPath: null }]);
    };
    if (!raw) return commitRefused(error);
    const again = await parseAgain(raw, load, context, options);
    await withFiles([again], context.lake, () => warehouse.commit([again]).then(() => {}, commitRefused));
  }
}

/**
 * Gives the new file the old one's name; the old one and its log are kept under another. There is a file of that name at any time: where
 * there was none after a crash, the next commit would begin an empty warehouse.
 */
async function putInPlace(fresh: string, path: string): Promise<string | null> {
  let backup: string | null = null;
  if (isThere(path)) {
    if (isThere(fresh)) await chmod(fresh, (await stat(path)).mode & 0o777);
    backup = `${path}.before-rebuild-${new Date().toISOString().replace(/[-:.]/g, '')}`;
    await link(path, backup).catch(() => copyFile(path, backup as string));
    if (isThere(`${path}.wal`)) await rename(`${path}.wal`, `${backup}.wal`);
  }
  if (isThere(fresh)) await rename(fresh, path);
  else await rm(path, { force: true });
  return backup;
}

/** Whether all Parquet files of a load are among those of the lake. */
export function isWhole(load: Load, files: Set<string>): boolean {
  return parquetPaths(load).every((path) => files.has(path));
}

/** The oldest report first. */
function byReportAge(a: Load, b: Load): number {
  const left = `${a.entry.reportCreatedAt ?? ''} ${a.entry.key}`;
  const right = `${b.entry.reportCreatedAt ?? ''} ${b.entry.key}`;
  return left < right ? -1 : left > right ? 1 : 0;
}
