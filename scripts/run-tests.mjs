import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';

/**
 * Runs mocha: `run-tests.mjs [--tier=all|unit|slow|properties] [FILE…] [option of mocha…]`. Files
 * that are named run alone, one after the other; otherwise the files of the tier run in parallel.
 */
const isSlow = (file) => /^test\/(bench|simulations)\/|\.slow\.test\.ts$/.test(file);
const unitFolders = [
  'config',
  'files',
  'kernel',
  'parquet',
  'parse',
  'runtime',
  'scheduling',
  'schema',
  'yaml',
];
const tiers = {
  // The tests of speed and memory, long simulations, and all cases of what the default suite
  // samples take minutes, which few changes are worth.
  all: (file) => !isSlow(file),
  // No servers, no processes, no warehouse on disk: what a change to them is tried with after each
  // save.
  unit: (file) => !isSlow(file) && unitFolders.includes(folderOf(file)),
  slow: isSlow,
  properties: (file) =>
    !isSlow(file) && /fc\.assert|describeWarehouse/.test(readFileSync(`${root}${file}`, 'utf8')),
};
/** The longest files, the longest one first: at the end no process waits for one of them. */
const longFiles = [
  ...['ingest/crash', 'errors/errors', 'warehouse/duckdb', 'status/page', 'warehouse/bigquery-analyzer'],
  ...['warehouse/bigquery', 'maintenance/rebuild-into', 'docs/pages', 'views/views', 'commands/demo'],
  ...['maintenance/verify', 'maintenance/integrity', 'requests/outage', 'privacy/pii-policy'],
  ...['maintenance/purge', 'ingest/delivery', 'warehouse/query-process', 'faults/faults'],
  ...['warehouse/bigquery-widening', 'ingest/bucket', 'commands/own-tables', 'requests/requests'],
  ...['warehouse/bigquery-limits', 'ingest/drain', 'status/console', 'warehouse/bigquery-bad-answers'],
  ...['status/server', 'commands/stop-verify', 'status/alarms', 'commands/schemas', 'schema/dbt-package'],
  ...['warehouse/bigquery-cost', 'parse/limits', 'views/made-views', 'warehouse/postgres'],
].map((name) => `test/${name}.test.ts`);
/** Then those of folders whose tests run the program. */
const longFolders = ['warehouse', 'ingest', 'maintenance', 'commands', 'errors', 'requests'];

const root = fileURLToPath(new URL('..', import.meta.url));
const given = process.argv.slice(2);
const tier = given[0]?.startsWith('--tier=') ? given.shift().slice('--tier='.length) : 'all';
const namesFiles = given.some((argument) => /^(\.\/)?test\/|\.ts$/.test(argument));
// Tests also wait for disks, servers and other processes, so two more of them than processors.
const files = namesFiles ? [] : [...filesOf(tier), '--parallel', `--jobs=${availableParallelism() + 2}`];
const mocha = fileURLToPath(new URL('../node_modules/mocha/bin/mocha.js', import.meta.url));
const { status } = spawnSync(process.execPath, [mocha, ...files, ...given], { cwd: root, stdio: 'inherit' });
process.exitCode = status ?? 1;

function filesOf(tier) {
  const rank = (file) => {
    const places = [longFiles.indexOf(file), longFolders.indexOf(folderOf(file))];
    const [ofFile, ofFolder] = places.map((at) => (at < 0 ? 100 : at));
    return 1000 * ofFile + ofFolder;
  };
  return readdirSync(`${root}test`, { recursive: true, encoding: 'utf8' })
    .map((name) => `test/${name.replaceAll('\\', '/')}`)
    .filter((file) => file.endsWith('.test.ts') && tiers[tier](file))
    .sort()
    .sort((one, other) => rank(one) - rank(other));
}

function folderOf(file) {
  return file.split('/')[1];
}
