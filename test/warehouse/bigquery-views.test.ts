import assert from 'node:assert/strict';
import { pino } from 'pino';
import { packagedSchemasFolder, readSchemas } from '../../src/schema/read.js';
import { readViews } from '../../src/schema/views.js';
import type { BigQueryClient } from '../../src/warehouse/bigquery/client.js';
import { dropEmptyTable } from '../../src/warehouse/bigquery/drop-empty-table.js';
import { systemClock } from '../../src/runtime/clock.js';
import type { State, TableState } from '../../src/warehouse/bigquery/state.js';
import { relationOf } from '../../src/warehouse/bigquery/relations.js';
import { refreshViews, viewProblems } from '../../src/warehouse/bigquery/views.js';
import { onlyThese } from '../ingest/fake-context.js';

const folders = [packagedSchemasFolder()];
const schemas = readSchemas({ folders });
const views = readViews({ folders }, schemas);

const stock: TableState = {
  name: 'fba_inventory',
  columns: [
    { name: 'sku', type: { kind: 'string' } },
    // Widened by a document with other words in it.
    { name: 'afn_total_quantity', type: { kind: 'string' } },
  ],
  partitionBy: null,
  clusterBy: ['_seller_id'],
};

/** A client of the dataset `ds` that can do only this. */
function clientOf(members: Partial<BigQueryClient>): BigQueryClient {
  return onlyThese<BigQueryClient>('client', {
    target: { project: 'p', dataset: 'ds', location: 'EU' },
    table: (name) => `\`ds.${name}\``,
    tableUri: (name) => `/datasets/ds/tables/${name}`,
    ...members,
  });
}

/** The problems of the views if BigQuery refuses each with these words. */
function problems(known: Record<string, string>, refusal: string | undefined, there?: object) {
  const client = clientOf({
    async requestIfThere<T>() {
      return there as T | undefined;
    },
    async dryRun() {
      if (refusal !== undefined) throw new Error(refusal);
      return { jobReference: { jobId: '1' }, status: { state: 'DONE' } };
    },
  });
  const tables = new Map([[stock.name, { table: stock }]]);
  const state: State = { version: 3, tables, views: new Map(Object.entries(known)) };
  return viewProblems(client, views, state);
}

/** The requests to BigQuery; `there` is the dataset's table or view of any requested name. */
async function refresh(known: Record<string, string>, tables: TableState[], there?: object) {
  const statements: string[] = [];
  const warnings: string[] = [];
  const client = clientOf({
    async run(sql) {
      statements.push(sql);
      return { jobReference: { jobId: '1' }, status: { state: 'DONE' } };
    },
    async requestIfThere<T>() {
      return there as T | undefined;
    },
    async *pages() {
      yield { rows: [{ f: [{ v: 'committed' }] }] };
    },
  });
  const log = pino({ level: 'warn' }, { write: (line) => warnings.push(line) });
  const relations = new Map(tables.map((table) => [table.name, relationOf(table)]));
  const state: State = { version: 3, tables: new Map(), views: new Map(Object.entries(known)) };
  await refreshViews(client, views, relations, state, log);
  return { statements, warnings };
}

/** What keeps the empty table of stock; `views` are those of the dataset, with their SQL. */
async function whatKeepsStock(sqlOfViews: Record<string, string>) {
  const { columns, ...rest } = stock;
  const body = { ...rest, columns: columns.map(({ name, type }) => [name, type.kind]) };
  const rows = [
    ['', '3', ''],
    [stock.name, '0', JSON.stringify(body)],
    ['view/stock_on_hand', '0', 'a'],
  ];
  const client = clientOf({
    clock: systemClock,
    run: async () => ({ jobReference: { jobId: '1' }, status: { state: 'DONE' } }),
    async *pages() {
      yield { rows: rows.map((row) => ({ f: row.map((v) => ({ v })) })) };
    },
    async request<T>() {
      const tables = [stock.name, ...Object.keys(sqlOfViews)].map((tableId) => ({
        tableReference: { tableId },
        type: tableId === stock.name ? 'TABLE' : 'VIEW',
      }));
      return { tables } as T;
    },
    async requestIfThere<T>({ uri = '', method }: { uri?: string; method?: string }) {
      const name = uri.split('/').at(-1) ?? '';
      if (method === 'DELETE') return undefined;
      return { numRows: '0', view: name in sqlOfViews ? { query: sqlOfViews[name] } : undefined } as T;
    },
  });
  return dropEmptyTable(client, [], stock.name);
}

