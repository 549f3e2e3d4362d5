import assert from 'node:assert/strict';
import type { ChildProcess } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { packagedSchemasFolder } from '../../src/schema/read.js';
import { firstLine } from '../../src/commands/setup/demo-settings.js';
import { ordersType, type Ran, runInChild, runInProcess } from '../ingest/world.js';
import { until } from '../runtime/until.js';

/**
 * For each packaged view, a condition that each of the demo's rows meets, and the minimum number of
 * rows.
 */
const sensible: Record<string, [condition: string, minRows: number]> = {
  account_fees: ["charged < 0 AND unallocated = charged - allocated AND reason <> ''", 3],
  conversion_per_asin: ['sessions > orders AND orders > 0 AND units >= orders AND sales > 0', 3],
  cost_of_goods: [
    `CASE event WHEN 'sale' THEN units > 0 ELSE units < 0 END AND CASE WHEN problem IS NULL THEN unit_cost > 0 AND cost * units < 0
     ELSE cost IS NULL AND (problem = 'no cost' OR problem = 'no sale' AND event = 'return') END`,
    500,
  ],
  // No report of the demo states fees by item.
  fee_allocations: ['amount < 0', 0],
  missing_costs: ["problem = 'no cost' AND units > 0 AND first_day <= last_day", 1],
  order_items: ['units >= 0 AND (item_sales > 0 OR is_pending OR is_cancelled)', 1000],
  order_sums: ['orders + cancelled_orders > 0 AND units >= orders AND pending_orders <= orders', 3],
  orders_per_day: ['orders > 10 AND units >= orders AND item_sales > 0 AND pending_orders < orders', 3],
  orders_per_local_day: ['orders > 0 AND units >= orders AND item_sales > 0 AND pending_orders < orders', 3],
  orders_unsettled: ["units_unsettled = units - units_settled AND units_unsettled > 0 AND state <> ''", 3],
  profit_per_sku: ['settled <> 0 AND sales >= 0 AND refunds <= 0 AND profit <= sales - refunds', 3],
  profit_per_sku_and_month: [
    '(cost_of_goods <= 0 OR units_restocked > 0) AND profit = profit_before_costs + cost_of_goods OR cost_of_goods IS NULL AND profit IS NULL',
    3,
  ],
  refunds_without_return: ['refunded < 0 AND coalesce(units_returned < units_refunded, TRUE)', 3],
  reimbursements_owed: [
    "units_owed BETWEEN 1 AND units_gone AND cause IN ('lost', 'damaged') AND (currency IS NULL OR estimate > 0)",
    3,
  ],
  returns_per_sku: [
    'month IS NOT NULL AND units_sold > units_returned AND units_returned >= units_sellable AND return_rate < 0.5',
    3,
  ],
  returns_without_refund: ['units_returned > units_refunded OR units_returned IS NULL', 3],
  settlement_balance: ["difference = 0 AND state = 'balanced' AND unknown = 0", 3],
  settlement_lines: ['is_known AND amount IS NOT NULL', 1000],
  settlement_sums: ['settled = profit + tax + transfers', 3],
  stock_ageing: [
    'available = units_0_to_90_days + units_91_to_180_days + units_181_to_365_days + units_over_365_days AND storage_cost > 0',
    3,
  ],
  stock_on_hand: ['total = fulfillable + reserved AND fulfillable >= 0 AND price > 0', 3],
  unknown_amounts: ['FALSE', 0],
};

/** Views that the demo does not have: exchange rates would be made up. */
const absent = ['missing_rates'];

