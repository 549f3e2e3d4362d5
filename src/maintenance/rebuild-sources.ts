import { join } from 'node:path';
import { describeError, faultOf, isDamagedWarehouse, ReportsError } from '../errors/reports-error.js';
import type { PipelineContext } from '../ingest/context.js';
import { readRecords, recordPathsOf } from '../ingest/load-record.js';
import { type Failure, failureOf } from '../ingest/work-summary.js';
import { rawPathsOf, readRaws } from '../source/document/raw-store.js';
import { ledgerFieldPages, ledgerPages } from '../warehouse/ledger/ledger-pages.js';
import {
  type HeldLedger,
  type LedgerEntry,
  ledgerKey,
  type LedgerRow,
  parquetPaths,
} from '../warehouse/types.js';
import type { WorkTables } from './work-tables.js';

/**
 * What is known of a document before it is its turn. There is one for each document, so it names
 * the files and does not contain what is in them.
 */
export interface FoundSource {
  key: string;
  /** When its report was created; '' if unknown. */
  createdAt: string;
  /** When it was loaded, by the old ledger; null if that does not have it. */
  loadedAt: string | null;
  /** The path of its load record. */
  record: string | null;
  /** Whether all Parquet files of its load record exist. */
  isWhole: boolean;
  /** The path of its raw document, if the Parquet files do not all exist. */
  raw: string | null;
  /** Why its raw document is unreadable. */
  damage?: Error;
}

export interface Sources {
  count: number;
  /** The oldest report first, in pages: a warehouse of any size needs the memory of one. */
  pages(): AsyncGenerator<FoundSource[]>;
  lostCount: number;
  /** Keys of documents of the old ledger that had rows, and have neither Parquet nor raw bytes. */
  lost(): AsyncGenerator<string[]>;
  /** Raw documents that cannot be identified, because their metadata is unreadable. */
  failures: Failure[];
}

/**
 * Finds the sources of all documents of a warehouse: the loads of the lake, and for the others the
 * raw documents that the old ledger has, or all raw documents if the old ledger is unreadable or
 * empty. They are listed in `tables`.
 */
