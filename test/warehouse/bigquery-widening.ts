import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemClock } from '../../src/runtime/clock.js';
import { BigQueryClient } from '../../src/warehouse/bigquery/client.js';
import { existingTables } from '../../src/warehouse/bigquery/list-tables.js';
import { openBigQueryWarehouse } from '../../src/warehouse/bigquery/warehouse.js';
import { openDuckDbWarehouse } from '../../src/warehouse/duckdb/warehouse.js';
import type { Load, Warehouse } from '../../src/warehouse/types.js';
import { RefusingBigQuery, refusals } from './bigquery-refusals.js';
import { type MadeTable, makeLoad } from './make-load.js';

export interface Widening {
  title: string;
  /** The type and the value of column `v` in the documents, in order. */
  documents: [type: string, value: string][];
  partitionBy?: string;
  table?: Partial<MadeTable>;
}

/** Changes of the type of a column. */
export const widenings: Widening[] = [
  {
    title: 'a partition column from date to text',
    documents: [
      ['date', '2026-05-06'],
      ['string', 'soon'],
      ['date', '2026-05-07'],
    ],
    partitionBy: 'v',
  },
  {
    title: 'a partition column that is part of the key, from date to text',
    documents: [
      ['date', '2026-05-06'],
      ['string', 'soon'],
      ['date', '2026-05-06'],
    ],
    partitionBy: 'v',
    table: { mode: 'replace', key: ['v'] },
  },
  {
    title: 'a partition column that is part of the key, from date to timestamp',
    documents: [
      ['date', '2026-05-06'],
      ['timestamp', '2026-05-06 07:08:09+00'],
      ['date', '2026-05-06'],
    ],
    partitionBy: 'v',
    table: { mode: 'replace', key: ['v'] },
  },
  {
    title: 'a partition column from timestamp to text',
    documents: [
      ['timestamp', '2026-05-06 07:08:09+00'],
      ['string', 'soon'],
      ['timestamp', '2026-05-06 07:08:10+00'],
    ],
    partitionBy: 'v',
  },
  {
    title: 'a clustered column from number to text',
    documents: [
      ['int64', '7'],
      ['string', 'seven'],
      ['int64', '7'],
    ],
    table: { mode: 'replace', key: ['v'] },
  },
  {
    title: 'a clustered column from whole number to decimal',
    documents: [
      ['int64', '7'],
      ['decimal(18,2)', '7.25'],
      ['int64', '7'],
    ],
    table: { mode: 'replace', key: ['v'] },
  },
  {
    title: 'a plain column from number to text',
    documents: [
      ['int64', '7'],
      ['string', 'seven'],
      ['int64', '8'],
    ],
  },
  {
    title: 'a plain column from date to timestamp',
    documents: [
      ['date', '2026-05-06'],
      ['timestamp', '2026-05-06 07:08:09+00'],
      ['date', '2026-05-07'],
    ],
  },
];

