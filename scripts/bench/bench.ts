import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { cpus, tmpdir, totalmem } from 'node:os';
import { join } from 'node:path';
import { parseArgs, promisify } from 'node:util';
import { keepFile } from '../../src/source/document/raw-store.js';
import { contestants, type Input } from './contestants.js';
import { reportType, writeDocument } from './document.js';
import { runDuckDb } from './duckdb.js';

/**
 * Measures the engine beside DuckDB, gunzip and the reference engine, on one document in one run, each in a process of its own, in turn. What
 * they wrote is compared row for row before any time counts.
 */
const { values: options } = parseArgs({
  options: {
    rows: { type: 'string', default: '500000' },
    runs: { type: 'string', default: '5' },
    seed: { type: 'string', default: '7' },
    json: { type: 'boolean', default: false },
  },
});
const smallDocuments = 200;
/** The reference engine takes a minute for 100,000 rows. */
const referenceRows = 20_000;

interface Measured {
  name: string;
  medianSeconds: number;
  megabytesPerSecond: number;
  peakMegabytes: number;
  ratioToDuckdb: number | null;
  ratioToGunzip: number | null;
}

const folder = mkdtempSync(join(tmpdir(), 'sp-reports-bench-'));
try {
  const seed = Number(options.seed);
  const document = join(folder, 'orders.tsv.gz');
  const smaller = join(folder, 'fewer-orders.tsv.gz');
  const textBytes = await writeDocument(document, Number(options.rows), seed);
  const smallerBytes = await writeDocument(smaller, referenceRows, seed);
  const small = await writeSmallDocuments();
  const [first] = await runDuckDb([
    `SELECT * FROM read_csv('${document}', delim='\t', quote='', header=true, all_varchar=true) LIMIT 1`,
  ]);
  const header = Object.keys(first ?? {});
  const bytesOf = (name: string) =>
    name === 'reference' ? smallerBytes : name === 'small-documents' ? small.textBytes : textBytes;
  const pathOf = (name: string) =>
    name === 'reference' ? smaller : name === 'small-documents' ? small.path : document;
  const inputOf = (name: string): Input => {
    const own = join(folder, name);
    mkdirSync(own, { recursive: true });
    return { path: pathOf(name), header, folder: own };
  };
  await verify(inputOf);
  const taken = new Map<string, { seconds: number; peakMegabytes: number }[]>();
  for (let run = 0; run < Number(options.runs); run += 1) {
    for (const name of Object.keys(contestants)) {
      taken.set(name, [...(taken.get(name) ?? []), await runOne(name, inputOf(name))]);
    }
  }
  report(
    [...taken].map(([name, runs]) => measured(name, runs, bytesOf(name))),
    textBytes,
  );
} finally {
  rmSync(folder, { recursive: true });
}

async function runOne(name: string, input: Input): Promise<{ seconds: number; peakMegabytes: number }> {
  const runner = new URL('run-one.ts', import.meta.url).pathname;
  const args = ['--import', import.meta.resolve('tsx'), runner, name, JSON.stringify(input)];
  const { stdout } = await promisify(execFile)(process.execPath, args);
  return JSON.parse(stdout);
}

async function writeSmallDocuments(): Promise<{ path: string; textBytes: number }> {
  const path = join(folder, 'small');
  let textBytes = 0;
  for (let index = 0; index < smallDocuments; index += 1) {
    const file = join(folder, 'one.tsv.gz');
    // About 20 KB of text.
    textBytes += await writeDocument(file, 84, 1000 + index);
    await keepFile(path, file, { sellerId: 'A1', reportType, marketplaceIds: [] });
  }
  return { path, textBytes };
}

/** The Parquet of the columnar engine and that of DuckDB hold the same rows. */
async function verify(inputOf: (name: string) => Input): Promise<void> {
  for (const name of ['columnar', 'duckdb-copy']) await (await contestants[name]?.(inputOf(name)))?.();
  const ours = `read_parquet('${join(folder, 'columnar')}/*/*/*.parquet')`;
  const theirs = `read_parquet('${join(folder, 'duckdb-copy', 'duckdb.parquet')}')`;
  const columns = await runDuckDb([`DESCRIBE SELECT * FROM ${theirs}`]);
  const names = columns.map(({ column_name }) => `"${column_name}"`).join(', ');
  const [counted] = await runDuckDb([
    `SELECT (SELECT count(*) FROM ${ours})::INT AS ours, (SELECT count(*) FROM ${theirs})::INT AS theirs,
       (SELECT count(*) FROM (SELECT ${names} FROM ${ours} EXCEPT ALL SELECT ${names} FROM ${theirs}))::INT AS differing`,
  ]);
  if (
    counted?.ours !== counted?.theirs ||
    counted?.differing !== 0 ||
    counted?.ours !== Number(options.rows)
  ) {
    throw new Error(`the rows differ: ${JSON.stringify(counted)}`);
  }
}

function measured(name: string, runs: { seconds: number; peakMegabytes: number }[], bytes: number) {
  const seconds = runs.map((run) => run.seconds).sort((a, b) => a - b);
  const medianSeconds = seconds[Math.floor(seconds.length / 2)] ?? Number.NaN;
  return {
    name,
    medianSeconds,
    megabytesPerSecond: bytes / 1e6 / medianSeconds,
    peakMegabytes: Math.max(...runs.map((run) => run.peakMegabytes)),
  };
}

function report(rows: ReturnType<typeof measured>[], textBytes: number): void {
  const speedOf = (name: string) => rows.find((row) => row.name === name)?.megabytesPerSecond ?? Number.NaN;
  const compared: Measured[] = rows.map((row) => {
    const rival = row.name.endsWith('to-table') ? 'duckdb-to-table' : 'duckdb-copy';
    return {
      ...row,
      ratioToDuckdb: row.megabytesPerSecond / speedOf(rival),
      ratioToGunzip: row.megabytesPerSecond / speedOf('gunzip'),
    };
  });
  const machine = `${cpus().length} cores of ${cpus()[0]?.model}, ${Math.round(totalmem() / 2 ** 30)} GB, Node ${process.version}`;
  const input = {
    reportType,
    rows: Number(options.rows),
    textMegabytes: Math.round(textBytes / 1e6),
    seed: Number(options.seed),
    runs: Number(options.runs),
  };
  if (options.json) {
    process.stdout.write(`${JSON.stringify({ machine, input, rows: compared })}\n`);
    return;
  }
  const lines = compared.map(
    (row) =>
      `| ${row.name} | ${row.medianSeconds.toFixed(2)} | ${row.megabytesPerSecond.toFixed(0)} | ${row.peakMegabytes.toFixed(0)} | ${row.ratioToDuckdb?.toFixed(2)} | ${row.ratioToGunzip?.toFixed(2)} |`,
  );
  process.stdout.write(
    `${machine}; ${input.rows} rows, ${input.textMegabytes} MB of text; medians of ${input.runs} runs taken in turn\n\n` +
      `| what | seconds | MB/s of text | peak MB | to DuckDB | to gunzip |\n|---|---|---|---|---|---|\n${lines.join('\n')}\n\n` +
      `reference: on ${referenceRows} rows; small-documents: ${smallDocuments} documents of 20 KB, ${(smallDocuments / (rows.find(({ name }) => name === 'small-documents')?.medianSeconds ?? Number.NaN)).toFixed(0)} a second\n`,
  );
}
