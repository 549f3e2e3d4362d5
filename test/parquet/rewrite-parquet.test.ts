import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openColumnarWriter } from '../../src/parquet/columnar/columnar-writer.js';
import { inspectParquet } from '../../src/parquet/inspect-parquet.js';
import { openReferenceWriter } from '../../src/parquet/reference-writer.js';
import { openRejectsWriter } from '../../src/parquet/rejects.js';
import { openParquetRewriter, type ParquetRewriter } from '../../src/parquet/rewrite-parquet.js';
import { batchOf, column, type Value } from './batch-of.js';

const columns = [
  column('name', 'string'),
  column('it"em\'s', 'string'),
  column('money', 'decimal(38,10)'),
  column('price', 'decimal(18,4)'),
  column('document', 'json'),
  column('list', 'list(string)'),
  column('quantity', 'int64'),
  column('rate', 'float64'),
  column('flag', 'bool'),
  column('day', 'date'),
  column('moment', 'timestamp'),
];
const rows: Value[][] = [
  [
    'Ann',
    'a',
    '-99999999999999999999.0000000001',
    '99999999999999.9999',
    '{"a":1.0}',
    '["Ann"]',
    2n ** 63n - 1n,
    -0,
    true,
    -719_162,
    -1n,
  ],
  [null, null, null, null, null, null, null, null, null, null, null],
  [
    'Bea',
    'é\u0000',
    '0.1',
    '-0.0001',
    '[]',
    '[]',
    -(2n ** 63n),
    Number.NaN,
    false,
    2_932_896,
    253_402_300_799_999_999n,
  ],
];

describe('a rewritten Parquet file', () => {
  let folder: string;
  let rewriter: ParquetRewriter;
  before(async () => {
    rewriter = await openParquetRewriter();
  });
  after(() => rewriter.close());
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'seller=[x]-'));
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  for (const [engine, open] of Object.entries({
    columnar: openColumnarWriter,
    reference: openReferenceWriter,
  })) {
    it(`has NULL in the named columns, and the rest as the ${engine} engine wrote it`, async () => {
      const path = join(folder, "it's.parquet");
      const writer = await open({ path, columns, metadata: { report_type: 'GET_X', "it's": 'é"\'' } });
      await writer.write(batchOf(columns, rows));
      await writer.write(batchOf(columns, rows, 4));
      await writer.finish();
      const before = await inspectParquet(path);
      const { columns: names } = await rewriter.read(path);
      assert.deepEqual(names, [...columns.map(({ name }) => name), '_row']);

      await rewriter.clear(path, ['name', 'document', 'list', 'price'], null);
      const after = await inspectParquet(path);
      assert.equal(after.rows, 6);
      assert.deepEqual(after.metadata, before.metadata);
      const shape = ({ columns: found }: typeof after) =>
        found.map(({ name, logicalType, physicalType }) => [name, logicalType, physicalType]);
      assert.deepEqual(
        shape(after).map(([name]) => name),
        shape(before).map(([name]) => name),
      );
      const cleared = { name: null, document: null, list: null, price: null };
      assert.deepEqual(
        after.sample,
        before.sample.map((row) => ({ ...row, ...cleared })),
      );
      assert.ok(!readFileSync(path).includes('Ann'));
      assert.equal(statSync(path).mode & 0o777, 0o600);
      assert.deepEqual(readdirSync(folder), ["it's.parquet"]);
    });
  }

  it('has empty texts in columns that cannot have NULL', async () => {
    const path = join(folder, 'rejects.parquet');
    const writer = openRejectsWriter(path);
    await writer.add('orders', [{ row: 1, column: null, raw: 'Ann Archer', reason: 'too long' }]);
    await writer.finish();
    await rewriter.clear(path, ['raw'], '');
    const { sample } = await inspectParquet(path);
    assert.deepEqual(sample, [
      { table_name: 'orders', row_number: '1', column_name: null, raw: '', reason: 'too long' },
    ]);
  });

  it('stays as it was if it cannot be read', async () => {
    const path = join(folder, 'damaged.parquet');
    writeFileSync(path, 'PAR1 no');
    await assert.rejects(rewriter.clear(path, ['name'], null), { code: 'PARQUET_FAILED' });
    assert.equal(readFileSync(path, 'utf8'), 'PAR1 no');
    assert.deepEqual(readdirSync(folder), ['damaged.parquet']);
  });
});
