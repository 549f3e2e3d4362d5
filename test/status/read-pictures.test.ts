import assert from 'node:assert/strict';
import { ReportsError } from '../../src/errors/reports-error.js';
import { packagedSchemasFolder, readSchemas } from '../../src/schema/read.js';
import { readViews } from '../../src/schema/views.js';
import { openPicturePoll } from '../../src/status/read-pictures.js';
import { relationsOf } from '../../src/status/relations.js';
import type { TableFreshness } from '../../src/status/types.js';
import type { StreamedAnswer } from '../../src/warehouse/types.js';
import { fakeContext } from '../ingest/fake-context.js';
import { fakeSnapshot, snapshotAt } from './fake-snapshot.js';

const folders = [packagedSchemasFolder()];
const schemas = readSchemas({ folders });
const views = readViews({ folders }, schemas);
const ledger = {
  documents: [],
  days: [],
  rejects: [],
  warnings: [],
  recent: [],
  quarantined: [],
  warned: [],
};

/** A snapshot of a ledger with these tables, each with so many rows. */
function snapshotOf(rows: Record<string, number>) {
  const table = (name: string): TableFreshness => ({
    table: name,
    reportType:
      [...schemas.values()].find(({ tables }) => tables.some((each) => each.name === name))?.reportType ??
      null,
    sellerId: 'A1',
    documents: 1,
    rows: rows[name] ?? 0,
    lastLoadedAt: snapshotAt,
    lastDataEnd: null,
    lastMadeAt: snapshotAt,
    ageSeconds: 0,
    isStale: false,
  });
  const { warehouse } = fakeSnapshot();
  return fakeSnapshot({
    warehouse: { ...warehouse, ledger: { ...ledger, withWarnings: 0, drift: [] } },
    tables: Object.keys(rows).map(table),
  });
}

describe('the tables and views of the console', () => {
  it('are the views whose tables have rows, then the tables, with their descriptions', () => {
    const found = relationsOf(snapshotOf({ fba_inventory: 3, listings: 0 }), schemas, views);
    assert.deepEqual(
      found.map(({ name, isView }) => [name, isView]),
      [
        ['stock_on_hand', true],
        ['fba_inventory', false],
        ['_loads', false],
        ['_rejects', false],
      ],
    );
    assert.match(found[0]?.columns.as_of ?? '', /the end of the data period/);
    assert.match(found[1]?.columns._document_id ?? '', /Id of the document/);
    assert.deepEqual(relationsOf(fakeSnapshot(), schemas, views), []);
  });
});

describe('the pictures of the page', () => {
  it('are read for the views that exist, once a minute, and one that fails has a problem of its own', async () => {
    let nowMs = 0;
    let isDown = true;
    const asked: string[] = [];
    const context = fakeContext({
      warehouseFile: undefined,
      clock: { now: () => nowMs, sleep: () => new Promise(() => {}), every: () => () => {} },
      schemas,
      views,
      warehouse: {
        async queryStream<T>(sql: string, read: (answer: StreamedAnswer) => Promise<T>) {
          asked.push(sql);
          if (isDown && sql.includes('reimbursements_owed'))
            throw new ReportsError('QUERY_FAILED', { found: 'no' });
          const group = { count: 1, rows: () => [['US-1', 4]] };
          const columns = ['sku', 'days_left'].map((name) => ({ name, type: 'VARCHAR' }));
          return read({
            columns,
            groups: (async function* () {
              yield group;
            })(),
          });
        },
      },
    });
    const tables = { inventory_planning: 1, fba_inventory: 1, ledger_detail: 1, reimbursements: 1 };
    const read = openPicturePoll(context, async () => snapshotOf(tables), new AbortController().signal);
    const { value = [] } = await read();
    assert.deepEqual(
      value.map(({ name, result, problem }) => [name, result?.rows, problem?.code]),
      [
        ['owed', undefined, 'QUERY_FAILED'],
        ['supply', [['US-1', 4]], undefined],
      ],
    );
    assert.match(value[1]?.sql ?? '', /stock_on_hand/);
    // After a failure, half a minute is enough.
    nowMs += 29_000;
    await read();
    assert.equal(asked.length, 2);
    nowMs += 1000;
    isDown = false;
    const again = await read();
    assert.deepEqual(
      again.value?.map(({ problem }) => problem),
      [undefined, undefined],
    );
    nowMs += 59_000;
    await read();
    assert.equal(asked.length, 4);
    nowMs += 1000;
    await read();
    assert.equal(asked.length, 6);
  });
});
