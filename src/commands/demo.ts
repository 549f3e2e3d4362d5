import { existsSync } from 'node:fs';
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join, relative, resolve } from 'node:path';
import { Command } from 'commander';
import { stringify } from 'yaml';
import { readConfig } from '../config/read.js';
import { ReportsError } from '../errors.js';
import { drain } from '../pipeline/drain.js';
import { demoSellers, fillDemo } from '../sandbox/demo-scenario.js';
import type { Sandbox } from '../sandbox/sandbox.js';
import { answerText } from './answer-text.js';
import { type Io, printAll, resultWidth } from './io.js';
import { openWarehouse, withContext } from './open-context.js';
import { untilStopped } from './stop-signals.js';
import { summaryText } from './summary.js';
import { textTable } from './text-table.js';

/** A question that a seller would ask, on two tables that the demo loads. */
const question = 'Which products brought in most, and how many came back?';
const answerSql = `SELECT o.sku, any_value(o.product_name) AS product, sum(o.quantity) AS units,
       sum(o.item_price) AS revenue, o.currency,
       (SELECT coalesce(sum(r.quantity), 0) FROM customer_returns r WHERE r.sku = o.sku) AS returned
FROM orders_by_last_update o
WHERE o.order_status <> 'Cancelled' AND o.item_price IS NOT NULL
GROUP BY o.sku, o.currency ORDER BY revenue DESC LIMIT 5`;

/** Marks the folder as one that the next demo may empty. */
const firstLine = '# Written by `sp-reports demo`, which writes it anew each time.';

/** `sp-reports demo`: the whole data path against a sandbox. */
export function demoCommand(io: Io): Command {
  return new Command('demo')
    .description(
      'Loads made-up reports from a sandbox that stands in for Amazon, and shows what came of them.',
    )
    .option('--folder <folder>', 'where to leave the warehouse, the lake and the raw documents', 'data/demo')
    .action(async (options: { folder: string }, command: Command) => {
      const folder = resolve(io.cwd, options.folder);
      await emptyFolder(folder);
      // Only here: no other command should wait for an SQS server to be read.
      const { startSandbox } = await import('../sandbox/sandbox.js');
      const sandbox = await startSandbox({ seed: 1 });
      try {
        await runDemo(sandbox, folder, command, io);
      } finally {
        await sandbox.close();
      }
    });
}

async function runDemo(sandbox: Sandbox, folder: string, command: Command, io: Io): Promise<void> {
  const startedMs = Date.now();
  const reports = await fillDemo(sandbox);
  const file = join(folder, 'pipelines.yaml');
  const { text, env } = demoPipelines(sandbox);
  await writeFile(file, `${firstLine}\n${text}`);
  // The SQS client reads its credentials from the environment; the sandbox takes any.
  Object.assign(process.env, sandbox.awsEnvironment);
  const config = readConfig({ path: file, cwd: folder, env: { ...io.env, ...env } });
  const [pipeline] = config.pipelines;
  if (!pipeline) throw new Error('the demo writes one pipeline');

  io.stdout.write(
    `A sandbox stands in for Amazon: ${reports.length} reports, and their notifications on an SQS queue.\n\n`,
  );
  const summary = await untilStopped(io, (signals) =>
    withContext(config, command, io, pipeline.name, (context) => drain(pipeline, context, signals), 'warn'),
  );
  const seconds = ((Date.now() - startedMs) / 1000).toFixed(1);
  io.stdout.write(`One drain of pipeline ${pipeline.name}, ${seconds} s: ${summaryText(summary)}`);

  const warehouse = openWarehouse(config);
  const rejects = await warehouse.query(
    'SELECT table_name, row_number, column_name, raw, reason FROM _rejects ORDER BY ALL LIMIT 10',
  );
  if (rejects.rows.length > 0) {
    const names = rejects.columns.map(({ name }) => name);
    const cells = rejects.rows.map((row) => names.map((name) => row[name]));
    io.stdout.write(
      `\nRejected: NULL or left out in the table, kept in _rejects as Amazon wrote it\n${textTable(names, cells)}`,
    );
  }
  io.stdout.write(`\n${question}\n`);
  await warehouse.queryStream(answerSql, (answer) =>
    printAll(io, answerText(answer, { format: 'table', width: resultWidth(io) })),
  );

  const shown = relative(io.cwd, file);
  io.stdout.write(`
Everything is in ${relative(io.cwd, folder) || '.'}: go on with

  npx sp-reports --config ${shown} tables
  npx sp-reports --config ${shown} query "SELECT sku, sum(profit) AS profit FROM profit_per_sku GROUP BY sku ORDER BY profit DESC"
  npx sp-reports --config ${shown} loads
`);
}

/** The demo's pipelines.yaml, in the layout of the shipped one, and the variables it names. */
function demoPipelines(sandbox: Sandbox): { text: string; env: Record<string, string> } {
  const env: Record<string, string> = {};
  const sellers = demoSellers.map(({ sellerId, name, region, marketplaces }) => {
    const given = sandbox.credentialsFor(sellerId);
    const credentials = Object.fromEntries(
      (['clientId', 'clientSecret', 'refreshToken'] as const).map((key) => {
        const variable = `DEMO_${region}_${key}`.replace(/[A-Z]/g, '_$&').replace(/_+/g, '_').toUpperCase();
        env[variable] = given[key];
        return [key, `\${${variable}}`];
      }),
    );
    return { id: sellerId, name, region, marketplaces, credentials };
  });
  const text = stringify({
    warehouse: { type: 'duckdb', path: 'warehouse.duckdb' },
    lake: 'lake',
    raw: 'raw',
    state: 'state',
    aws: { endpoint: sandbox.sqsEndpoint },
    api: { endpoint: sandbox.apiEndpoint, loginUrl: sandbox.loginUrl },
    sellers,
    pipelines: [
      {
        name: 'everything',
        schedule: '*/15 * * * *',
        queue: sandbox.queueUrl,
        reportTypes: '*',
        limits: { waitTimeSeconds: 1 },
      },
    ],
  });
  return { text, env };
}

/** Empties a folder that an earlier demo left. Errors: USAGE where it holds something else. */
async function emptyFolder(folder: string): Promise<void> {
  const left = await readFile(join(folder, 'pipelines.yaml'), 'utf8').catch(() => undefined);
  if (existsSync(folder) && !left?.startsWith(firstLine)) {
    throw new ReportsError('USAGE', {
      problem: `${folder} is not the folder of an earlier demo; name another with --folder`,
    });
  }
  await rm(folder, { recursive: true, force: true });
  await mkdir(folder, { recursive: true });
}
