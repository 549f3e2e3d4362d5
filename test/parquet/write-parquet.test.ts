import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { execFile } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { DuckDBDecimalValue, DuckDBInstance } from '@duckdb/node-api';
import type * as arrow from 'apache-arrow';
import fc from 'fast-check';
import { asyncBufferFromFile, parquetMetadataAsync, parquetReadObjects } from 'hyparquet';
import { ReportsError } from '../../src/errors/reports-error.js';
import { digestFile } from '../../src/files/file-digest.js';
import { openColumnarWriter } from '../../src/parquet/columnar/columnar-writer.js';
import { openReferenceWriter } from '../../src/parquet/reference-writer.js';
import type { ParquetWriter } from '../../src/parquet/types.js';
import type { ResolvedColumn } from '../../src/schema/types.js';
import { withFullDisk } from '../files/full-disk.js';
import { batchOf, column, type Value } from './batch-of.js';
import { runs } from '../property-runs.js';

let folder: string;

before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'write-parquet-'));
});
after(() => rm(folder, { recursive: true, force: true }));

type Open = typeof openReferenceWriter;

async function write(
  columns: ResolvedColumn[],
  batches: arrow.RecordBatch[],
  options: { rowGroupRows?: number; metadata?: Record<string, string>; name?: string; open?: Open } = {},
): Promise<string> {
  const path = join(folder, `${options.name ?? 'file'}.parquet`);
  const { rowGroupRows, metadata = {}, open = openReferenceWriter } = options;
  const writer = await open({
    path,
    columns,
    metadata,
    rowGroupRows,
  });
  for (const batch of batches) await writer.write(batch);
  await writer.finish();
  return path;
}

async function duckDb(sql: string): Promise<Record<string, unknown>[]> {
  const instance = await DuckDBInstance.create(':memory:');
  const connection = await instance.connect();
  try {
    return (await connection.runAndReadAll(sql)).getRowObjects() as Record<string, unknown>[];
  } finally {
    connection.closeSync();
    instance.closeSync();
  }
}

/** Rows as DuckDB reads them, dates as days and timestamps as microseconds. */
async function readByDuckDb(path: string, columns: ResolvedColumn[]): Promise<Value[][]> {
  const expressions = columns.map(({ name, type }, index) => {
    if (type.kind === 'date') return `date_diff('day', DATE '1970-01-01', "${name}") AS c${index}`;
    if (type.kind === 'timestamp') return `epoch_us("${name}") AS c${index}`;
    return `"${name}" AS c${index}`;
  });
  const rows = await duckDb(`SELECT ${expressions} FROM read_parquet('${path}') ORDER BY _row`);
  return rows.map((row) => columns.map((_, index) => row[`c${index}`] as Value));
}

/** Rows as hyparquet reads them, dates as days and timestamps as microseconds. */
async function readByHyparquet(path: string, columns: ResolvedColumn[]): Promise<Value[][]> {
  const parsers = {
    timestampFromMicroseconds: (micros: bigint) => micros,
    dateFromDays: (days: number) => BigInt(days),
  };
  const rows = await parquetReadObjects({ file: await asyncBufferFromFile(path), parsers });
  return rows.map((row) => columns.map(({ name }) => (row[name] ?? null) as Value));
}

const allColumns = [
  column('text', 'string'),
  column('money', 'decimal(38,10)'),
  column('document', 'json'),
  column('quantity', 'int64'),
  column('rate', 'float64'),
  column('flag', 'bool'),
  column('day', 'date'),
  column('moment', 'timestamp'),
];

const [firstDay, lastDay] = [-719_162, 2_932_896]; // 0001-01-01 and 9999-12-31
const dayMicros = 86_400_000_000n;

const value = {
  text: fc.string({ unit: 'binary', maxLength: 40 }),
  money: fc.bigInt(-(10n ** 27n), 10n ** 27n).map((digits) => `${digits}.0000000001`),
  document: fc.json({ maxDepth: 2 }),
  quantity: fc.bigInt(-(2n ** 63n), 2n ** 63n - 1n),
  rate: fc.double(),
  flag: fc.boolean(),
  day: fc.integer({ min: firstDay, max: lastDay }),
  moment: fc.bigInt(BigInt(firstDay) * dayMicros, (BigInt(lastDay) + 1n) * dayMicros - 1n),
};

const rowArbitrary = fc.tuple(
  ...Object.values(value).map((arbitrary) => fc.option(arbitrary as fc.Arbitrary<Value>)),
);

/** What a reader returns for a value: days come as bigint. */
function expectedOf(rows: Value[][]): Value[][] {
  return rows.map((row) =>
    row.map((cell, index) => (allColumns[index]?.name === 'day' && cell !== null ? BigInt(cell) : cell)),
  );
}

/** Money as precisely as hyparquet returns it: it makes doubles of decimals. */
function asDoubles(rows: Value[][]): Value[][] {
  const money = allColumns.findIndex(({ name }) => name === 'money');
  return rows.map((row) =>
    row.map((cell, index) => (index === money && cell !== null ? Number(cell).toPrecision(12) : cell)),
  );
}

