import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { documentOfLedger, makeLargeLedger } from '../../test/warehouse/large-ledger.js';
import { numberOption } from '../options.js';
import { figuresEnvironment, main, readFigures } from './program-figures.js';

/**
 * `npm run bench:ledger -- --rows 200000`: time, CPU time and peak memory of commands of the built
 * program, and of its status page, on a ledger of that many documents, whose files are not there.
 */
const commandsOf = (documents: number) => [
  ['--version'],
  ['tables'],
  ['tables', '--gaps'],
  ['loads'],
  ['loads', 'orders_by_last_update', '--json'],
  ['loads', '--warnings'],
  ['loads', documentOfLedger(Math.floor(documents / 2))],
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
alarms: { webhook: "\${ALARM_WEBHOOK}" }
status: { port: 0 }
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

interface Measured {
  seconds: number;
  cpuSeconds: number;
  peakMegabytes: number;
  code: unknown;
  printed: number;
  errors: string;
}

/** `use` works with the running program, and returns how long that took and how much was sent. */
async function measure(
  folder: string,
  args: string[],
  use?: (child: ChildProcess, errorsNow: () => string) => Promise<Pick<Measured, 'seconds' | 'printed'>>,
): Promise<Measured> {
  const file = join(folder, 'peak');
  const env = { ...figuresEnvironment(file), ALARM_WEBHOOK: 'http://127.0.0.1:9' };
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
  const closed = new Promise((resolve) => child.once('close', resolve));
  const used = await use?.(child, () => errors);
  const code = await closed;
  const seconds = (performance.now() - startedMs) / 1000;
  return { seconds, printed, ...used, ...readFigures(file), code, errors };
}

/** What the page gets first: until the ledger is read, the answer has no ledger. */
async function askPage(child: ChildProcess, errorsNow: () => string) {
  let startedMs = performance.now();
  let text = '';
  while (child.exitCode === null && !text.includes('"ledger":{')) {
    await sleep(20);
    const url = /"url":"([^"]+)"/.exec(errorsNow())?.[1];
    if (!url) startedMs = performance.now();
    else text = await (await fetch(new URL('api/status', url))).text();
  }
  const seconds = (performance.now() - startedMs) / 1000;
  child.kill('SIGTERM');
  return { seconds, printed: text.length };
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
  const show = (name: string, measured: Measured) => {
    const { seconds, cpuSeconds, peakMegabytes, code, printed, errors } = measured;
    const figures = [seconds.toFixed(1), cpuSeconds.toFixed(1), peakMegabytes.toFixed(0), code, printed];
    console.log(`| ${[name, ...figures].join(' | ')} |`);
    if (process.argv.includes('--errors')) console.error(errors);
  };
  const isChosen = (name: string) => !process.argv.includes('--only') || name.includes(only ?? '');
  for (const args of commandsOf(rows)) {
    const name = args.join(' ');
    if (isChosen(name)) show(name, await measure(folder, args));
  }
  const page = 'the first data of the status page';
  if (isChosen(page)) show(page, await measure(folder, ['start'], askPage));
} finally {
  rmSync(folder, { recursive: true, force: true });
}
