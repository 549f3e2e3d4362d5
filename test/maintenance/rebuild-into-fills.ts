import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { stringify } from 'yaml';
import { isSame } from '../../src/maintenance/compare-warehouses.js';
import type { RebuildIntoSummary } from '../../src/maintenance/rebuild-into.js';
import { commandFolder } from '../commands/command-folder.js';
import { runInChild, runInProcess } from '../ingest/world.js';
import { bigQueryEndpoint } from '../warehouse/bigquery-emulator.js';
import { postgresUrl } from '../warehouse/postgres-server.js';

const newName = () => `r${randomUUID().replaceAll('-', '')}`;

/** Each kind of warehouse, as settings and as what is opened; undefined if it is not here. */
export const kinds: Record<string, (() => { settings: object; opened: object }) | undefined> = {
  DuckDB: () => ({ settings: { path: 'other.duckdb' }, opened: {} }),
  PostgreSQL:
    postgresUrl === undefined
      ? undefined
      : () => {
          const common = { type: 'postgres', schema: newName() };
          return {
            settings: { ...common, url: '${DATABASE_URL}' },
            opened: { ...common, url: postgresUrl },
          };
        },
  BigQuery:
    bigQueryEndpoint === undefined
      ? undefined
      : () => {
          const settings = { type: 'bigquery', project: 'p', dataset: newName(), endpoint: bigQueryEndpoint };
          return { settings, opened: settings };
        },
};

const type = 'GET_MERCHANT_LISTINGS_ALL_DATA';
export const ordersType = 'GET_FLAT_FILE_ALL_ORDERS_DATA_BY_LAST_UPDATE_GENERAL';

/** A folder in which a test fills another warehouse. */
export function fillingFolder() {
  const { path, file, run: runHere } = commandFolder();
  const env = { DATABASE_URL: postgresUrl };
  const run = (...args: string[]) => runInProcess(args, { env, cwd: path() });

  async function load(name: string, orderId: string): Promise<void> {
    const header = 'amazon-order-id\tpurchase-date\torder-status\tsku\tquantity\tcurrency\titem-price';
    file(
      name,
      `${header}\n${orderId}\t2026-10-01T10:00:00+00:00\tShipped\tsku-1\t1\tUSD\t${orderId.length}.50\n`,
    );
    const { code, stderr } = await run('load', name, '--type', ordersType);
    assert.equal(code, 0, stderr);
  }

  async function into(...more: string[]): Promise<RebuildIntoSummary & { code: number | null }> {
    const { code, stdout, stderr } = await run('rebuild', '--into', 'other.yaml', '--json', ...more);
    assert.notEqual(stdout, '', stderr);
    return { ...JSON.parse(stdout), code };
  }

  return { path, file, run, runHere, env, load, into };
}

/** What `rebuild --into` fills a warehouse of this kind with. */
export function itFills(
  kind: string,
  { path, file, run, env, load, into }: ReturnType<typeof fillingFolder>,
): void {
  const make = kinds[kind];
  it(`fills ${kind} with the same tables, continues after a kill, and later loads what is new`, async function () {
    if (!make) {
      console.warn(`      skipped: there is no ${kind}; see scripts/with-emulators`);
      return this.skip();
    }
    file('other.yaml', stringify({ warehouse: make().settings }));
    file('l.tsv', 'item-name\tseller-sku\tprice\tquantity\nLamp\ts-1\t9.99\tmany\n');
    assert.equal((await run('load', 'l.tsv', '--type', type)).code, 0);
    await load('a.tsv', 'o-1');
    const before = readFileSync(path('data', 'warehouse.duckdb'));
    const killed = await runInChild(
      ['rebuild', '--into', 'other.yaml'],
      { env: { ...process.env, ...env, SP_REPORTS_CRASH_AT: 'transaction-ended' }, cwd: path() },
      () => {},
      () => {},
    );
    // BigQuery's commits have no such step.
    if (kind !== 'BigQuery') assert.equal(killed.code, null, killed.stderr);
    const first = await into();
    assert.equal(first.code, 0, JSON.stringify(first));
    assert.equal(first.fromLake + first.alreadyThere, 2);
    assert.equal(first.alreadyThere, 2, 'what was committed before the kill');
    assert.deepEqual(
      first.tables.map(({ table, rows }) => [table, rows.into]),
      [
        ['_loads', 2],
        ['_rejects', 1],
        ['listings', 1],
        ['orders_by_last_update', 1],
      ],
    );
    assert.deepEqual(readFileSync(path('data', 'warehouse.duckdb')), before);
    await load('b.tsv', 'o-22');
    assert.equal((await run('reload', '--type', type)).code, 0);
    const second = await into();
    assert.deepEqual([second.code, second.fromLake, second.alreadyThere], [0, 2, 1]);
    assert.ok(second.tables.every(isSame), JSON.stringify(second.tables));
    const { code, stdout } = await run(
      '--config',
      'other.yaml',
      'query',
      '--json',
      'SELECT amazon_order_id AS id FROM orders_by_last_update ORDER BY 1',
    );
    assert.deepEqual([code, JSON.parse(stdout)], [0, [{ id: 'o-1' }, { id: 'o-22' }]]);
  });
}
