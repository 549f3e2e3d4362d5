import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { makeLargeLedger } from '../../test/warehouse/large-ledger.js';
import { numberOption } from '../options.js';

/**
 * `npm run bench:ledger -- --rows 200000`: time, CPU time and peak memory of commands of the built
 * program on a ledger of that many documents, whose files are not there.
 */
const commands = [
  ['--version'],
  ['tables'],
  ['tables', '--gaps'],
  ['loads'],
  ['loads', 'orders_by_last_update', '--json'],
  ['schemas', 'drift'],
  ['alarms'],
  ['config', 'check'],
  ['doctor'],
  ['request', '--dry-run'],
  ['purge', '--older-than', '10000d'],
  ['rebuild'],
];

const settings = `warehouse: { path: warehouse.duckdb, memoryLimitMegabytes: 256 }
lake: lake
raw: raw
state: state
status: false
sellers:
  - id: A0
    region: na
    marketplaces: [US]
    credentials: { clientId: a, clientSecret: b, refreshToken: c }
aws: { endpoint: "http://127.0.0.1:9" }
api: { endpoint: "http://127.0.0.1:9", loginUrl: "http://127.0.0.1:9" }
pipelines:
  - name: all
    schedule: "0 * * * *"
    queue: https://sqs.us-east-1.amazonaws.com/123456789012/reports
    request:
      - reportType: GET_MERCHANT_LISTINGS_ALL_DATA
        cron: "0 3 * * *"
`;

const main = fileURLToPath(new URL('../../dist/main.cjs', import.meta.url));
const preload = fileURLToPath(new URL('./peak-memory.cjs', import.meta.url));

async function measure(folder: string, args: string[]) {
  const file = join(folder, 'peak');
  rmSync(file, { force: true });
  const env = { ...process.env, PEAK_MEMORY_FILE: file, NODE_OPTIONS: `--require ${preload}` };
  const startedMs = performance.now();
  const child = spawn(process.execPath, [main, ...args], {
    cwd: folder,
    env,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let printed = 0;
  let errors = '';
  child.stdout.on('data', (chunk: Buffer) => {
    printed += chunk.length;
  });
  child.stderr.on('data', (chunk) => {
    errors += chunk;
  });
  const code = await new Promise((resolve) => child.once('close', resolve));
  const seconds = (performance.now() - startedMs) / 1000;
  // One line for each process: queries run in another one.
  const used = readFileSync(file, 'utf8')
    .trim()
    .split('\n')
    .map((line) => line.split(' ').map(Number));
  const peakMegabytes = (Math.max(...used.map(([kilobytes = 0]) => kilobytes)) * 1024) / 1e6;
  const cpuSeconds = used.reduce((sum, [, microseconds = 0]) => sum + microseconds / 1e6, 0);
  return { seconds, cpuSeconds, peakMegabytes, code, printed, errors };
}

const rows = numberOption('rows', 200_000);
const folder = mkdtempSync(join(tmpdir(), 'large-ledger-'));
try {
  writeFileSync(join(folder, 'pipelines.yaml'), settings);
  await makeLargeLedger(join(folder, 'warehouse.duckdb'), rows);
  const only = process.argv[process.argv.indexOf('--only') + 1];
  console.log(
    `${rows} documents\n\n| command | seconds | CPU seconds | peak MB | exit | bytes printed |\n|---|---:|---:|---:|---:|---:|`,
  );
  for (const args of commands) {
    const name = args.join(' ');
    if (process.argv.includes('--only') && !name.includes(only ?? '')) continue;
    const { seconds, cpuSeconds, peakMegabytes, code, printed, errors } = await measure(folder, args);
    const figures = [seconds.toFixed(1), cpuSeconds.toFixed(1), peakMegabytes.toFixed(0), code, printed];
    console.log(`| ${[name, ...figures].join(' | ')} |`);
    if (process.argv.includes('--errors')) console.error(errors);
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}
