import { execFileSync } from 'node:child_process';
import { createReadStream, rmSync } from 'node:fs';
import { join } from 'node:path';
import { createGunzip } from 'node:zlib';
import { runDuckDb, selectDocument, selectJson } from './duckdb.mjs';
// The built program is measured, in a process that does nothing else.
import { systemClock } from '../../dist/runtime/clock.js';
import { convertDocument } from '../../dist/ingest/convert-document.js';
import { IngestRun } from '../../dist/ingest/ingest-run.js';
import { SharedWork } from '../../dist/ingest/shared-work.js';
import { packagedSchemasFolder, readSchemas } from '../../dist/schema/read.js';
import { listRaw } from '../../dist/source/document/raw-store.js';
import { openDuckDbWarehouse } from '../../dist/warehouse/duckdb/warehouse.js';
import { openPostgresWarehouse } from '../../dist/warehouse/postgres/warehouse.js';
import { ledgerKey } from '../../dist/warehouse/types.js';
import { openFolderStore } from '../../dist/store/folder-store.js';

/**
 * The input of a contestant.
 * @typedef {object} Input
 * @property {string} reportType
 * @property {string} path The gzipped document.
 * @property {string} raw A raw folder with the documents that go into a table.
 * @property {string[]} header
 * @property {string} folder A folder for this contestant only.
 */

const maxDocumentBytes = 2 ** 40;
/** The default of pipelines. */
const concurrency = 2;

/** By name, a function that prepares a contestant and returns the function to time. */
export const contestants = {
  columnar: convertWith('columnar'),
  reference: convertWith('reference'),
  'duckdb-copy': copyWith({}),
  'duckdb-copy-1-thread': copyWith({ threads: 1 }),
  'duckdb-copy-untold': ({ reportType, path, folder }) =>
    copy(selectJson(reportType, path, { hasStructure: false }), folder, {}),
  gunzip: ({ path }) => {
    return async () => {
      for await (const _ of createReadStream(path).pipe(createGunzip()));
    };
  },
  'columnar-to-table': loadIntoFile,
  'columnar-to-postgres': (input) => loadIntoPostgres(input, 'bench_loaded'),
  'psql-copy': (input) => copyByPsql(input, { indexesFirst: true }),
  'psql-copy-then-index': (input) => copyByPsql(input, { indexesFirst: false }),
  'duckdb-to-table': ({ reportType, path, header, folder }) => {
    const file = join(folder, 'duckdb.duckdb');
    return async () => {
      rmSync(file, { force: true });
      await runDuckDb([`CREATE TABLE orders AS ${selectDocument(reportType, path, header)}`], { path: file });
    };
  },
  'small-documents': loadIntoFile,
};

function convertWith(engine) {
  return (/** @type {Input} */ { reportType, path, folder }) => {
    const metadata = { sellerId: 'A1', reportType, marketplaceIds: [], documentId: 'd1' };
    const schema = readSchemas({ folders: [packagedSchemasFolder()] }).get(reportType);
    return async () => {
      const raw = { metadata, path, bytes: 0 };
      await convertDocument(
        raw,
        { lake: openFolderStore(folder), engine },
        { schema, maxTextBytes: maxDocumentBytes },
      );
    };
  };
}

function copyWith(options) {
  return (/** @type {Input} */ { reportType, path, header, folder }) => {
    return copy(selectDocument(reportType, path, header), folder, options);
  };
}

function copy(select, folder, options) {
  const target = join(folder, 'duckdb.parquet');
  return () => runDuckDb([`COPY (${select}) TO '${target}' (FORMAT parquet, COMPRESSION snappy)`], options);
}

function loadIntoFile(/** @type {Input} */ input) {
  const path = join(input.folder, 'warehouse.duckdb');
  return loadAll(input, () => {
    for (const each of [path, `${path}.wal`]) rmSync(each, { force: true });
    return openDuckDbWarehouse({ path });
  });
}

/** The server of scripts/postgres. */
const postgresUrl = process.env.POSTGRES_URLS?.split(' ')[0] ?? '';

