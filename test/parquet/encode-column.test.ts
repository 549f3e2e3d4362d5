import assert from 'node:assert/strict';
import * as arrow from 'apache-arrow';
import fc from 'fast-check';
import { snappyUncompress } from 'hyparquet/src/snappy.js';
import { deltaBinaryUnpack } from 'hyparquet/src/delta.js';
import { deserializeTCompactProtocol } from 'hyparquet/src/thrift.js';
import { type Kernel, takeKernel } from '../../src/kernel/kernel.js';
import { compressColumn } from '../../src/parquet/columnar/compress-column.js';
import {
  type EncodedColumn,
  encodeColumn,
  encodeRowNumbers,
} from '../../src/parquet/columnar/encode-column.js';
import type { ColumnType } from '../../src/schema/types.js';
import { batchOf, column, type Value } from './batch-of.js';
import { readDataPage, readPlain, readStatistic } from './decode-page.js';

/** Values of each type in the order of statistics, as `decode-page.ts` returns them. */
const kinds: { type: string; value: fc.Arbitrary<Value>; inBatch?: (value: Value) => Value }[] = [
  { type: 'string', value: fc.string({ unit: 'binary', maxLength: 20 }) },
  // Statistics have no longer texts; another test says so.
  { type: 'json', value: fc.json({ maxDepth: 1 }).filter((text) => Buffer.byteLength(text) <= 256) },
  { type: 'int64', value: fc.bigInt(-(2n ** 63n), 2n ** 63n - 1n) },
  { type: 'float64', value: fc.double({ noNaN: true }).map((value) => value + 0) },
  { type: 'bool', value: fc.boolean() },
  { type: 'date', value: fc.integer({ min: -719_162, max: 2_932_896 }) },
  { type: 'timestamp', value: fc.bigInt(-(2n ** 62n), 2n ** 62n) },
  { type: 'decimal(18,0)', value: fc.bigInt(-(10n ** 18n) + 1n, 10n ** 18n - 1n), inBatch: String },
  { type: 'decimal(38,0)', value: fc.bigInt(-(10n ** 38n) + 1n, 10n ** 38n - 1n), inBatch: String },
];

/** Parquet's order of a type: texts by their bytes, others by their value. */
function compare(a: Value, b: Value): number {
  if (typeof a === 'string') return Buffer.compare(Buffer.from(a), Buffer.from(String(b)));
  return Number((a as number) > (b as number)) - Number((a as number) < (b as number));
}

function typeOf(text: string): ColumnType {
  return column('value', text).type;
}

/** The values of all data pages. */
function decoded({ pages }: EncodedColumn, type: ColumnType): Value[] {
  const [first] = pages;
  const dictionary = first?.kind === 'dictionary' ? readPlain(first.bytes, type, first.values) : undefined;
  return pages
    .filter(({ kind }) => kind === 'data')
    .flatMap((page) => {
      assert.equal(page.encoding, dictionary ? 8 : 0, 'PLAIN, or RLE_DICTIONARY with a dictionary');
      return readDataPage(page.bytes, type, page.values, dictionary);
    });
}