export async function findSources(
  context: PipelineContext,
  ledger: HeldLedger,
  tables: WorkTables,
): Promise<Sources> {
  const { lake, raw: rawStore, log, onEvent } = context;
  for (const each of listTables) await tables.run(each);
  const hasLedger = await readOldLedger(ledger, tables, context);
  await listFiles();
  await readLoadRecords();
  const damages = new Map<string, Error>();
  const failures = await findDamaged(await readRawDocuments());
  for (const each of joinSources) await tables.run(each);
  return {
    count: await tables.count('source'),
    async *pages() {
      for await (const page of tables.pages<FoundSource>('source')) {
        yield page.map((source) => {
          const isThere = source.isWhole || source.raw !== null;
          return { ...source, damage: isThere ? undefined : damages.get(source.key) };
        });
      }
    },
    lostCount: await tables.count('lost'),
    async *lost() {
      for await (const page of tables.pages<{ key: string }>('lost')) yield page.map(({ key }) => key);
    },
    failures,
  };

  async function listFiles(): Promise<void> {
    let done = 0;
    const advance = () => onEvent({ event: 'step_advanced', step: 'listing files', done });
    advance();
    for await (const paths of lake.pages()) {
      const parquet = paths.filter((path) => path.endsWith('.parquet'));
      await tables.append('parquet', parquet.map(inRow));
      await tables.append('found_record', recordPathsOf(paths, lake).map(inRow));
      done += paths.length;
      advance();
    }
    for await (const paths of rawStore.pages()) {
      await tables.append('found_raw', rawPathsOf(paths).map(inRow));
      done += paths.length;
      advance();
    }
    await tables.run('CREATE TABLE record_path AS SELECT path FROM found_record ORDER BY path');
  }

  async function readLoadRecords(): Promise<void> {
    const total = await tables.count('record_path');
    let done = 0;
    for await (const paths of pathPages('record_path')) {
      for await (const records of readRecords(lake, paths)) {
        done += records.length;
        onEvent({ event: 'step_advanced', step: 'reading load records', done, total });
        await tables.append(
          'load_record',
          records.map(({ path, load: { entry } }) => [
            entry.key,
            entry.reportCreatedAt ?? '',
            path,
            entry.rawPath === null ? null : join(rawStore.folder, entry.rawPath),
          ]),
        );
        await tables.append(
          'needed',
          records.flatMap(({ path, load }) => parquetPaths(load).map((each) => [path, each])),
        );
      }
    }
    for (const each of joinRecords) await tables.run(each);
  }

  /** Returns the paths of raw documents whose metadata is unreadable. */
  async function readRawDocuments(): Promise<Map<string, Error>> {
    const damaged = new Map<string, Error>();
    const total = await tables.count('raw_path');
    let done = 0;
    const onUnreadable = (path: string, error: Error) => damaged.set(path, error);
    for await (const paths of pathPages('raw_path')) {
      const rows: string[][] = [];
      for await (const { path, metadata } of readRaws(rawStore, paths, onUnreadable)) {
        done += 1;
        onEvent({ event: 'step_advanced', step: 'reading raw documents', done, total });
        // The document of a FATAL report is an explanation, without rows.
        if (metadata.reportStatus === 'FATAL') continue;
        rows.push([ledgerKey(metadata), metadata.reportCreatedAt ?? '', path]);
      }
      await tables.append('raw_document', rows);
    }
    await tables.run(joinRaws(hasLedger));
    return damaged;
  }

  async function findDamaged(unreadable: Map<string, Error>): Promise<Failure[]> {
    const failed: Failure[] = [];
    if (unreadable.size === 0) return failed;
    const byRawPath = new Map<string, EntryOfRaw>();
    for await (const page of tables.pages<EntryOfRaw & { path: string }>('incomplete')) {
      for (const { path, ...entry } of page) if (unreadable.has(path)) byRawPath.set(path, entry);
    }
    if (hasLedger) {
      for await (const page of ledgerFieldPages(ledger, context.clock, rawFields)) {
        for (const { rawPath, ...entry } of page) {
          const path = rawPath && join(rawStore.folder, rawPath);
          if (path && unreadable.has(path)) byRawPath.set(path, entry);
        }
      }
    }
    for (const [path, error] of unreadable) {
      const entry = byRawPath.get(path);
      log.warn({ key: entry?.key }, error.message);
      if (entry && !damages.has(entry.key)) {
        damages.set(entry.key, error);
        await tables.append('damaged', [[entry.key, entry.reportCreatedAt ?? '']]);
      }
      if (!entry && !hasLedger) {
        failed.push(failureOf({ key: rawStore.nameOf(path), sellerId: null }, error));
      }
    }
    return failed;
  }

  async function* pathPages(table: string): AsyncGenerator<string[]> {
    for await (const page of tables.pages<{ path: string }>(table)) yield page.map(({ path }) => path);
  }
}

const inRow = (path: string) => [path];

const listTables = [
  'CREATE TABLE ledger (key VARCHAR, had_rows BOOLEAN, loaded_at VARCHAR)',
  'CREATE TABLE parquet (path VARCHAR)',
  'CREATE TABLE found_record (path VARCHAR)',
  'CREATE TABLE found_raw (path VARCHAR)',
  'CREATE TABLE load_record (key VARCHAR, created_at VARCHAR, path VARCHAR, raw_path VARCHAR)',
  'CREATE TABLE needed (record VARCHAR, path VARCHAR)',
  'CREATE TABLE raw_document (key VARCHAR, created_at VARCHAR, path VARCHAR)',
  'CREATE TABLE damaged (key VARCHAR, created_at VARCHAR)',
];

/**
 * The load records, those without all of their Parquet files, and the raw documents that no whole
 * load is of. If several files are about one document, the last by path counts.
 */