function loadIntoPostgres(/** @type {Input} */ input, /** @type {string} */ schema) {
  return loadAll(input, () => {
    psql(`DROP SCHEMA IF EXISTS ${schema} CASCADE`);
    return openPostgresWarehouse({ url: postgresUrl, schema });
  });
}

/**
 * Copies the same rows, as a CSV file, into an equal table with the same indexes, which are made
 * before the rows or after them. The table and the file are made beforehand.
 */
async function copyByPsql(/** @type {Input} */ input, { indexesFirst }) {
  const load = await loadIntoPostgres(input, 'bench_rows');
  await load();
  const [table] = psql(
    "SELECT table_name FROM information_schema.columns WHERE table_schema = 'bench_rows' AND column_name = '_row'",
  ).split('\n');
  const file = join(input.folder, 'rows.csv');
  psql(`\\copy (SELECT * FROM bench_rows.${table}) TO '${file}' CSV`);
  const indexes = psql(
    `SELECT REPLACE(indexdef, 'bench_rows.' || tablename, 'bench_copied.rows') FROM pg_indexes
     WHERE schemaname = 'bench_rows' AND tablename = '${table}'`,
  ).split('\n');
  const make = [
    'DROP SCHEMA IF EXISTS bench_copied CASCADE; CREATE SCHEMA bench_copied',
    `CREATE TABLE bench_copied.rows (LIKE bench_rows.${table} INCLUDING ALL EXCLUDING INDEXES)`,
  ];
  return () => {
    for (const each of make) psql(each);
    if (indexesFirst) psql(indexes.join(';'));
    psql(`\\copy bench_copied.rows FROM '${file}' CSV`);
    if (!indexesFirst) psql(indexes.join(';'));
  };
}

function psql(/** @type {string} */ command) {
  const args = [postgresUrl, '--no-psqlrc', '--quiet', '-At', '-v', 'ON_ERROR_STOP=1', '-c', command];
  const options = { encoding: 'utf8', env: { ...process.env, PGOPTIONS: '-c client_min_messages=warning' } };
  return execFileSync('psql', args, options).trim();
}

/**
 * Loads downloaded documents like a drain: several are converted concurrently, and those that are
 * ready are committed together.
 * @param {() => import('../../dist/warehouse/types.js').Warehouse} openEmpty
 */
async function loadAll(/** @type {Input} */ { raw: rawFolder, folder }, openEmpty) {
  const documents = [];
  const raw = openFolderStore(rawFolder);
  for await (const { metadata } of listRaw(raw)) documents.push(metadata);
  const schemas = readSchemas({ folders: [packagedSchemasFolder()] });
  const unlimited = { available: () => 1e6, nextAvailableMs: () => 0, possibleUntil: () => 1e6 };
  return async () => {
    const context = {
      config: {
        engine: 'columnar',
        sellers: [],
        pipelines: [],
        unsetPipelines: [],
      },
      lake: openFolderStore(join(folder, 'lake')),
      raw,
      clock: systemClock,
      schemas,
      warehouse: openEmpty(),
      documentQuota: () => unlimited,
      log: { info() {}, warn: console.error, error: console.error },
      onEvent() {},
    };
    const { signal } = new AbortController();
    const deadlineMs = Date.now() + 3_600_000;
    const shared = new SharedWork(context);
    const work = new IngestRun(
      { ...context, shared },
      {
        maxConcurrent: concurrency,
        deadlineMs,
        stop: signal,
        abort: signal,
      },
    );
    for (const metadata of documents) {
      await work.hasRoom();
      work.add({ key: ledgerKey(metadata), report: reportOf(metadata), messages: [] });
    }
    const { outcomes } = await work.finish();
    if (outcomes.loaded !== documents.length) throw new Error(`not all loaded: ${JSON.stringify(outcomes)}`);
  };
}

function reportOf({ sellerId, documentId, reportType, marketplaceIds, reportCreatedAt }) {
  const status = 'DONE';
  const report = { reportId: documentId, reportType, status, marketplaceIds, createdAt: reportCreatedAt };
  return { sellerId, reportType, status, report, documentId, pipeline: null, maxDocumentBytes };
}