/** The decimals of DuckDB's Node client in the spelling of the parsers. */
function canonicalMoney(rows: Value[][]): Value[][] {
  return rows.map((row) =>
    row.map((cell) =>
      (cell as unknown) instanceof DuckDBDecimalValue ? String(cell).replace(/\.?0+$/, '') : cell,
    ),
  );
}

const writers: { engine: string; open: Open; moneyType: string }[] = [
  { engine: 'reference', open: openReferenceWriter, moneyType: 'VARCHAR' },
  { engine: 'columnar', open: openColumnarWriter, moneyType: 'DECIMAL(38,10)' },
];

for (const { engine, open, moneyType } of writers) {
  describe(`Parquet of the ${engine} engine`, () => {
    async function assertReadsBack(path: string, rows: Value[][]) {
      const expected = expectedOf(rows);
      assert.deepEqual(canonicalMoney(await readByDuckDb(path, allColumns)), expected);
      const byHyparquet = await readByHyparquet(path, allColumns);
      assert.deepEqual(
        engine === 'reference' ? byHyparquet : asDoubles(byHyparquet),
        engine === 'reference' ? expected : asDoubles(expected),
      );
    }

    it('reads back equal in DuckDB and hyparquet, whatever the values', async () => {
      let file = 0;
      await fc.assert(
        fc.asyncProperty(fc.array(rowArbitrary, { minLength: 1, maxLength: 30 }), async (rows) => {
          file += 1;
          const name = `property-${engine}-${file}`;
          const path = await write(allColumns, [batchOf(allColumns, rows)], { name, rowGroupRows: 7, open });
          await assertReadsBack(path, rows);
        }),
        { numRuns: runs(40) },
      );
    });

    it('keeps the extremes of every type, and distinguishes an empty text from NULL', async () => {
      const rows: Value[][] = [
        [
          '',
          '-9999999999999999999999999999.9999999999',
          '{}',
          -(2n ** 63n),
          -0,
          false,
          firstDay,
          BigInt(firstDay) * dayMicros,
        ],
        ['日本\u0000"\n\t🚲', '0', '[]', 2n ** 63n - 1n, Number.MAX_VALUE, true, lastDay, -1n],
        ['x'.repeat(1_000_000), '1', '"a"', 2n ** 53n + 1n, Number.MIN_VALUE, true, -1, 1n],
        [null, null, null, null, null, null, null, null],
        ['NULL', '0.0000000001', 'null', 0n, Number.POSITIVE_INFINITY, false, 0, 0n],
        ['ﬁn', '7', '1', -1n, Number.NaN, false, 20_000, 1_767_312_000_123_456n],
      ];
      const path = await write(allColumns, [batchOf(allColumns, rows)], { name: `extremes-${engine}`, open });
      await assertReadsBack(path, rows);
    });

    it('has native types, so that any reader sees dates as dates', async () => {
      const path = await write(allColumns, [batchOf(allColumns, [])], { name: `types-${engine}`, open });
      const types = await duckDb(`DESCRIBE SELECT * FROM read_parquet('${path}')`);
      assert.deepEqual(
        types.map(({ column_name, column_type }) => [column_name, column_type]),
        [
          ['text', 'VARCHAR'],
          ['money', moneyType],
          ['document', 'VARCHAR'],
          ['quantity', 'BIGINT'],
          ['rate', 'DOUBLE'],
          ['flag', 'BOOLEAN'],
          ['day', 'DATE'],
          ['moment', engine === 'columnar' ? 'TIMESTAMP WITH TIME ZONE' : 'TIMESTAMP'],
          ['_row', 'BIGINT'],
        ],
      );
    });

    it('accepts any column name', async () => {
      const columns = [
        column('constructor', 'string'),
        column('select', 'string'),
        column('größe', 'string'),
      ];
      const path = await write(columns, [batchOf(columns, [[null, 'a', 'b']])], {
        name: `names-${engine}`,
        open,
      });
      assert.deepEqual(await readByDuckDb(path, columns), [[null, 'a', 'b']]);
    });

    it('records in the footer what it was made from', async () => {
      const metadata = { seller_id: 'A1', document_id: 'amzn1.spdoc.1', engine, note: '日本' };
      const columns = [column('a', 'string')];
      const path = await write(columns, [batchOf(columns, [['1']])], {
        name: `footer-${engine}`,
        metadata,
        open,
      });
      const found = (await parquetMetadataAsync(await asyncBufferFromFile(path))).key_value_metadata ?? [];
      assert.deepEqual(Object.fromEntries(found.map(({ key, value }) => [key, value])), metadata);
    });

    it('has its name only when it is complete, and leaves nothing behind when aborted', async () => {
      const columns = [column('a', 'string')];
      const path = join(folder, `lake-${engine}`, 'aborted.parquet');
      const writer = await open({ path, columns, metadata: {}, rowGroupRows: 1 });
      // More than is gathered before a file is begun.
      const longText = randomBytes(2 ** 19).toString('hex');
      await writer.write(batchOf(columns, [[longText], ['2']]));
      assert(!existsSync(path));
      await writer.abort();
      assert.deepEqual(readdirSync(join(folder, `lake-${engine}`)), []);

      const again = await open({ path, columns, metadata: {} });
      await again.write(batchOf(columns, [['1'], ['2']]));
      const found = await again.finish();
      assert.deepEqual(found, { rows: 2, ...(await digestFile(path)) });
      assert.equal(found.bytes, readFileSync(path).length);
      assert.deepEqual(readdirSync(join(folder, `lake-${engine}`)), ['aborted.parquet']);
    });

    it('replaces what a crash left', async () => {
      const columns = [column('a', 'string')];
      await writeFile(join(folder, `crashed-${engine}.parquet.part`), 'PAR1 and half a row group');
      const path = await write(columns, [batchOf(columns, [['1']])], { name: `crashed-${engine}`, open });
      assert.deepEqual(await readByDuckDb(path, columns), [['1']]);
    });

    it('has a separate file for each of two writers until it is complete', async () => {
      const columns = [column('a', 'string')];
      const path = join(folder, `contended-${engine}`, 'a.parquet');
      const first = await open({ path, columns, metadata: {} });
      await first.write(batchOf(columns, [['first']]));
      const second = await open({ path, columns, metadata: {} });
      await first.finish();
      assert.deepEqual(await readByDuckDb(path, columns), [['first']]);
      await second.write(batchOf(columns, [['second']]));
      await second.finish();
      assert.deepEqual(await readByDuckDb(path, columns), [['second']]);
      assert.deepEqual(readdirSync(join(folder, `contended-${engine}`)), ['a.parquet']);
    });

    it('reports a full disk, even for the very first bytes', async () => {
      const columns = [column('a', 'string')];
      // More than is gathered for one write.
      const rows = [1, 2].map(() => [randomBytes(200_000).toString('hex')]);
      for (const failAt of [1, 2]) {
        const path = join(folder, `full-${engine}`, `${failAt}.parquet`);
        await withFullDisk(folder, failAt, async () => {
          let writer: ParquetWriter | undefined;
          await assert.rejects(
            async () => {
              writer = await open({ path, columns, metadata: {}, rowGroupRows: 1 });
              await writer.write(batchOf(columns, rows));
              await writer.finish();
            },
            { code: 'DISK_FULL', kind: 'retryable' },
          );
          await writer?.abort();
        });
        assert.deepEqual(readdirSync(join(folder, `full-${engine}`)), []);
      }
    });
  });
}

