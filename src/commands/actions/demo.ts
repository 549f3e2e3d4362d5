import { systemClock } from '../../runtime/clock.js';
import { setMaxListeners } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { dirname, join, relative, resolve } from 'node:path';
import type { Command } from 'commander';
import { readConfig } from '../../config/read.js';
import type { Config } from '../../config/spec.js';
import { ReportsError } from '../../errors/reports-error.js';
import { takeLock } from '../../files/file-lock.js';
import type { PipelineContext } from '../../ingest/context.js';
import { drainAndRepair } from '../../runs/run.js';
import type { StopSignals } from '../../ingest/context.js';
import { goOn } from '../../sandbox/demo-life.js';
import { fillDemo, openDemoShops } from '../../sandbox/demo-scenario.js';
import { makeUp } from '../../sandbox/make-reports.js';
import type { Sandbox } from '../../sandbox/sandbox.js';
import type { Shops } from '../../sandbox/shops.js';
import { answerText } from '../output/answer-text.js';
import { costsFile, demoCosts, demoSettings, firstLine } from '../setup/demo-settings.js';
import { openPage } from '../setup/open-page.js';
import { type Io, printAll, resultWidth } from '../setup/io.js';
import { withContext } from '../setup/open-context.js';
import { openWarehouse } from '../../warehouse/open-warehouse.js';
import { startSchedules } from '../setup/start-schedules.js';
import { untilStopped } from '../setup/stop-signals.js';
import { summaryText } from '../output/summary.js';
import { textTable } from '../output/text-table.js';

/** Runs `sp-reports demo`. */
export async function demoAction(
  { folder, serve = false, open = false }: { folder: string; serve?: boolean; open?: boolean },
  command: Command,
  io: Io,
): Promise<void> {
  const path = resolve(io.cwd, folder);
  const lock = await takeLock(`${path}.lock`);
  if (!lock)
    throw new ReportsError('USAGE', {
      problem: `another demo is running in ${path}; stop it, or name another folder with --folder`,
    });
  try {
    await emptyFolder(path);
    await untilStopped(io, (signals) =>
      runDemo(path, { isServing: serve || open, open }, command, io, signals),
    );
  } finally {
    await lock.release();
  }
}

/** A typical question of a seller, about two tables that the demo loads. */
const question = 'Which products had the highest revenue, and how many units were returned?';
const answerSql = `SELECT o.sku, any_value(o.product_name) AS product, sum(o.quantity) AS units,
       sum(o.item_price) AS revenue, o.currency,
       (SELECT coalesce(sum(r.quantity), 0) FROM customer_returns r WHERE r.sku = o.sku) AS returned
FROM orders_by_last_update o
WHERE o.order_status <> 'Cancelled' AND o.item_price IS NOT NULL
GROUP BY o.sku, o.currency ORDER BY revenue DESC LIMIT 5`;

async function runDemo(
  folder: string,
  { isServing, open }: { isServing: boolean; open: boolean },
  command: Command,
  io: Io,
  signals: StopSignals,
): Promise<void> {
  // Imported here so that no other command waits until an SQS server is loaded.
  const { startSandbox } = await import('../../sandbox/sandbox.js');
  const shops = openDemoShops();
  const make = makeUp({ random: shops.random, now: systemClock.now }, shops.of);
  const sandbox = await startSandbox({ seed: 1, make });
  try {
    const reports = await fillDemo(sandbox, shops);
    io.stdout.write(
      `A sandbox simulates Amazon: ${reports.length} reports, and their notifications on an SQS queue.\n\n`,
    );
    const file = join(folder, 'pipelines.yaml');
    await writeFile(join(folder, costsFile), demoCosts(shops));
    await writeFile(file, demoSettings(sandbox, systemClock.now()));
    const config = readConfig({ path: file, cwd: folder, env: io.env });
    await showDrain(config, command, io, signals);
    if (signals.stop.aborted) return;
    const path = relative(io.cwd, file);
    io.stdout.write(nextSteps(path.startsWith('..') ? file : path, isServing));
    if (isServing) await serve(sandbox, shops, config, command, io, { ...signals, open });
  } finally {
    await sandbox.close();
  }
}