const joinRecords = [
  `CREATE TABLE record AS
   SELECT each.*, each.path NOT IN (SELECT record FROM needed ANTI JOIN parquet USING (path)) AS is_whole
   FROM load_record each SEMI JOIN (SELECT max(path) AS path FROM load_record GROUP BY key) USING (path)`,
  `CREATE TABLE incomplete AS
   SELECT key, created_at AS reportCreatedAt, raw_path AS path FROM record
   WHERE NOT is_whole AND raw_path IS NOT NULL ORDER BY record.path`,
  `CREATE TABLE raw_path AS
   SELECT path FROM found_raw ANTI JOIN (SELECT raw_path AS path FROM record WHERE is_whole) USING (path)
   ORDER BY path`,
];

/** Raw documents to read: of documents that no whole load is of, and that the old ledger has. */
function joinRaws(hasLedger: boolean): string {
  return `CREATE TABLE raw AS
    SELECT each.* FROM raw_document each
    SEMI JOIN (SELECT max(path) AS path FROM raw_document GROUP BY key) USING (path)
    ANTI JOIN (SELECT key FROM record WHERE is_whole) USING (key)
    ${hasLedger ? 'SEMI JOIN ledger USING (key)' : ''}`;
}

/** The documents that there is anything to rebuild from, and those that are lost. */
const joinSources = [
  `CREATE TABLE source AS
   SELECT key, ledger.loaded_at AS "loadedAt", record.path AS record, raw.path AS raw,
     coalesce(record.is_whole, false) AS "isWhole",
     coalesce(CASE WHEN record.is_whole OR raw.path IS NOT NULL THEN raw.created_at ELSE damaged.created_at END,
       record.created_at, '') AS "createdAt"
   FROM ledger FULL JOIN record USING (key) FULL JOIN raw USING (key) FULL JOIN damaged USING (key)
   WHERE record.is_whole OR raw.path IS NOT NULL OR damaged.key IS NOT NULL
   ORDER BY "createdAt", key`,
  `CREATE TABLE lost AS
   SELECT key FROM ledger ANTI JOIN source USING (key) WHERE had_rows ORDER BY ledger.rowid DESC`,
];

const rawFields = ['key', 'reportCreatedAt', 'rawPath'] as const;
type EntryOfRaw = Pick<LedgerEntry, 'key' | 'reportCreatedAt'>;

/**
 * Lists the documents of the old ledger, the first loaded first. Returns whether there are any:
 * none are listed if it is empty or damaged. Reads all of its columns, because damage may be in any
 * of them.
 * Errors: WAREHOUSE_LOCKED, WAREHOUSE_OUT_OF_MEMORY, and those of the machine.
 */
async function readOldLedger(
  ledger: HeldLedger,
  tables: WorkTables,
  { clock, log, onEvent }: PipelineContext,
): Promise<boolean> {
  let done = 0;
  const advance = () => onEvent({ event: 'step_advanced', step: 'reading the old ledger', done });
  advance();
  const pages = ledgerPages(ledger, clock);
  for (;;) {
    const page = await nextPage();
    if (page === 'damaged') {
      await tables.run('TRUNCATE ledger');
      return false;
    }
    if (!page) return done > 0;
    await tables.append(
      'ledger',
      page.map((row) => [row.key, row.tables.length > 0, row.loadedAt]),
    );
    done += page.length;
    advance();
  }

  async function nextPage(): Promise<LedgerRow[] | 'damaged' | undefined> {
    try {
      return (await pages.next()).value ?? undefined;
    } catch (error) {
      // What it has is unknown, and not lost: without the ledger, no loss would be noticed.
      if (!mayBeDamage(error)) throw error;
      log.info(`the old warehouse file cannot be read: ${describeError(error)}`);
      return 'damaged';
    }
  }
}

/** Damage may show in any error, except in those of the machine and of limits. */
function mayBeDamage(error: unknown): boolean {
  if (isDamagedWarehouse(error)) return true;
  const isLimit =
    error instanceof ReportsError && ['WAREHOUSE_LOCKED', 'WAREHOUSE_OUT_OF_MEMORY'].includes(error.code);
  return !isLimit && faultOf(error) !== 'machine';
}