describe('Parquet of the reference engine alone', () => {
  it('has the rows of many batches in row groups of the given size, also of sliced batches', async () => {
    const columns = [column('quantity', 'int64'), column('day', 'date'), column('moment', 'timestamp')];
    const rows = Array.from({ length: 25 }, (_, n): Value[] =>
      n % 5 === 0 ? [null, null, null] : [BigInt(n), n, BigInt(n)],
    );
    const whole = batchOf(columns, rows);
    const batches = [whole.slice(0, 3), whole.slice(3, 4), whole.slice(4, 25)];
    const path = await write(columns, batches, { name: 'groups', rowGroupRows: 10 });
    const metadata = await parquetMetadataAsync(await asyncBufferFromFile(path));
    assert.deepEqual(
      metadata.row_groups.map(({ num_rows }) => Number(num_rows)),
      [10, 10, 5],
    );
    const expected = rows.map(([quantity, day, moment]) => [
      quantity,
      day === null ? null : BigInt(day ?? 0),
      moment,
    ]);
    assert.deepEqual(await readByDuckDb(path, columns), expected);
  });

  it('reports what the library does not accept as PARQUET_FAILED', async () => {
    const columns = [column('quantity', 'int64')];
    const path = join(folder, 'refused.parquet');
    const writer = await openReferenceWriter({ path, columns, metadata: {}, rowGroupRows: 1 });
    const text = [column('quantity', 'string')];
    await assert.rejects(writer.write(batchOf(text, [['not a number']])), (error: unknown) => {
      assert(error instanceof ReportsError);
      assert.equal(error.code, 'PARQUET_FAILED');
      assert.match(error.message, /refused\.parquet: .*not a number/);
      return true;
    });
    await writer.abort();
  });

  it('prints no warning', async () => {
    const script = `
      import { openRejectsWriter } from './src/parquet/rejects.ts';
      const writer = openRejectsWriter(process.argv[1]);
      await writer.add('t', [{ row: 1, column: null, raw: 'x', reason: 'y' }]);
      await writer.finish();`;
    const args = ['--import', 'tsx', '--throw-deprecation', '--input-type=module', '-e', script];
    const path = join(folder, 'silent.parquet');
    const { stderr } = await promisify(execFile)(process.execPath, [...args, path], {
      cwd: join(import.meta.dirname, '../..'),
    });
    assert.equal(stderr, '');
    assert(existsSync(path));
  });
});
