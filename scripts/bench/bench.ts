import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { cpus, tmpdir, totalmem } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { keepFile } from '../../src/source/document/raw-store.js';
import { usualReportType, writeDocument } from './document.js';
import { columnsOf, headerOf, isJson, runDuckDb } from './duckdb.mjs';
import { type Measured, measure, measureScript } from './measure.js';
import { measureScale, scaleTable } from './scale.js';
import { openFolderStore } from '../../src/store/folder-store.js';

/**
 * Measures the engine against DuckDB, pyarrow, polars, gunzip and the reference engine, on one
 * document in one run, each in a separate process, in turn. Their output is compared row by row
 * before any time counts.
 */
const { values: options } = parseArgs({
  options: {
    type: { type: 'string', default: usualReportType },
    rows: { type: 'string', default: '500000' },
    runs: { type: 'string', default: '5' },
    seed: { type: 'string', default: '7' },
    /** Number of small documents. */
    small: { type: 'string', default: '200' },
    /** Only these contestants, separated by commas. */
    only: { type: 'string' },
    /** Whether to measure only time and memory as the document grows. */
    scale: { type: 'boolean', default: false },
    /** The Python interpreter with pyarrow and polars. */
    python: { type: 'string', default: 'python3' },
    json: { type: 'boolean', default: false },
  },
});
const reportType = options.type;
const [rowCount, runCount, seed] = [Number(options.rows), Number(options.runs), Number(options.seed)];
const smallDocuments = Number(options.small);
/** Rows for the reference engine, which takes a minute for 100,000. */
const referenceRows = 20_000;

const pythonNames = ['pyarrow', 'polars'];
/** The Parquet files of the contestants whose rows are compared with DuckDB's. */
const writtenBy: Record<string, string> = {
  columnar: '*/*/*.parquet',
  pyarrow: 'python.parquet',
  polars: 'python.parquet',
};

const machine = `${cpus().length} cores of ${cpus()[0]?.model}, ${Math.round(totalmem() / 2 ** 30)} GB, Node ${process.version}`;
if (options.scale) {
  const rows = await measureScale(reportType, seed);
  write({ machine, input: { reportType, seed }, rows }, `${machine}; ${reportType}\n\n${scaleTable(rows)}`);
} else {
  await compare();
}

interface Compared extends Omit<Measured, 'seconds'> {
  name: string;
  medianSeconds: number;
  megabytesPerSecond: number;
  ratioToDuckdb: number | null;
  ratioToGunzip: number | null;
}

interface Document {
  path: string;
  raw: string;
  textBytes: number;
}

