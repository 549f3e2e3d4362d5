import assert from 'node:assert/strict';
import { commandFolder } from '../commands/command-folder.js';

const type = 'GET_RESERVED_INVENTORY_DATA';
const known = ['sku\treserved_qty\treserved_staging', 'a\t1\t5', 'b\ttwo\t6', 'c\t3\t7'];
const unknown = ['sku\treserved_qty\tsince', 'a\t1\t2026-11-05', 'b\t2\t', 'c\t3\t2026-11-06'];

describe('the schema contract of a pipeline', () => {
  const { file, path, run, query } = commandFolder();

  const settings = (contract: string, engine: string) =>
    file(
      'pipelines.yaml',
      `engine: ${engine}
pipelines:
  - name: stock
    schedule: '0 * * * *'
    queue: https://sqs.us-east-1.amazonaws.com/123456789012/reports
    schemaContract: ${contract}
`,
    );
  const load = async (lines: string[]) => {
    file('stock.txt', `${lines.join('\n')}\n`);
    const { stdout } = await run('load', path('stock.txt'), '--type', type, '--json');
    return JSON.parse(stdout) as {
      status: string;
      reasonCode: string | null;
      reason: string;
      notes: string[];
    };
  };
  const rows = (columns: string) => query(`SELECT ${columns} FROM reserved_inventory ORDER BY _row`);
  const rejects = () => query('SELECT row_number, column_name, raw, reason FROM _rejects ORDER BY 1');
  const columns = async () => {
    const found = (await query('DESCRIBE reserved_inventory')) as { column_name: string }[];
    return found.map(({ column_name }) => column_name);
  };

  for (const engine of ['columnar', 'reference']) {
    describe(`with the ${engine} engine`, () => {
      it('evolves by default: unknown columns are added, values that do not fit are NULL', async () => {
        settings('{}', engine);
        await load(unknown);
        assert.deepEqual(await rows('sku, since'), [
          { sku: 'a', since: '2026-11-05' },
          { sku: 'b', since: null },
          { sku: 'c', since: '2026-11-06' },
        ]);
        await load(known);
        assert.deepEqual(await rejects(), [
          { row_number: '2', column_name: 'reserved_qty', raw: 'two', reason: 'expected int64' },
        ]);
      });

      it('leaves out unknown columns, and keeps the rows', async () => {
        settings('{ columns: discard_value }', engine);
        const { notes } = await load(unknown);
        assert.ok(notes.includes('left out of reserved_inventory by schemaContract: since'));
        assert.deepEqual(await rows('sku, reserved_qty'), [
          { sku: 'a', reserved_qty: '1' },
          { sku: 'b', reserved_qty: '2' },
          { sku: 'c', reserved_qty: '3' },
        ]);
        assert.ok(!(await columns()).includes('since'));
        assert.deepEqual(await rejects(), []);
      });

      it('quarantines a document without rows left, with the reasons why they were rejected', async () => {
        settings('{ columns: discard_row, dataType: discard_row }', engine);
        const rowsOfNone = ['a\t1\t2026-11-05', 'b\t2\t2026-11-06', 'c\tthree\t', 'd\t4\t\tx'];
        const { status, reasonCode, reason } = await load([unknown[0] as string, ...rowsOfNone]);
        assert.deepEqual([status, reasonCode], ['quarantined', 'ROWS_REJECTED']);
        const found =
          'unknown column since (2 rows), expected int64 in reserved_qty (1 row), 1 cell more than the header (1 row)';
        assert.ok(reason.endsWith(`every row is rejected: ${found}`), reason);
      });

      it('rejects whole rows with a value in an unknown column', async () => {
        settings('{ columns: discard_row }', engine);
        await load(unknown);
        assert.deepEqual(await rows('sku, reserved_qty, _row'), [{ sku: 'b', reserved_qty: '2', _row: '2' }]);
        assert.ok(!(await columns()).includes('since'));
        const reason = 'unknown column since';
        assert.deepEqual(await rejects(), [
          {
            ...{ row_number: '1', column_name: null, reason },
            raw: '{"sku":"a","reserved_qty":"1","since":"2026-11-05"}',
          },
          {
            ...{ row_number: '3', column_name: null, reason },
            raw: '{"sku":"c","reserved_qty":"3","since":"2026-11-06"}',
          },
        ]);
      });

      it('rejects whole rows with a value that does not fit', async () => {
        settings('{ dataType: discard_row }', engine);
        await load(known);
        assert.deepEqual(await rows('sku, reserved_qty, reserved_staging'), [
          { sku: 'a', reserved_qty: '1', reserved_staging: '5' },
          { sku: 'c', reserved_qty: '3', reserved_staging: '7' },
        ]);
        assert.deepEqual(await rejects(), [
          {
            ...{ row_number: '2', column_name: null, reason: 'expected int64 in reserved_qty' },
            raw: '{"sku":"b","reserved_qty":"two","reserved_staging":"6"}',
          },
        ]);
      });

      it('quarantines documents that differ, and keeps the rows that are there', async () => {
        settings('{ columns: freeze, dataType: freeze }', engine);
        const good = known.filter((line) => !line.includes('two'));
        assert.equal((await load(good)).status, 'loaded');
        for (const [lines, found] of [
          [unknown, /does not know the columns since, and/],
          [known, /1 value .*\(row 2 of reserved_qty: expected int64\)/],
        ] as const) {
          const { status, reasonCode, reason } = await load(lines);
          assert.deepEqual([status, reasonCode], ['quarantined', 'SCHEMA_FROZEN']);
          assert.match(reason, found);
          assert.doesNotMatch(reason, /two/);
        }
        assert.deepEqual(await rows('sku'), [{ sku: 'a' }, { sku: 'c' }]);
      });
    });
  }

  it('differs for single tables', async () => {
    settings('{ columns: freeze, tables: [{ name: reserved_inventory, columns: evolve }] }', 'columnar');
    assert.equal((await load(unknown)).status, 'loaded');
    settings('{ tables: [{ name: reserved_inventory, columns: freeze }, { name: x }] }', 'columnar');
    assert.equal((await load([...unknown, 'd\t4\t2026-11-07'])).status, 'quarantined');
  });

  it('does not apply to report types without a schema', async () => {
    settings('{ columns: freeze, dataType: freeze }', 'columnar');
    file('other.txt', 'thing\tcount\nlamp\t2\n');
    const { code } = await run('load', 'other.txt', '--type', 'GET_SOMETHING_NEW', '--new-type');
    assert.equal(code, 0);
  });

  it('keeps values of personal data out of the texts of rejected rows', async () => {
    settings('{ columns: discard_row }', 'columnar');
    await load(['sku\treserved_qty\tKontakt', 'a\t1\tamy@relay.example', 'b\t2\t']);
    assert.deepEqual(await rejects(), [
      {
        ...{ row_number: '1', column_name: null, reason: 'unknown column kontakt' },
        raw: '{"sku":"a","reserved_qty":"1"}',
      },
    ]);
  });
});
