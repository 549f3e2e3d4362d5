import assert from 'node:assert/strict';
import fc from 'fast-check';
import { deltaBinaryUnpack } from 'hyparquet/src/delta.js';
import { readRleBitPackedHybrid } from 'hyparquet/src/encoding.js';
import { type Kernel, takeKernel } from '../../src/kernel/kernel.js';
import { bitWidthOf } from '../../src/parquet/columnar/levels.js';

/** Around the widths of SIMD registers, groups of eight and blocks of deltas. */
const lengths = [0, 1, 7, 8, 9, 15, 16, 17, 31, 32, 33, 127, 128, 129, 130, 257, 1000];

describe('the kernel that encodes pages', () => {
  let kernel: Kernel;
  beforeEach(() => {
    kernel = takeKernel();
  });
  afterEach(() => kernel.release());

  const copyIn = (values: ArrayLike<number> | ArrayLike<bigint>, of: 'int32' | 'int64') => {
    const bytes =
      of === 'int32'
        ? Int32Array.from(values as ArrayLike<number>)
        : BigInt64Array.from(values as ArrayLike<bigint>);
    return kernel.copyIn(new Uint8Array(bytes.buffer));
  };
  const bitmapOf = (there: boolean[]) => {
    const bitmap = new Uint8Array((there.length + 7) >>> 3);
    for (const [index, isThere] of there.entries()) {
      if (isThere) bitmap[index >>> 3] = (bitmap[index >>> 3] ?? 0) | (1 << (index & 7));
    }
    return kernel.copyIn(bitmap);
  };
  const viewOf = (at: number, length: number) => new DataView(kernel.calls.memory.buffer, at, length);

  function ascending(values: bigint[]): bigint[] {
    const at = copyIn(values, 'int64');
    const out = kernel.zeros(values.length * 5 + 64);
    const written = kernel.calls.encodeAscending(at, values.length, out);
    const read = new BigInt64Array(values.length);
    const reader = { view: viewOf(out, written), offset: 0 };
    deltaBinaryUnpack(reader, values.length, read);
    assert.equal(reader.offset, written);
    return [...read];
  }

  it('writes ascending integers at the edges of blocks that hyparquet reads back', () => {
    for (const length of lengths.filter((each) => each > 0)) {
      const values = Array.from({ length }, (_, index) => BigInt(index + 1));
      assert.deepEqual(ascending(values), values, `${length} values`);
    }
  });

  it('writes ascending integers with any distances below 2^31 that hyparquet reads back', () => {
    const distance = fc.oneof(fc.nat(3), fc.integer({ min: 0, max: 2 ** 31 - 1 }));
    fc.assert(
      fc.property(
        fc.bigInt(-(2n ** 40n), 2n ** 40n),
        fc.array(distance, { maxLength: 300 }),
        (first, steps) => {
          const values = [first];
          for (const step of steps) values.push((values.at(-1) ?? 0n) + BigInt(step));
          assert.deepEqual(ascending(values), values);
        },
      ),
    );
  });

  function places(values: number[], there?: boolean[], from = 0): number[] {
    const width = bitWidthOf(Math.max(1, ...values));
    const at = copyIn(values, 'int32');
    const scratch = kernel.zeros(values.length * 4 + 4);
    const out = kernel.zeros(values.length * 4 + 64);
    const validity = there ? bitmapOf(there) : 0;
    const written = kernel.calls.encodeIndices(at, validity, from, values.length, width, scratch, out);
    const count = values.filter((_, index) => index >= from && (there?.[index] ?? true)).length;
    const read = new Array<number>(count);
    const reader = { view: viewOf(out, written), offset: 0 };
    readRleBitPackedHybrid(reader, width, read, written);
    return read;
  }

  it('writes indices of a dictionary that hyparquet reads back, as runs and packed, with and without nulls', () => {
    const run = fc.tuple(fc.nat(2 ** 24 - 1), fc.constantFrom(1, 2, 7, 8, 15, 16, 17, 40));
    fc.assert(
      fc.property(
        fc.array(run, { minLength: 1, maxLength: 20 }),
        fc.infiniteStream(fc.boolean()),
        (runs, bits) => {
          const values = runs.flatMap(([value, times]) => Array.from({ length: times }, () => value));
          assert.deepEqual(places(values), values);
          const there = [...bits.take(values.length)];
          if (there.includes(true)) {
            assert.deepEqual(
              places(values, there),
              values.filter((_, index) => there[index]),
            );
          }
        },
      ),
    );
  });

  it('leaves out nulls of plain integers, and writes 16-byte integers with their highest byte first', () => {
    for (const length of lengths) {
      const values = Array.from({ length }, (_, index) => BigInt(index) ** 3n - 2n ** 31n);
      const there = values.map((_, index) => index % 3 !== 1);
      const expected = values.filter((_, index) => there[index]);
      const at = copyIn(values, 'int64');
      const out = kernel.zeros(length * 8 + 16);
      const written = kernel.calls.plainIntegers(at, 8, 8, bitmapOf(there), 0, length, out);
      assert.equal(written, expected.length * 8);
      assert.deepEqual([...kernel.int64(out, expected.length)], expected);
    }
    const [low, high] = [-1n, 2n ** 62n];
    const at = copyIn([low, high], 'int64');
    const out = kernel.zeros(32);
    assert.equal(kernel.calls.plainIntegers(at, 16, 16, 0, 0, 1, out), 16);
    assert.equal(Buffer.from(kernel.bytes(out, 16)).toString('hex'), `40${'00'.repeat(7)}${'ff'.repeat(8)}`);
  });

  it('finds the extremes of 16-byte integers by all of their bytes, and ignores nulls', () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.bigInt(-(2n ** 127n), 2n ** 127n - 1n), fc.boolean()), {
          minLength: 1,
          maxLength: 40,
        }),
        (entries) => {
          const values = entries.map(([value]) => value);
          const there = entries.map(([, isThere]) => isThere);
          const halves = values.flatMap((value) => [
            BigInt.asIntN(64, value),
            BigInt.asIntN(64, value >> 64n),
          ]);
          kernel.calls.extremeIntegers(copyIn(halves, 'int64'), 16, 16, bitmapOf(there), values.length);
          const { least, greatest } = kernel.calls;
          const kept = values.filter((_, index) => there[index]);
          const sorted = kept.toSorted((a, b) => (a < b ? -1 : a > b ? 1 : 0));
          assert.equal(values[least.value as number], sorted[0]);
          assert.equal(values[greatest.value as number], sorted.at(-1));
        },
      ),
    );
  });
});