async function compare(): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'sp-reports-bench-'));
  try {
    const large = await makeDocument(folder, 'large', [{ rows: rowCount, seed }]);
    const fewer = await makeDocument(folder, 'fewer', [{ rows: referenceRows, seed }]);
    // About 20 KB of text each.
    const plans = Array.from({ length: smallDocuments }, (_, index) => ({ rows: 84, seed: 1000 + index }));
    const small = await makeDocument(folder, 'small', plans);
    const header = await headerOf(reportType, large.path);
    const columns: { name: string }[] = columnsOf(reportType, header);
    const documentOf = (name: string) =>
      name === 'reference' ? fewer : name === 'small-documents' ? small : large;
    const run = (name: string, ...more: string[]): Promise<Measured> => {
      const own = join(folder, name);
      mkdirSync(own, { recursive: true });
      const { path, raw } = documentOf(name);
      if (pythonNames.includes(name)) {
        const input = JSON.stringify({ path, columns, target: join(own, 'python.parquet') });
        return measure(options.python, [scriptPath('python-contestants.py'), name, input]);
      }
      const input = JSON.stringify({ reportType, path, raw, header, folder: own });
      return measureScript('run-one.mjs', [name, input, ...more]);
    };
    let names = contestantNames();
    await run('duckdb-copy', 'once');
    for (const name of names.filter((each) => each in writtenBy)) {
      try {
        await run(name, 'once');
      } catch (error) {
        // They cannot read every format of a time.
        if (!pythonNames.includes(name)) throw error;
        process.stderr.write(`${name} is skipped: it cannot read a document of this type\n`);
        names = names.filter((each) => each !== name);
        continue;
      }
      await verify(folder, name, columns);
    }
    const taken = new Map<string, Measured[]>();
    for (let count = 0; count < runCount; count += 1) {
      for (const name of names) taken.set(name, [...(taken.get(name) ?? []), await run(name)]);
    }
    report(
      [...taken].map(([name, runs]) => summed(name, runs, documentOf(name).textBytes)),
      large.textBytes,
    );
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** Whether this runs with scripts/postgres, on a machine that has psql. */
function hasPostgres(): boolean {
  try {
    if (process.env.POSTGRES_URLS) execFileSync('psql', ['--version'], { stdio: 'ignore' });
    return process.env.POSTGRES_URLS !== undefined;
  } catch {
    process.stderr.write('PostgreSQL is skipped: this machine does not have psql\n');
    return false;
  }
}

function contestantNames(): string[] {
  const found = pythonNames.filter((name) => {
    try {
      execFileSync(options.python, ['-c', `import ${name}`], { stdio: 'ignore' });
      return true;
    } catch {
      process.stderr.write(`${name} is skipped: ${options.python} does not have it\n`);
      return false;
    }
  });
  const all = [
    ...['columnar', 'reference', 'duckdb-copy', 'duckdb-copy-1-thread'],
    ...(isJson(reportType) ? ['duckdb-copy-untold'] : found),
    'gunzip',
    ...['columnar-to-table', 'duckdb-to-table', 'small-documents'],
    ...(hasPostgres() ? ['columnar-to-postgres', 'psql-copy', 'psql-copy-then-index'] : []),
  ];
  const wanted = options.only?.split(',');
  return all.filter((name) => !wanted || wanted.includes(name));
}

function scriptPath(name: string): string {
  return new URL(name, import.meta.url).pathname;
}

/** Writes documents: returns the file of the last one, and a raw folder with all of them. */
async function makeDocument(
  folder: string,
  name: string,
  plans: { rows: number; seed: number }[],
): Promise<Document> {
  const path = join(folder, `${name}.tsv.gz`);
  const raw = join(folder, `${name}-raw`);
  let textBytes = 0;
  for (const plan of plans) {
    textBytes += await writeDocument(path, { reportType, ...plan });
    await keepFile(openFolderStore(raw), path, { sellerId: 'A1', reportType, marketplaceIds: [] });
  }
  return { path, raw, textBytes };
}

/** Verifies that the Parquet files of a contestant and of DuckDB contain the same rows. */
async function verify(folder: string, name: string, columns: { name: string }[]): Promise<void> {
  const ours = `read_parquet('${join(folder, name, writtenBy[name] as string)}')`;
  const theirs = `read_parquet('${join(folder, 'duckdb-copy', 'duckdb.parquet')}')`;
  const names = columns.map((column) => `"${column.name}"`).join(', ');
  const [counted] = await runDuckDb([
    `SELECT (SELECT count(*) FROM ${ours})::INT AS ours, (SELECT count(*) FROM ${theirs})::INT AS theirs,
       (SELECT count(*) FROM (SELECT ${names} FROM ${ours} EXCEPT ALL SELECT ${names} FROM ${theirs}))::INT AS differing`,
  ]);
  if (counted.ours !== counted.theirs || counted.differing !== 0 || counted.ours === 0) {
    throw new Error(`the rows of ${name} differ from DuckDB's: ${JSON.stringify(counted)}`);
  }
}

function summed(name: string, runs: Measured[], bytes: number) {
  const seconds = runs.map((run) => run.seconds).sort((a, b) => a - b);
  const medianSeconds = seconds[Math.floor(seconds.length / 2)] ?? Number.NaN;
  return {
    name,
    medianSeconds,
    megabytesPerSecond: bytes / 1e6 / medianSeconds,
    peakMegabytes: Math.max(...runs.map((run) => run.peakMegabytes)),
  };
}

function report(rows: ReturnType<typeof summed>[], textBytes: number): void {
  const speedOf = (name: string) => rows.find((row) => row.name === name)?.megabytesPerSecond;
  const ratio = (speed: number, rival: number | undefined) => (rival === undefined ? null : speed / rival);
  const compared: Compared[] = rows.map((row) => ({
    ...row,
    ratioToDuckdb: ratio(
      row.megabytesPerSecond,
      speedOf(row.name.endsWith('to-table') ? 'duckdb-to-table' : 'duckdb-copy'),
    ),
    ratioToGunzip: ratio(row.megabytesPerSecond, speedOf('gunzip')),
  }));
  const textMegabytes = Math.round(textBytes / 1e6);
  const input = { reportType, rows: rowCount, textMegabytes, seed, runs: runCount };
  const lines = compared.map(
    (row) =>
      `| ${row.name} | ${row.medianSeconds.toFixed(2)} | ${row.megabytesPerSecond.toFixed(0)} | ${row.peakMegabytes.toFixed(0)} | ${row.ratioToDuckdb?.toFixed(2) ?? ''} | ${row.ratioToGunzip?.toFixed(2) ?? ''} |`,
  );
  const small = compared.find(({ name }) => name === 'small-documents');
  const aSecond = small ? `, ${(smallDocuments / small.medianSeconds).toFixed(0)} a second` : '';
  write(
    { machine, input, rows: compared },
    `${machine}; ${reportType}, ${rowCount} rows, ${textMegabytes} MB of text; medians of ${runCount} runs taken in turn\n\n` +
      `| what | seconds | MB/s of text | peak MB | to DuckDB | to gunzip |\n|---|---|---|---|---|---|\n${lines.join('\n')}\n\n` +
      `reference: on ${referenceRows} rows; small-documents: ${smallDocuments} documents of 20 KB${aSecond}\n`,
  );
}

function write(forMachines: unknown, forPeople: string): void {
  process.stdout.write(options.json ? `${JSON.stringify(forMachines)}\n` : forPeople);
}
