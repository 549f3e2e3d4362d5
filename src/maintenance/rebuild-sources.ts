import { join, relative } from 'node:path';
import { describeError, faultOf, isDamagedWarehouse, ReportsError } from '../errors/reports-error.js';
import type { PipelineContext } from '../ingest/context.js';
import { readRecords, recordPathsOf } from '../ingest/load-record.js';
import { type Failure, failureOf } from '../ingest/work-summary.js';
import { rawPathsOf, readRaws } from '../source/document/raw-store.js';
import { ledgerFieldPages, ledgerPages } from '../warehouse/ledger/ledger-pages.js';
import { type HeldLedger, type LedgerEntry, ledgerKey, parquetPaths } from '../warehouse/types.js';

/**
 * What is known of a document before it is its turn. There is one for each document, so it names
 * the files and does not contain what is in them.
 */
export interface FoundSource {
  key: string;
  /** When its report was created; '' if unknown. */
  createdAt: string;
  /** Whether it had rows by the old ledger; undefined if that does not have it. */
  hadRows?: boolean;
  /** The path of its load record. */
  record?: string;
  /** Whether all Parquet files of its load record exist. */
  isWhole: boolean;
  /** The path of its raw document, if the Parquet files do not all exist. */
  raw?: string;
  /** Why its raw document is unreadable. */
  damage?: Error;
}

export interface Sources {
  /** The oldest report first. */
  documents: FoundSource[];
  /** Keys of documents of the old ledger that had rows, and have neither Parquet nor raw bytes. */
  lost: string[];
  /** Raw documents that cannot be identified, because their metadata is unreadable. */
  failures: Failure[];
}

/**
 * Finds the sources of all documents of a warehouse: the loads of the lake, and for the others the
 * raw documents that the old ledger has, or all raw documents if the old ledger is unreadable or
 * empty.
 */
export async function findSources(context: PipelineContext, ledger: HeldLedger): Promise<Sources> {
  const { lake, raw: rawStore, log, onEvent } = context;
  const old = await readOldLedger(ledger, context);
  const found = old ?? new Map<string, FoundSource>();
  onEvent({ event: 'step_advanced', step: 'listing files', done: 0 });
  const inLake = await lake.list();
  const unclaimed = new Set(rawPathsOf(await rawStore.list()));
  const byRawPath = await findRecords();
  const unreadable = await findRaws();
  const failures = await findDamaged();
  const all = [...found.values()];
  return {
    documents: all.filter(isThere).sort(byReportAge),
    lost: all.filter((source) => source.hadRows && !isThere(source)).map(({ key }) => key),
    failures,
  };

  function add(key: string, files: Omit<Partial<FoundSource>, 'key' | 'hadRows'>): void {
    found.set(key, Object.assign(found.get(key) ?? { key, createdAt: '', isWhole: false }, files));
  }

  /** What records without all of their Parquet files say, by the path of the raw document. */
  async function findRecords(): Promise<Map<string, EntryOfRaw>> {
    const files = new Set(inLake.filter((path) => path.endsWith('.parquet')));
    const paths = recordPathsOf(inLake, lake);
    const incomplete = new Map<string, EntryOfRaw>();
    let done = 0;
    for await (const records of readRecords(lake, paths)) {
      done += records.length;
      onEvent({ event: 'step_advanced', step: 'reading load records', done, total: paths.length });
      for (const { path, load } of records) {
        const { key, reportCreatedAt, rawPath } = load.entry;
        const isWhole = parquetPaths(load).every((each) => files.has(each));
        add(key, { createdAt: reportCreatedAt ?? '', record: path, isWhole });
        if (rawPath === null) continue;
        if (isWhole) unclaimed.delete(join(rawStore.folder, rawPath));
        else incomplete.set(rawPath, { key, reportCreatedAt });
      }
    }
    return incomplete;
  }

  /** Returns the paths of raw documents whose metadata is unreadable. */
  async function findRaws(): Promise<Map<string, Error>> {
    const damaged = new Map<string, Error>();
    let done = 0;
    const onUnreadable = (path: string, error: Error) => damaged.set(path, error);
    for await (const { path, metadata } of readRaws(rawStore, [...unclaimed], onUnreadable)) {
      done += 1;
      onEvent({ event: 'step_advanced', step: 'reading raw documents', done, total: unclaimed.size });
      const key = ledgerKey(metadata);
      const source = found.get(key);
      // The document of a FATAL report is an explanation, without rows.
      if (source?.isWhole || metadata.reportStatus === 'FATAL') continue;
      if (!old || source?.hadRows !== undefined) {
        add(key, { createdAt: metadata.reportCreatedAt ?? '', raw: path });
      }
    }
    return damaged;
  }

  async function findDamaged(): Promise<Failure[]> {
    const failed: Failure[] = [];
    if (unreadable.size > 0 && old) {
      for await (const page of ledgerFieldPages(ledger, context.clock, rawFields)) {
        for (const { rawPath, ...entry } of page) {
          if (rawPath && unreadable.has(join(rawStore.folder, rawPath))) byRawPath.set(rawPath, entry);
        }
      }
    }
    for (const [path, error] of unreadable) {
      const entry = byRawPath.get(relative(rawStore.folder, path));
      log.warn({ key: entry?.key }, error.message);
      const source = entry && found.get(entry.key);
      if (entry && !(source && isThere(source))) {
        add(entry.key, { createdAt: entry.reportCreatedAt ?? '', damage: error });
      }
      if (!entry && !old) failed.push(failureOf({ key: rawStore.nameOf(path), sellerId: null }, error));
    }
    return failed;
  }
}