/** Steps of a change for which a table is made again. */
export const refusedSteps: [name: string, pattern: RegExp][] = [
  ['the copy', /CREATE TABLE `\w+\._widened_/],
  ['the first rename', /ALTER TABLE `\w+\.things` RENAME/],
  ['the second rename', /ALTER TABLE `\w+\._widened_things` RENAME/],
];

/** Changes for which no table is made again. */
export const smallChanges: [
  title: string,
  pattern: RegExp,
  first: Record<string, string>,
  second: Record<string, string>,
][] = [
  ['creates the table', /CREATE TABLE IF NOT EXISTS `\w+\.others`/, {}, { a: 'string' }],
  ['adds a column', /ADD COLUMN/, { a: 'string' }, { a: 'string', b: 'string' }],
  ['widens a number', /SET DATA TYPE/, { a: 'decimal(9,2)' }, { a: 'decimal(18,4)' }],
];

/** What is tried. */
export interface Wanted {
  widenings: Widening[];
  refusedSteps: typeof refusedSteps;
  smallChanges: typeof smallChanges;
  /** Of the steps of a change, each how many-th is the last one of a process. */
  everyNthStep: number;
  /** Whether BigQuery is so busy that its client waits for seconds. */
  isBusy: boolean;
}

/** What a change of a column's type means in BigQuery, on the emulator. */
export function describeWidening(emulator: string, wanted: Wanted): void {
  describe('widening in BigQuery, which replaces no table by one of other partitions', () => {
    let folder: string;
    let proxy: RefusingBigQuery;
    let place: { project: string; dataset: string; location: string; endpoint: string };
    let laterMs: number;
    beforeEach(async () => {
      folder = mkdtempSync(join(tmpdir(), 'widening-'));
      proxy = await RefusingBigQuery.start(emulator);
      laterMs = 0;
      place = newPlace();
    });
    afterEach(() => {
      proxy.close();
      rmSync(folder, { recursive: true, force: true });
    });

    const newPlace = () => ({
      project: 'test-project',
      dataset: `d${randomUUID().replaceAll('-', '')}`,
      location: 'US',
      endpoint: proxy.endpoint,
    });
    const clock = { ...systemClock, now: () => Date.now() + laterMs };
    /** As another process would open it. */
    const open = () => openBigQueryWarehouse({ ...place, clock });

    const loadsOf = ({ documents, partitionBy, table }: Widening): Promise<Load[]> =>
      Promise.all(
        documents.map(async ([type, v], index) => {
          const documentId = `d${index + 1}`;
          const reportCreatedAt = `2026-06-0${index + 1}T00:00:00.000Z`;
          const rows = [{ v, a: documentId }];
          const made = { ...table, name: 'things', columns: { v: type, a: 'string' }, rows };
          const load = await makeLoad(folder, { documentId, reportCreatedAt }, made);
          for (const each of load.tables) each.partitionBy = partitionBy;
          return load;
        }),
      );

    const rowsIn = async (warehouse: Warehouse) =>
      (await warehouse.query('SELECT v, a FROM things ORDER BY a')).rows.map(({ v, a }) => [
        // BigQuery returns no scale with a decimal.
        typeof v === 'string' && /^\d+\.\d+$/.test(v) ? v.replace(/\.?0+$/, '') : v,
        a,
      ]);

    async function expectedRows(loads: Load[]): Promise<unknown[][]> {
      const duckdb = openDuckDbWarehouse({
        path: join(folder, `${randomUUID()}.duckdb`),
        memoryLimitMegabytes: 256,
      });
      for (const load of loads) await duckdb.commit([load]);
      return rowsIn(duckdb);
    }

    const tables = async () => {
      const found = await existingTables(new BigQueryClient(place));
      return [...found].filter((name) => !name.startsWith('_staging_')).sort();
    };
    const expectedTables = ['_costs', '_loads', '_rejects', '_state', 'things'];

    for (const each of wanted.widenings) {
      it(`takes all documents: ${each.title}`, async () => {
        const loads = await loadsOf(each);
        for (const load of loads) await open().commit([load]);
        assert.deepEqual(await rowsIn(open()), await expectedRows(loads));
        assert.deepEqual(await tables(), expectedTables);
      });
    }

    const [partitioned] = widenings as [Widening];

    for (const [name, pattern] of wanted.refusedSteps) {
      it(`refuses only the documents that need it if BigQuery refuses ${name}`, async () => {
        const [first, second, third] = (await loadsOf(partitioned)) as [Load, Load, Load];
        await open().commit([first]);
        for (const error of [refusals.invalid, refusals.quota, refusals.denied]) {
          proxy.refuse(pattern, error);
          const code = {
            invalid: 'WAREHOUSE_REFUSED',
            quotaExceeded: 'WAREHOUSE_QUOTA_EXCEEDED',
            accessDenied: 'WAREHOUSE_ACCESS_DENIED',
          }[error.reason];
          await assert.rejects(open().commit([second]), { code });
          proxy.heal();
        }
        proxy.refuse(pattern, refusals.invalid);
        await open().commit([third]);
        assert.deepEqual(await rowsIn(open()), await expectedRows([first, third]));
        proxy.heal();
        await open().commit([second]);
        assert.deepEqual(await rowsIn(open()), await expectedRows([first, third, second]));
        assert.deepEqual(await tables(), expectedTables);
      });
    }

    for (const [title, pattern, columns, wider] of wanted.smallChanges) {
      it(`refuses only the documents that need it if BigQuery refuses what ${title}`, async () => {
        const others = (documentId: string, types: Record<string, string>) => {
          const rows = [Object.fromEntries(Object.keys(types).map((name) => [name, '1.25']))];
          const made = Object.keys(types).length > 0 ? [{ name: 'others', columns: types, rows }] : [];
          return makeLoad(folder, { documentId }, made);
        };
        await open().commit([await others('d1', columns)]);
        proxy.refuse(pattern, refusals.invalid);
        const needing = await others('d2', wider);
        await assert.rejects(open().commit([needing]), { code: 'WAREHOUSE_REFUSED' });
        await open().commit([await others('d3', columns)]);
        proxy.heal();
        await open().commit([needing]);
        const count = async (table: string) =>
          (await open().query(`SELECT COUNT(*) AS n FROM ${table}`)).rows;
        assert.deepEqual(await count('others'), [{ n: Object.keys(columns).length > 0 ? '3' : '1' }]);
        assert.deepEqual(await count('_loads'), [{ n: '3' }]);
      });
    }

    it('is repeated at once if BigQuery fails it for a reason that passes', async () => {
      const [first, second] = (await loadsOf(partitioned)) as [Load, Load];
      await open().commit([first]);
      for (const pattern of [/CREATE TABLE `\w+\._widened_/, /`\w+\._widened_things` RENAME/]) {
        proxy.refuse(pattern, refusals.backend, 1);
      }
      // BigQuery's client itself repeats the call three times.
      if (wanted.isBusy) proxy.refuse(/CREATE TABLE `\w+\._widened_/, refusals.unavailable, 4);
      await open().commit([second]);
      assert.deepEqual(await rowsIn(open()), await expectedRows([first, second]));
    });

    it('does not hold up its own process if the commit that needs it is repeated', async () => {
      const [first, second] = (await loadsOf(partitioned)) as [Load, Load];
      await open().commit([first]);
      proxy.refuse(/^BEGIN TRANSACTION;[\s\S]*INSERT INTO `\w+\.things`/, refusals.backend, 1);
      await open().commit([second]);
      assert.deepEqual(await rowsIn(open()), await expectedRows([first, second]));
    });

    it('begun by a process that died is given up if BigQuery refuses it, for other documents', async () => {
      const [first, second, third] = (await loadsOf(partitioned)) as [Load, Load, Load];
      await open().commit([first]);
      const before = proxy.changes.length;
      proxy.cutAfter(1);
      await assert.rejects(open().commit([second]), { code: 'WAREHOUSE_ACCESS_DENIED' });
      assert.match(proxy.changes[before] ?? '', /"pending"/);
      proxy.heal();
      proxy.refuse(/_widened_/, refusals.invalid);
      laterMs = 16 * 60_000;
      await open().commit([third]);
      assert.deepEqual(await rowsIn(open()), await expectedRows([first, third]));
    });

    it('is completed by others if its process dies at any step, with no row lost or twice', async () => {
      const loads = (await loadsOf(partitioned)) as [Load, Load, Load];
      const [first, second, third] = loads;
      const expected = await expectedRows([first, third, second]);
      for (let allowed = 0, isDone = false; !isDone; allowed += wanted.everyNthStep) {
        place = newPlace();
        laterMs = 0;
        await open().commit([first]);
        proxy.cutAfter(allowed);
        isDone = await open()
          .commit([second])
          .then(
            () => true,
            () => false,
          );
        proxy.heal();
        laterMs = 16 * 60_000;
        await open().commit([third]);
        await open().commit([second]);
        assert.deepEqual(await rowsIn(open()), expected, `after ${allowed} changes`);
        assert.deepEqual(await tables(), expectedTables, `after ${allowed} changes`);
        assert.ok(isDone || allowed < 40, 'the commit never ends');
      }
    });

    it('by a process that was stopped for long does not undo what others did meanwhile', async () => {
      const [first, second, third] = (await loadsOf(partitioned)) as [Load, Load, Load];
      await open().commit([first]);
      // The others make the change while the script with the renames is on its way.
      let others: Promise<unknown> | undefined;
      const client = new BigQueryClient(place, clock);
      const stopped = openBigQueryWarehouse({ ...place, clock });
      proxy.beforeNext(/RENAME TO `_replaced_things`/, async () => {
        laterMs = 16 * 60_000;
        others = open().commit([third]);
        await others;
      });
      await assert.rejects(stopped.commit([second]), { code: 'WAREHOUSE_BUSY' });
      assert.ok(others);
      await open().commit([second]);
      assert.deepEqual(await rowsIn(open()), await expectedRows([first, third, second]));
      assert.deepEqual(
        [...(await existingTables(client))].filter((name) => /^_(widened|replaced)/.test(name)),
        [],
      );
    });
  });
}