/**
 * Runs the scheduler with the demo's settings, while the simulated Amazon goes on making reports.
 */
async function serve(
  sandbox: Sandbox,
  shops: Shops,
  config: Config,
  command: Command,
  io: Io,
  { open, ...signals }: StopSignals & { open: boolean },
): Promise<void> {
  // The demo needs both: if one of them fails, both end.
  const over = new AbortController();
  const stop = AbortSignal.any([signals.stop, over.signal]);
  setMaxListeners(0, stop);
  const amazon = goOn(sandbox, shops, stop);
  amazon.catch(() => over.abort());
  const onServed = (url: string) => {
    io.stdout.write(`\nStatus page: ${url}\nNew reports finish now and then. Press Ctrl-C to stop.\n\n`);
    if (open) openPage(url, io);
  };
  try {
    await startSchedules(config, command, io, { ...signals, stop }, { onServed, logLevel: 'warn' });
  } finally {
    over.abort();
    await amazon;
  }
}

async function showDrain(config: Config, command: Command, io: Io, signals: StopSignals): Promise<void> {
  const startedMs = systemClock.now();
  const [pipeline] = config.pipelines;
  if (!pipeline) throw new Error('the demo writes one pipeline');
  const work = (context: PipelineContext) => drainAndRepair(pipeline, context, signals);
  const summary = await withContext(config, command, io, pipeline.name, work, 'warn');
  const seconds = ((systemClock.now() - startedMs) / 1000).toFixed(1);
  io.stdout.write(`One drain of pipeline ${pipeline.name}, ${seconds} s: ${summaryText(summary)}`);
  if (signals.stop.aborted) return;

  const warehouse = openWarehouse(config);
  const rejects = await warehouse.query(
    'SELECT table_name, row_number, column_name, raw, reason FROM _rejects ORDER BY ALL LIMIT 10',
  );
  if (rejects.rows.length > 0) {
    const names = rejects.columns.map(({ name }) => name);
    const cells = rejects.rows.map((row) => names.map((name) => row[name]));
    io.stdout.write(
      `\nRejected values: NULL or absent in the table, kept in _rejects with their original text\n${textTable(names, cells, { width: resultWidth(io), wrap: true })}`,
    );
  }
  io.stdout.write(`\n${question}\n`);
  await warehouse.queryStream(answerSql, (answer) =>
    printAll(io, answerText(answer, { format: 'table', width: resultWidth(io) })),
  );
}

function nextSteps(file: string, isServing: boolean): string {
  const commands = [
    'tables',
    'query "SELECT local_month, sku, currency, cost_of_goods, profit FROM profit_per_sku_and_month WHERE sku IS NOT NULL ORDER BY ALL"',
    'loads',
    ...(isServing ? ['doctor', 'run', 'sweep'] : []),
  ];
  return `
Everything is in ${dirname(file)}. Next${isServing ? ', in another terminal' : ''}, try:

${commands.map((each) => `  npx sp-reports --config ${file} ${each}\n`).join('')}${
  isServing ? '' : '\nThe sandbox has stopped. With --serve it keeps running, with the status page.\n'
}`;
}

/** Empties the folder of an earlier demo. Errors: USAGE if the folder has other content. */
async function emptyFolder(folder: string): Promise<void> {
  const left = await readFile(join(folder, 'pipelines.yaml'), 'utf8').catch(() => undefined);
  if (existsSync(folder) && !left?.startsWith(firstLine)) {
    throw new ReportsError('USAGE', {
      problem: `${folder} exists and is not the folder of an earlier demo; name another one with --folder`,
    });
  }
  await rm(folder, { recursive: true, force: true });
  await mkdir(folder, { recursive: true });
}