/** The version that a first commit records. */
async function notedVersion(): Promise<string> {
  const { statements } = await refresh({}, [stock]);
  return /VALUES \('view\/stock_on_hand', 0, '', '([0-9a-f]+)'\)/.exec(statements.at(-1) ?? '')?.[1] ?? '';
}

describe('views of BigQuery', () => {
  it('of others keep the table that they read from being dropped', async () => {
    const sql = 'SELECT sku FROM `p.ds.FBA_Inventory`';
    const all = { stock_on_hand: sql, of_mine: sql, of_another: 'SELECT a FROM `ds.fba_inventory_2`' };
    assert.equal(await whatKeepsStock(all), 'the view of_mine reads it. Drop it first, then run this again');
  });

  it('are made in the dataset if their tables exist, and recorded in the state', async () => {
    const { statements, warnings } = await refresh({}, [stock]);
    assert.equal(statements.length, 2);
    const [make = '', note = ''] = statements;
    assert.match(
      make,
      /^CREATE OR REPLACE VIEW `ds\.stock_on_hand` OPTIONS \(description = '.+', labels = \[\('program', 'sp-reports'\)\]\) AS WITH `fba_inventory` AS/,
    );
    assert.match(make, /SAFE_CAST\(`afn_total_quantity` AS INT64\) AS `afn_total_quantity`/);
    assert.match(make, /CAST\(NULL AS STRING\) AS `asin`/);
    assert.match(make, /FROM `ds\.fba_inventory` AS here\n/);
    assert.match(note, /WHERE name = '' AND version = 3/);
    assert.deepEqual(warnings, []);
  });

  it('are cast without precision and scale, which BigQuery accepts only for columns', async () => {
    const names = new Set(views.flatMap(({ tables }) => tables.flat().map(({ name }) => name)));
    const without = [...names].map((name) => ({ ...stock, name, columns: [] }));
    const { statements } = await refresh({}, without);
    assert.match(statements.join(), /CAST\(NULL AS NUMERIC\)/);
    assert.doesNotMatch(statements.join(), /NUMERIC\(\d/);
  });

  it('cost no request if they are up to date', async () => {
    const version = await notedVersion();
    assert.ok(version);
    assert.deepEqual((await refresh({ stock_on_hand: version }, [stock])).statements, []);
  });

  it('are made again if their tables changed, and dropped if those are gone', async () => {
    const version = await notedVersion();
    const wider = {
      ...stock,
      columns: [...stock.columns, { name: 'asin', type: { kind: 'string' as const } }],
    };
    const { statements } = await refresh({ stock_on_hand: version, old_one: 'abc' }, [wider]);
    assert.deepEqual(
      statements.map((sql) => /^[A-Z ]+(`[^`]+`)?/.exec(sql)?.[0]),
      ['CREATE OR REPLACE VIEW `ds.stock_on_hand`', 'DROP VIEW IF EXISTS `ds.old_one`', 'BEGIN TRANSACTION'],
    );
  });

  it('are reported if they are not as their files say, with the reason', async () => {
    const version = await notedVersion();
    assert.deepEqual([...(await problems({ stock_on_hand: version }, 'no'))], []);
    assert.deepEqual(
      [...(await problems({}, 'Unrecognized name: x'))],
      [['stock_on_hand', 'Unrecognized name: x']],
    );
    assert.match((await problems({}, undefined)).get('stock_on_hand') ?? '', /the next load makes it/);
    assert.match((await problems({}, undefined, { type: 'TABLE' })).get('stock_on_hand') ?? '', /already/);
  });

  it('do not change if someone else made them, but do if a broken commit made them', async () => {
    const theirs = await refresh({}, [stock], { type: 'VIEW' });
    assert.deepEqual(theirs.statements, []);
    assert.match(theirs.warnings.join(), /stock_on_hand.*of that name already/);
    const ours = await refresh({}, [stock], { type: 'VIEW', labels: { program: 'sp-reports' } });
    assert.equal(ours.statements.length, 2);
  });
});
