import assert from 'node:assert/strict';
import { execFile, execFileSync } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import * as arrow from 'apache-arrow';
import { openColumnarWriter } from '../../src/parquet/columnar/columnar-writer.js';
import { batchOf, column, type Value } from './batch-of.js';

/** The interpreter that has pyarrow. */
const python = process.env.PYTHON ?? 'python3';

const dump = `
import json, sys
import pyarrow.parquet as parquet
file = parquet.ParquetFile(sys.argv[1])
def text(value):
    return value if value is None else value.isoformat() if hasattr(value, 'isoformat') else str(value)
table = file.read()
print(json.dumps({
    'rowGroups': file.metadata.num_row_groups,
    'types': [str(field.type) for field in table.schema],
    'rows': [[text(value) for value in row.values()] for row in table.to_pylist()],
    'extremes': [[text(column.statistics.min), text(column.statistics.max)] for column in
        [file.metadata.row_group(0).column(at) for at in (1, 2, 6)]],
}))
`;

describe('Parquet of the columnar engine in pyarrow', () => {
  before(function () {
    try {
      execFileSync(python, ['-c', 'import pyarrow'], { stdio: 'ignore' });
    } catch {
      process.stdout.write(`    skipped: ${python} has no pyarrow\n`);
      this.skip();
    }
  });

  it('has the same values for all types, nulls, dictionaries, several row groups and decimals, to the last digit', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'pyarrow-'));
    try {
      const columns = [
        ...[column('text', 'string'), column('count', 'int64'), column('money', 'decimal(18,4)')],
        ...[column('wide', 'decimal(38,10)'), column('ratio', 'float64'), column('flag', 'bool')],
        ...[column('day', 'date'), column('time', 'timestamp'), column('object', 'json')],
        ...[column('repeated', 'string'), column('lacking', 'string')],
      ];
      const first: Value[][] = [
        [
          'é水😀',
          2n ** 63n - 1n,
          '99999999999999.9999',
          '9999999999999999999999999999.0123456789',
          0.1,
          true,
        ],
        [null, null, null, null, null, null],
        ['', -(2n ** 63n), '-0.0001', '-0.0000000001', -1.5e300, false],
      ];
      const second: Value[][] = [
        [20_000, 1_767_323_045_678_901n, '{"a":[1]}'],
        [null, null, null],
        [-1, -1n, '[]'],
      ];
      const rows = first.map((row, index) => [...row, ...(second[index] as Value[])]);
      const repeated = ['one', null, 'one'];
      const path = join(folder, 'all.parquet');
      const writer = await openColumnarWriter({ path, columns, metadata: {} });
      for (const firstRow of [1, 4]) {
        const plain = batchOf(columns.slice(0, 9), rows, firstRow);
        await writer.write(withColumns(plain, [dictionaryOf(repeated), nulls(rows.length)]));
      }
      await writer.finish();
      const { stdout } = await promisify(execFile)(python, ['-c', dump, path]);
      const found = JSON.parse(stdout) as { rowGroups: number; types: string[]; rows: unknown[][] };
      const times = ['2026-01-02T03:04:05.678901+00:00', null, '1969-12-31T23:59:59.999999+00:00'];
      const days = ['2024-10-04', null, '1969-12-31'];
      const wanted = [
        [
          'é水😀',
          '9223372036854775807',
          '99999999999999.9999',
          '9999999999999999999999999999.0123456789',
          '0.1',
          'True',
        ],
        [null, null, null, null, null, null],
        ['', '-9223372036854775808', '-0.0001', '-1E-10', '-1.5e+300', 'False'],
      ].map((row, index) => [...row, days[index], times[index], second[index]?.[2], repeated[index], null]);
      assert.deepEqual(found, {
        rowGroups: 2,
        types: [
          ...['string', 'int64', 'decimal128(18, 4)', 'decimal128(38, 10)', 'double', 'bool', 'date32[day]'],
          ...['timestamp[us, tz=UTC]', 'string', 'string', 'string', 'int64'],
        ],
        rows: [...wanted, ...wanted].map((row, index) => [...row, String(index + 1)]),
        extremes: [
          ['-9223372036854775808', '9223372036854775807'],
          ['-0.0001', '99999999999999.9999'],
          ['1969-12-31', '2024-10-04'],
        ],
      });
    } finally {
      await rm(folder, { recursive: true });
    }
  });
});

/** A batch with more columns before the row numbers. */
function withColumns({ data }: arrow.RecordBatch, more: arrow.Data[]): arrow.RecordBatch {
  const children = [...data.children.slice(0, -1), ...more, data.children.at(-1) as arrow.Data];
  const fields = children.map(({ type }, index) => new arrow.Field(`c${index}`, type, true));
  const struct = new arrow.Struct(fields);
  const made = arrow.makeData({ type: struct, length: data.length, nullCount: 0, children });
  return new arrow.RecordBatch(new arrow.Schema(fields), made);
}

function dictionaryOf(values: (string | null)[]): arrow.Data {
  const type = new arrow.Dictionary(new arrow.Utf8(), new arrow.Int32());
  return arrow.vectorFromArray(values, type).data[0] as arrow.Data;
}

function nulls(length: number): arrow.Data {
  return arrow.makeData({ type: new arrow.Null(), length });
}