const rawFields = ['key', 'reportCreatedAt', 'rawPath'] as const;
type EntryOfRaw = Pick<LedgerEntry, 'key' | 'reportCreatedAt'>;

/**
 * The documents of the old ledger, the last loaded first; undefined if it is empty or damaged.
 * Reads all of its columns, because damage may be in any of them.
 * Errors: WAREHOUSE_LOCKED, WAREHOUSE_OUT_OF_MEMORY, and those of the machine.
 */
async function readOldLedger(
  ledger: HeldLedger,
  { clock, log, onEvent }: PipelineContext,
): Promise<Map<string, FoundSource> | undefined> {
  const found: FoundSource[] = [];
  const advance = () =>
    onEvent({ event: 'step_advanced', step: 'reading the old ledger', done: found.length });
  advance();
  try {
    for await (const page of ledgerPages(ledger, clock)) {
      for (const { key, tables } of page) {
        found.push({ key, createdAt: '', hadRows: tables.length > 0, isWhole: false });
      }
      advance();
    }
  } catch (error) {
    // What it has is unknown, and not lost: without the ledger, no loss would be noticed.
    if (!mayBeDamage(error)) throw error;
    log.info(`the old warehouse file cannot be read: ${describeError(error)}`);
    return undefined;
  }
  return found.length > 0 ? new Map(found.reverse().map((source) => [source.key, source])) : undefined;
}

/** Damage may show in any error, except in those of the machine and of limits. */
function mayBeDamage(error: unknown): boolean {
  if (isDamagedWarehouse(error)) return true;
  const isLimit =
    error instanceof ReportsError && ['WAREHOUSE_LOCKED', 'WAREHOUSE_OUT_OF_MEMORY'].includes(error.code);
  return !isLimit && faultOf(error) !== 'machine';
}

/** Whether there is anything to rebuild a document from. */
function isThere({ isWhole, raw, damage }: FoundSource): boolean {
  return isWhole || raw !== undefined || damage !== undefined;
}

/** The oldest report first. */
function byReportAge(a: FoundSource, b: FoundSource): number {
  return compareText(a.createdAt, b.createdAt) || compareText(a.key, b.key);
}

function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
