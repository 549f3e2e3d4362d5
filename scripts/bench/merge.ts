import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';
import { DuckDBInstance } from '@duckdb/node-api';
import pg from 'pg';
import { usualReportType, writeDocument } from './document.js';
import { figuresEnvironment, main, readFigures } from './program-figures.js';

/**
 * `npm run bench:merge -- [MODE…] ROWS…`: how long the built program takes for a document of 20,000
 * rows, all of which replace rows of a table, and for one that is older than they, while the table
 * grows to each of these numbers of rows. Into the server of `scripts/postgres` if that runs the
 * command, otherwise into DuckDB.
 */
const rows = 20_000;
/** For each load mode a report type, and the column that makes a row another one's. */
const modes: Record<string, { reportType: string; table: string; other: string }> = {
  merge: { reportType: usualReportType, table: 'orders_by_last_update', other: 'amazon_order_id' },
  replace: {
    reportType: 'GET_V2_SETTLEMENT_REPORT_DATA_FLAT_FILE_V2',
    table: 'settlement_v2',
    other: 'settlement_id',
  },
  snapshot: { reportType: 'GET_MERCHANT_LISTINGS_ALL_DATA', table: 'listings', other: '_seller_id' },
};

const postgresUrl = process.env.POSTGRES_URLS?.split(' ')[0];
const schema = 'bench_merge';
const given = process.argv.slice(2);
const sizes = given.filter((argument) => !(argument in modes)).map(Number);
const wanted = Object.keys(modes).filter((mode) => given.includes(mode));

console.log('| mode | rows in the table | seconds | CPU seconds | peak MB |\n|---|---:|---:|---:|---:|');
for (const mode of wanted.length > 0 ? wanted : Object.keys(modes)) await measureMode(mode);

async function measureMode(mode: string): Promise<void> {
  const { reportType, table, other } = modes[mode] as (typeof modes)[string];
  const folder = mkdtempSync(join(tmpdir(), 'sp-reports-merge-'));
  const warehouse = postgresUrl
    ? `{ type: postgres, url: "\${DATABASE_URL}", schema: ${schema} }`
    : '{ path: warehouse.duckdb }';
  writeFileSync(join(folder, 'pipelines.yaml'), `warehouse: ${warehouse}\n`);
  const change = postgresUrl ? inPostgres(postgresUrl) : inDuckDB(join(folder, 'warehouse.duckdb'));
  try {
    if (postgresUrl) await change(`DROP SCHEMA IF EXISTS ${schema} CASCADE`);
    await writeDocument(join(folder, 'first.gz'), { reportType, rows, seed: 7 });
    const text = gunzipSync(readFileSync(join(folder, 'first.gz')));
    let count = 0;
    const load = (size: number, { isOlder = false } = {}) => {
      count += 1;
      // Other bytes make another document of the same rows.
      writeFileSync(join(folder, `${count}.gz`), gzipSync(Buffer.concat([text, Buffer.alloc(count, '\n')])));
      const created = new Date(Date.UTC(2026, isOlder ? 8 : 9, 2) + count * 60_000).toISOString();
      const figures = run(folder, ['load', `${count}.gz`, '--type', reportType, '--created', created]);
      console.log(`| ${[isOlder ? `${mode}, older` : mode, size, ...figures].join(' | ')} |`);
    };
    load(0);
    let filled = rows;
    for (const size of sizes) {
      const name = postgresUrl ? `${schema}.${table}` : table;
      const columns = await change(
        `SELECT column_name AS name FROM information_schema.columns WHERE table_name = '${table}'`,
      );
      const names = columns.map((column) => `"${column.name}"`);
      const values = names.map((each) => {
        if (each === '"_document_id"') return "'filler-' || n";
        return each === `"${other}"` ? `${each} || '-' || n` : each;
      });
      await change(
        `INSERT INTO ${name} (${names}) SELECT ${values} FROM (SELECT * FROM ${name} WHERE _document_id NOT LIKE 'filler-%') AS here,
           GENERATE_SERIES(${Math.ceil(filled / rows)}, ${Math.ceil(size / rows) - 1}) AS numbers(n)`,
      );
      if (postgresUrl) await change(`ANALYZE ${name}`);
      filled = size;
      for (let times = 0; times < 3; times++) load(size);
      load(size, { isOlder: true });
    }
  } finally {
    if (postgresUrl) await change(`DROP SCHEMA IF EXISTS ${schema} CASCADE`);
    rmSync(folder, { recursive: true });
  }
}

/** Returns seconds, CPU seconds and peak memory of a command of the program. */
function run(folder: string, args: string[]): string[] {
  const file = join(folder, 'peak');
  const env = { ...figuresEnvironment(file), DATABASE_URL: postgresUrl };
  const beganMs = performance.now();
  const { status } = spawnSync(process.execPath, [main, ...args], {
    cwd: folder,
    env,
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  const seconds = (performance.now() - beganMs) / 1000;
  if (status !== 0) throw new Error(`${args.join(' ')} ended with ${status}`);
  const { cpuSeconds, peakMegabytes } = readFigures(file);
  return [seconds.toFixed(2), cpuSeconds.toFixed(2), peakMegabytes.toFixed(0)];
}

/** Runs a statement; returns its rows. */
type Change = (sql: string) => Promise<Record<string, unknown>[]>;

function inPostgres(url: string): Change {
  return async (sql) => {
    const client = new pg.Client(url);
    await client.connect();
    try {
      return (await client.query(sql)).rows;
    } finally {
      await client.end();
    }
  };
}

function inDuckDB(path: string): Change {
  return async (sql) => {
    const instance = await DuckDBInstance.create(path, { memory_limit: '4GB' });
    const connection = await instance.connect();
    try {
      return (await connection.runAndReadAll(sql)).getRowObjectsJS();
    } finally {
      connection.disconnectSync();
      instance.closeSync();
    }
  };
}
