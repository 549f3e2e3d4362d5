import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { existsSync, readFileSync, renameSync } from 'node:fs';
import { DuckDBInstance } from '@duckdb/node-api';
import { pino } from 'pino';
import { stringify } from 'yaml';
import { compareWarehouses, isSame } from '../../src/maintenance/compare-warehouses.js';
import { rebuildInto, type RebuildIntoSummary } from '../../src/maintenance/rebuild-into.js';
import { openWarehouse, type WarehouseSettings } from '../../src/warehouse/open-warehouse.js';
import { readConfig } from '../../src/config/read.js';
import { readLoadRecord, writeLoadRecord } from '../../src/ingest/load-record.js';
import { withPipelineContext } from '../../src/library/with-context.js';
import type { Load, Warehouse } from '../../src/warehouse/types.js';
import { commandFolder } from '../commands/command-folder.js';
import { runInChild, runInProcess } from '../ingest/world.js';
import { bigQueryEndpoint } from '../warehouse/bigquery-emulator.js';
import { makeLoad } from '../warehouse/make-load.js';
import { postgresUrl } from '../warehouse/postgres-server.js';

const newName = () => `r${randomUUID().replaceAll('-', '')}`;

/** Each kind of warehouse, as settings and as what is opened; undefined if it is not here. */
const kinds: Record<string, (() => { settings: object; opened: object }) | undefined> = {
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
const ordersType = 'GET_FLAT_FILE_ALL_ORDERS_DATA_BY_LAST_UPDATE_GENERAL';

describe('rebuild --into', function () {
  this.timeout(400_000);
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

  for (const [kind, make] of Object.entries(kinds)) {
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

    it(`compares each type of column with ${kind}`, async function () {
      if (!make) {
        console.warn(`      skipped: there is no ${kind}; see scripts/with-emulators`);
        return this.skip();
      }
      const columns = {
        ...{ text: 'string', count: 'int64', money: 'decimal(18,4)', ratio: 'float64' },
        ...{ day: 'date', at: 'timestamp', is_new: 'bool', items: 'list(string)', more: 'json' },
      };
      const values = {
        ...{ text: "Straße 'ñ' 日本", count: '-9007199254740993', money: '-0.1000', ratio: '0.1' },
        ...{
          day: '1969-12-31',
          at: '2026-10-25T01:30:00.123456Z',
          is_new: 'true',
          items: '["a"]',
          more: '{"a":1}',
        },
      };
      const nulls = Object.fromEntries(Object.keys(columns).map((name) => [name, null]));
      const changes: Record<string, string | null> = {
        ...{ text: 'strasse', count: '-9007199254740992', money: '-0.1001', ratio: '0.2' },
        ...{ day: '1970-01-01', at: '2026-10-25T01:30:00.123457Z', is_new: 'false', more: null },
      };
      const memoryLimitMegabytes = 256;
      const open = async (settings: WarehouseSettings, first: Record<string, string | null>) => {
        const warehouse = openWarehouse({ warehouse: settings });
        const table = (name: string, rows: Record<string, string | null>[]) => ({ name, columns, rows });
        const tables = [table('same', [values, nulls]), table('changed', [first, nulls])];
        await warehouse.commit([await makeLoad(path('lake'), {}, tables)]);
        return { warehouse, type: settings.type };
      };
      const common = { location: 'US', memoryLimitMegabytes, type: 'duckdb', path: path('there.duckdb') };
      const compared = await compareWarehouses(
        await open({ type: 'duckdb', path: path('here.duckdb'), memoryLimitMegabytes }, values),
        await open({ ...common, ...make().opened } as WarehouseSettings, { ...values, ...changes }),
      );
      const differing = compared.filter((each) => !isSame(each));
      assert.deepEqual(
        differing.map(({ table, columns: found }) => [table, found.toSorted()]),
        [['changed', Object.keys(changes).toSorted()]],
      );
    });
  }

  for (const isKilled of [false, true]) {
    it(`copies a document again that is loaded again while it is copied${isKilled ? ', even if it is interrupted then' : ''}`, async () => {
      await load('a.tsv', 'o-1');
      await load('b.tsv', 'o-22');
      file('pipelines.yaml', '{}\n');
      const memoryLimitMegabytes = 256;
      const copy = openWarehouse({
        warehouse: { type: 'duckdb', path: path('copy.duckdb'), memoryLimitMegabytes },
      });
      const config = readConfig({ path: path('pipelines.yaml'), env: {}, cwd: path() });
      const log = pino({ enabled: false });
      await withPipelineContext({ config, log, onEvent: () => {} }, async (context) => {
        const { warehouse, lake } = context;
        let commits = 0;
        const into = {
          ...copy,
          async commit(loads: Load[]) {
            commits += 1;
            // The source has a newer load before the copy has the older one.
            if (commits === 1) {
              const [row] = await warehouse.loads({});
              const record = row && (await readLoadRecord(lake, row));
              assert.ok(record);
              const again = { ...record, entry: { ...record.entry, notes: ['loaded again'] } };
              await warehouse.commit([again]);
              await writeLoadRecord(lake, again);
            }
            return copy.commit(loads);
          },
        };
        const options = { maxDocumentBytes: 1e9, acceptLoss: false };
        const copyAll = () => rebuildInto({ warehouse: into, type: 'duckdb' }, context, options);
        if (isKilled) {
          const killed = {
            ...into,
            async commit(loads: Load[]) {
              await into.commit(loads);
              // A process that is killed commits nothing more.
              killed.commit = async () => assert.fail('killed');
              return assert.fail('killed');
            },
          };
          await assert.rejects(rebuildInto({ warehouse: killed, type: 'duckdb' }, context, options));
        }
        const { tables } = await copyAll();
        assert.ok(tables.every(isSame));
        const found = async (of: Pick<Warehouse, 'loads'>) =>
          (await of.loads({})).map(({ key, notes, loadedAt }) => ({ key, notes, loadedAt }));
        assert.deepEqual(await found(copy), await found(warehouse));
        assert.deepEqual(
          (await copy.loads({})).flatMap(({ notes }) => notes).filter((note) => note === 'loaded again'),
          ['loaded again'],
        );
        const committed = commits;
        assert.equal((await copyAll()).alreadyThere, 2);
        assert.equal(commits, committed);
      });
    });
  }

  it('gives documents of an unknown age the same precedence as the warehouse that they come from', async () => {
    file('other.yaml', 'warehouse: { path: other.duckdb }\n');
    const header = 'amazon-order-id\tpurchase-date\torder-status\tsku\tquantity\tcurrency\titem-price';
    const order = (quantity: number) =>
      `${header}\no-1\t2026-10-01T10:00:00+00:00\tShipped\tsku-1\t${quantity}\tUSD\t1.50\n`;
    // By their keys, which are hashes, one pair of neighbours is in another order than by time.
    for (const quantity of [1, 2, 3, 4, 5, 6]) {
      file('o.tsv', order(quantity));
      assert.equal((await run('load', 'o.tsv', '--type', ordersType)).code, 0);
    }
    const { code, tables } = await into();
    assert.equal(code, 0, JSON.stringify(tables));
  });

  it('reports which columns of which table differ, and rows that are missing, with exit code 1', async () => {
    file('other.yaml', 'warehouse: { path: other.duckdb }\n');
    await load('a.tsv', 'o-1');
    assert.equal((await into()).code, 0);
    const instance = await DuckDBInstance.create(path('other.duckdb'));
    const connection = await instance.connect();
    await connection.run("UPDATE orders_by_last_update SET sku = 'sku-2', item_price = 0");
    connection.closeSync();
    instance.closeSync();
    const { code, stdout } = await run('rebuild', '--into', 'other.yaml');
    assert.equal(code, 1);
    assert.match(stdout, /orders_by_last_update +1 +1 +differs: /);
    assert.match(stdout, /differs: .*\bsku\b/);
    assert.match(stdout, /differs: .*\bitem_price\b/);
    assert.match(stdout, /_loads +1 +1 +same/);
    assert.match(stdout, /1 table differ/);
  });

  it('loads nothing if documents are lost, unless the loss is accepted, and refuses its own warehouse', async () => {
    file('other.yaml', 'warehouse: { path: other.duckdb }\n');
    file('same.yaml', 'warehouse: { path: data/warehouse.duckdb }\n');
    await load('a.tsv', 'o-1');
    const same = await runHere('rebuild', '--into', 'same.yaml');
    assert.match(same.stderr, /USAGE.*has the same warehouse/);
    renameSync(path('data', 'lake'), path('lake-away'));
    renameSync(path('data', 'raw'), path('raw-away'));
    const refused = await run('rebuild', '--into', 'other.yaml');
    assert.match(refused.stderr, /REBUILD_INCOMPLETE/);
    assert.equal(existsSync(path('other.duckdb')), false);
    const accepted = await into('--accept-loss');
    assert.deepEqual([accepted.code, accepted.lost.length], [1, 1]);
  });
});
