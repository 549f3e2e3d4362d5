import assert from 'node:assert/strict';
import { delimitedSchema } from './delimited-schema.js';
import { documentOf } from './document-of.js';
import { readRows } from './read-rows.js';

const schema = delimitedSchema(
  {
    id: 'string',
    sales: 'decimal(18,4)',
    storage_fee: 'decimal(18,4)',
    remark: 'string',
    units: 'int64',
    total: 'decimal(18,4)',
  },
  { table: 'fees' },
);

/** The warnings of both engines about a document with this header and row. */
async function warningsOf(header: string, row: string) {
  const text = `${header.replaceAll(' ', '\t')}\n${row.replaceAll(' ', '\t')}\n`;
  const [columnar, reference] = await Promise.all(
    (['columnar', 'reference'] as const).map((engine) => readRows(documentOf(text), schema, engine)),
  );
  assert.deepEqual(columnar?.parsed.warnings, reference?.parsed.warnings);
  return columnar?.parsed.warnings?.map(({ code, message }) => `${code}: ${message}`);
}

describe('a column of numbers that a document lacks', () => {
  it('is a warning if an unknown column of numbers is in its place', async () => {
    assert.deepEqual(await warningsOf('id sales warehousing remark units total', 'a 5.00 -1.25 x 2 3.75'), [
      'MEASURE_MISSING: fees has no value in storage_fee: the document has "warehousing" with numbers in its place',
    ]);
    assert.deepEqual(await warningsOf('id sales storage_fee remark units sum', 'a 5.00 -1.25 x 2 3.75'), [
      'MEASURE_MISSING: fees has no value in total: the document has "sum" with numbers in its place',
    ]);
    assert.deepEqual(await warningsOf('id sales new remark total', 'a 5.00 -1.25 x 3.75'), [
      'MEASURE_MISSING: fees has no value in storage_fee: the document has "new" with numbers in its place',
    ]);
  });

  it('is no warning without such a column, or if that is elsewhere or has other values', async () => {
    for (const [header, row] of [
      ['id sales storage_fee remark units total', 'a 5.00 -1.25 x 2 3.75'],
      ['id sales remark units total', 'a 5.00 x 2 3.75'],
      ['id sales storage_fee remark units total new', 'a 5.00 -1.25 x 2 3.75 7'],
      ['id sales remark units new total', 'a 5.00 x 2 7 3.75'],
      ['new id sales remark units total', '7 a 5.00 x 2 3.75'],
      ['id sales new remark units total', 'a 5.00 none x 2 3.75'],
      ['id sales new remark units total', 'a 5.00 2026-11-05 x 2 3.75'],
      ['id sales storage_fee new units total', 'a 5.00 -1.25 9 2 3.75'],
    ] as const) {
      assert.deepEqual(await warningsOf(header, row), [], header);
    }
  });
});