describe('the encoder of Parquet columns', () => {
  let kernel: Kernel;
  beforeEach(() => {
    kernel = takeKernel();
  });
  afterEach(() => kernel.release());

  const arrayOf = (type: string, values: Value[]) =>
    batchOf(
      [column('value', type)],
      values.map((value) => [value]),
    ).data.children[0] as arrow.Data;

  for (const { type, value, inBatch = (each: Value) => each } of kinds) {
    it(`writes ${type} values and nulls that decode to the same, with correct statistics`, () => {
      fc.assert(
        fc.property(fc.array(fc.option(value), { minLength: 1, maxLength: 100 }), (values) => {
          const given = arrayOf(
            type,
            values.map((each) => (each === null ? null : inBatch(each))),
          );
          const encoded = encodeColumn(kernel, given);
          assert.deepEqual(decoded(encoded, typeOf(type)), values);
          const sorted = values.filter((each) => each !== null).sort(compare);
          const { nullCount, min, max } = encoded.statistics;
          assert.equal(nullCount, values.length - sorted.length);
          // Truth values have no statistics.
          const bounds = type === 'bool' ? [undefined, undefined] : [sorted[0], sorted.at(-1)];
          assert.deepEqual([readStatistic(min, typeOf(type)), readStatistic(max, typeOf(type))], bounds);
        }),
      );
    });
  }

  /** How many values a page has at most. */
  const pageValues = 32_768;

  it('starts a new page after 32,768 values, each with its own nulls', () => {
    for (const { type, value, inBatch = (each: Value) => each } of kinds) {
      const some = fc.sample(value, { numRuns: 50, seed: 7 });
      for (const hasNulls of [false, true]) {
        const values = Array.from({ length: 2 * pageValues + 9 }, (_, index) =>
          hasNulls && index % 7 === 3 ? null : (some[index % 50] as Value),
        );
        const given = arrayOf(
          type,
          values.map((each) => (each === null ? null : inBatch(each))),
        );
        const encoded = encodeColumn(kernel, given);
        assert.deepEqual(
          encoded.pages.map((page) => page.values),
          [pageValues, pageValues, 9],
        );
        assert.deepEqual(decoded(encoded, typeOf(type)), values);
      }
    }
  });

  /** Indices into a dictionary of texts, -1 for a null. */
  function dictionaryArray(texts: string[], indices: number[]): arrow.Data {
    const type = new arrow.Dictionary(new arrow.Utf8(), new arrow.Int32());
    const nullBitmap = new Uint8Array((indices.length + 7) >>> 3);
    for (const [row, index] of indices.entries()) {
      if (index >= 0) nullBitmap[row >>> 3] = (nullBitmap[row >>> 3] ?? 0) | (1 << (row & 7));
    }
    return arrow.makeData({
      type,
      length: indices.length,
      nullCount: indices.filter((index) => index < 0).length,
      nullBitmap,
      data: Int32Array.from(indices, (index) => Math.max(0, index)),
      dictionary: arrow.vectorFromArray(texts, new arrow.Utf8()),
    });
  }

  it('writes the texts of a dictionary once, in a page before the pages that refer to them', () => {
    const texts = fc.uniqueArray(fc.string({ unit: 'grapheme', maxLength: 8 }), {
      minLength: 1,
      maxLength: 300,
    });
    fc.assert(
      fc.property(texts, fc.array(fc.integer({ min: -1, max: 299 }), { maxLength: 200 }), (texts, drawn) => {
        const indices = [0, ...drawn].map((index) => (index < 0 ? -1 : index % texts.length));
        const encoded = encodeColumn(kernel, dictionaryArray(texts, indices));
        assert.deepEqual(
          decoded(encoded, typeOf('string')),
          indices.map((index) => texts[index] ?? null),
        );
        const [page] = encoded.pages;
        assert.deepEqual([page?.kind, page?.encoding, page?.values], ['dictionary', 0, texts.length]);
        const sorted = texts.toSorted(compare);
        const { min, max } = encoded.statistics;
        const bounds = [min, max].map((each) => readStatistic(each, typeOf('string')));
        assert.deepEqual(bounds, [sorted[0], sorted.at(-1)]);
      }),
    );
  });

  it('writes a column of any type without values as nulls alone', () => {
    const nulls = arrow.makeData({ type: new arrow.Null(), length: 70_000 });
    const encoded = encodeColumn(kernel, nulls);
    assert.deepEqual(
      decoded(encoded, typeOf('decimal(10,2)')),
      Array.from({ length: 70_000 }, () => null),
    );
    assert.deepEqual(encoded.statistics, { nullCount: 70_000 });
  });

  it('has no minimum and maximum for texts longer than 256 bytes, for NaN alone and for nulls alone', () => {
    const boundsOf = (type: string, values: Value[]) => {
      const { min, max } = encodeColumn(kernel, arrayOf(type, values)).statistics;
      return [min, max].map((each) => readStatistic(each, typeOf(type)));
    };
    const [longest, tooLong] = ['x'.repeat(256), 'x'.repeat(257)];
    assert.deepEqual(boundsOf('string', ['a', longest]), ['a', longest]);
    assert.deepEqual(boundsOf('string', ['a', tooLong]), [undefined, undefined]);
    assert.deepEqual(boundsOf('float64', [Number.NaN]), [undefined, undefined]);
    assert.deepEqual(boundsOf('float64', [Number.NaN, 1]), [1, 1]);
    assert.deepEqual(boundsOf('int64', [null]), [undefined, undefined]);
  });

  it('refuses a type that it has no encoding for', () => {
    const times = arrow.makeData({ type: new arrow.TimeSecond(), length: 1, data: Int32Array.of(1) });
    assert.throws(() => encodeColumn(kernel, times), /no Parquet encoding for Arrow's Time32<SECOND>/);
  });

  it('writes row numbers as deltas, in one page that takes far less than 8 bytes for each', () => {
    const from = fc.bigInt(1n, 2n ** 40n);
    const steps = fc.array(fc.oneof(fc.constant(1), fc.nat(1000)), { maxLength: 2000 });
    fc.assert(
      fc.property(from, steps, (from, steps) => {
        const numbers = [from];
        for (const step of steps) numbers.push((numbers.at(-1) ?? 0n) + BigInt(step));
        const data = arrow.makeVector(BigInt64Array.from(numbers)).data[0] as arrow.Data;
        const { pages, statistics } = encodeRowNumbers(kernel, data);
        const [page] = pages;
        assert(page);
        assert.deepEqual([pages.length, page.values, page.encoding], [1, numbers.length, 5]);
        const read = new BigInt64Array(numbers.length);
        const view = new DataView(page.bytes.buffer, page.bytes.byteOffset, page.bytes.byteLength);
        deltaBinaryUnpack({ view, offset: 0 }, numbers.length, read);
        assert.deepEqual([...read], numbers);
        const { nullCount, min, max } = statistics;
        const bounds = [min, max].map((each) => readStatistic(each, typeOf('int64')));
        assert.deepEqual([nullCount, ...bounds], [0, numbers[0], numbers.at(-1)]);
      }),
    );
    const plain = Array.from({ length: 10_000 }, (_, index) => BigInt(index + 1));
    const data = arrow.makeVector(BigInt64Array.from(plain)).data[0] as arrow.Data;
    const bytes = encodeRowNumbers(kernel, data).pages[0]?.bytes.length ?? 0;
    assert.ok(bytes < 1000, `${bytes} bytes for 10,000 row numbers`);
  });

  it('compresses each page after its header, and counts their bytes with and without compression', async () => {
    // Large pages are compressed on other threads, small ones at once.
    for (const length of [1, 100, 100_000]) {
      const texts = ['red', 'green', 'a longer text'.repeat(20)];
      const indices = Array.from({ length }, (_, row) => (row % 5 === 4 ? -1 : (row * row) % 3));
      const values = indices.map((index) => texts[index] ?? null);
      for (const given of [dictionaryArray(texts, indices), arrayOf('string', values)]) {
        const encoded = encodeColumn(kernel, given);
        const { parts, metadata } = await compressColumn(encoded);
        assert.equal(parts.length, encoded.pages.length * 2);
        let [compressed, uncompressed, dictionary] = [0, 0, 0];
        for (const [index, page] of encoded.pages.entries()) {
          const [header, body] = [parts[index * 2], parts[index * 2 + 1]];
          assert(header && body);
          const output = new Uint8Array(page.bytes.length);
          snappyUncompress(body, output);
          assert.deepEqual(output, new Uint8Array(page.bytes));
          const view = new DataView(header.buffer, header.byteOffset, header.byteLength);
          const fields = deserializeTCompactProtocol({ view, offset: 0 });
          assert.deepEqual([fields.field_2, fields.field_3], [page.bytes.length, body.length]);
          compressed += header.length + body.length;
          uncompressed += header.length + page.bytes.length;
          if (page.kind === 'dictionary') dictionary = header.length + body.length;
        }
        assert.deepEqual(metadata, {
          compressedBytes: compressed,
          dictionaryBytes: dictionary,
          uncompressedBytes: uncompressed,
          values: length,
          encodings: dictionary > 0 ? [3, 0, 8] : [3, 0],
          statistics: encoded.statistics,
        });
      }
    }
  });
});