describe('the demo', () => {
  let folder: string;
  const run = (...args: string[]): Promise<Ran> => runInProcess(args, { env: {}, cwd: folder });
  const later = (...args: string[]) => run('--config', 'data/demo/pipelines.yaml', ...args);
  const json = async (...args: string[]) => {
    const { code, stdout, stderr } = await later(...args, '--json');
    assert.equal(code, 0, stderr);
    return JSON.parse(stdout) as Record<string, unknown>[];
  };

  before(async () => {
    folder = mkdtempSync(join(tmpdir(), 'sp-reports-demo-'));
    const { code, stderr } = await run('demo');
    assert.equal(code, 0, stderr);
  });
  after(() => rmSync(folder, { recursive: true, force: true }));

  it('answers every packaged view', async () => {
    const names = readdirSync(join(packagedSchemasFolder(), 'views')).map((name) => name.replace('.sql', ''));
    assert.deepEqual(names.sort(), [...Object.keys(sensible), ...absent].sort());
    for (const [view, [condition, minRows]] of Object.entries(sensible)) {
      const [counts] = await json(
        'query',
        `SELECT count(*) >= ${minRows} AS enough, count(*) FILTER (WHERE (${condition}) IS NOT TRUE) AS odd FROM ${view}`,
      );
      assert.deepEqual({ view, ...counts }, { view, enough: true, odd: '0' });
    }
  });

  it('has returned units and units that Amazon owes a reimbursement for', async () => {
    const [returned] = await json('query', 'SELECT sum(units_returned) >= 80 AS many FROM returns_per_sku');
    assert.deepEqual(returned, { many: true });
    const causes = await json('query', 'SELECT DISTINCT cause FROM reimbursements_owed ORDER BY 1');
    assert.deepEqual(causes, [{ cause: 'damaged' }, { cause: 'lost' }]);
  });

  it('has exactly one schema drift, the planted header', async () => {
    const found = await json('schemas', 'drift');
    assert.deepEqual(
      found.map(({ kind, header, documents }) => ({ kind, header, documents })),
      [{ kind: 'added', header: 'is-pickup-order', documents: 1 }],
    );
  });
});

describe('the demo with --serve', () => {
  // No credentials, and no other variable: all that commands need is in the settings.
  const env = { PATH: process.env.PATH };
  let folder: string;
  let demo: ChildProcess;
  let ended: Promise<Ran>;
  let output = '';
  const settings = () => join(folder, 'data/demo/pipelines.yaml');
  const runCommand = (...args: string[]) =>
    runInChild(
      ['--config', settings(), ...args],
      { env, cwd: folder },
      () => {},
      () => {},
    );

  before(async () => {
    folder = mkdtempSync(join(tmpdir(), 'sp-reports-demo-'));
    ended = runInChild(
      ['--log-level', 'info', 'demo', '--serve'],
      { env, cwd: folder },
      (_child, stderr) => {
        output = stderr;
      },
      (child) => {
        demo = child;
      },
    );
    ended.catch(() => {});
    await until(async () => output.includes('status page served') || demo.exitCode !== null);
  });
  after(async () => {
    demo.kill('SIGKILL');
    await ended;
    rmSync(folder, { recursive: true, force: true });
  });

  it('serves the status page, and loads reports that finish meanwhile', async () => {
    const url = /"url":"([^"]+)"/.exec(output)?.[1] ?? '';
    const page = await fetch(url);
    assert.equal(page.status, 200);
    assert.match(await page.text(), /<title>sp-reports/);
    const more = `SELECT count(*) > 2 AS more FROM _loads WHERE report_type = '${ordersType}' AND status = 'loaded'`;
    await until(async () => {
      const { stdout, stderr } = await runInProcess(['--config', settings(), 'query', '--json', more], {
        env: {},
        cwd: folder,
      });
      assert.ok(stdout, stderr);
      return (JSON.parse(stdout) as { more: boolean }[])[0]?.more;
    });
    const metrics = await (await fetch(new URL('metrics', url))).text();
    assert.match(metrics, /documents_total\{pipeline="everything",outcome="loaded"\} \d/);
  });

  it('has a sandbox that other commands can use, and passes all checks of doctor', async () => {
    for (const command of ['doctor', 'run', 'request', 'tables']) {
      const { code, stdout, stderr } = await runCommand(command);
      assert.equal(code, 0, `${command}: ${stdout}${stderr}`);
    }
  });

  it('keeps its folder from a second demo', async () => {
    const { code, stderr } = await runCommand('demo');
    assert.equal(code, 2);
    assert.match(stderr, /another demo is running in .*data\/demo/);
  });

  it('stops at a signal; its settings and later commands say that the sandbox is gone', async () => {
    demo.kill('SIGTERM');
    const { code, stdout } = await ended;
    assert.equal(code, 0);
    assert.match(stdout, /Status page: http:\/\/127\.0\.0\.1:\d+\//);
    assert.ok(readFileSync(settings(), 'utf8').startsWith(firstLine));
    assert.equal(existsSync(join(folder, 'data/demo.lock')), false);
    const { stderr } = await runCommand('run');
    assert.match(stderr, /ECONNREFUSED[\s\S]*`sp-reports demo --serve`/);
  });
});
