import assert from 'node:assert/strict';
import fc from 'fast-check';
import { deltaBinaryUnpack } from 'hyparquet/src/delta.js';
import { readRleBitPackedHybrid } from 'hyparquet/src/encoding.js';
import { type Kernel, takeKernel } from '../../src/kernel/kernel.js';
import { bitWidthOf } from '../../src/parquet/columnar/levels.js';
import { bitmapOf, copyInBits, copyInDoubles, copyInIntegers, copyInTexts } from './kernel-memory.js';

/** Around the widths of SIMD registers, groups of eight and blocks of deltas. */
const lengths = [0, 1, 7, 8, 9, 15, 16, 17, 31, 32, 33, 127, 128, 129, 130, 257, 1000];

describe('the kernel that encodes pages', () => {
  let kernel: Kernel;
  beforeEach(() => {
    kernel = takeKernel();
  });
  afterEach(() => kernel.release());

  const viewOf = (at: number, length: number) => new DataView(kernel.calls.memory.buffer, at, length);

  function ascending(values: bigint[]): bigint[] {
    const at = copyInIntegers(kernel, values);
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
    const at = copyInIntegers(kernel, values);
    const scratch = kernel.zeros(values.length * 4 + 4);
    const out = kernel.zeros(values.length * 4 + 64);
    const validity = there ? copyInBits(kernel, there) : 0;
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
      const at = copyInIntegers(kernel, values);
      const out = kernel.zeros(length * 8 + 16);
      const written = kernel.calls.plainIntegers(at, 8, 8, copyInBits(kernel, there), 0, length, out);
      assert.equal(written, expected.length * 8);
      assert.deepEqual([...kernel.int64(out, expected.length)], expected);
    }
    const [low, high] = [-1n, 2n ** 62n];
    const at = copyInIntegers(kernel, [low, high]);
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
          kernel.calls.extremeIntegers(
            copyInIntegers(kernel, halves),
            16,
            16,
            copyInBits(kernel, there),
            values.length,
          );
          const { least, greatest } = kernel.calls;
          const kept = values.filter((_, index) => there[index]);
          const sorted = kept.toSorted((a, b) => (a < b ? -1 : a > b ? 1 : 0));
          assert.equal(values[least.value as number], sorted[0]);
          assert.equal(values[greatest.value as number], sorted.at(-1));
        },
      ),
    );
  });

  const someThere = fc.infiniteStream(fc.boolean());
  const inOrder = <T>(compare: (a: T, b: T) => number, values: T[]) => {
    const { least, greatest } = kernel.calls;
    const sorted = values.toSorted(compare);
    return { found: [least.value as number, greatest.value as number], expected: [sorted[0], sorted.at(-1)] };
  };

  it('finds the extremes of 4-byte and 8-byte integers, and none if all are null', () => {
    const numbers = fc.array(fc.integer(), { minLength: 1, maxLength: 40 });
    fc.assert(
      fc.property(numbers, someThere, fc.constantFrom(4, 8), (values, bits, width) => {
        kernel.calls.reset();
        const there = [...bits.take(values.length)];
        const at = copyInIntegers(kernel, width === 4 ? values : values.map(BigInt));
        kernel.calls.extremeIntegers(at, width, width, copyInBits(kernel, there), values.length);
        const { found, expected } = inOrder(
          (a, b) => a - b,
          values.filter((_, index) => there[index]),
        );
        if (expected[0] === undefined) assert.deepEqual(found, [-1, -1]);
        else
          assert.deepEqual(
            found.map((index) => values[index]),
            expected,
          );
      }),
    );
  });

  it('finds the extremes of doubles among those that are neither null nor NaN', () => {
    const number = fc.oneof(fc.double(), fc.constantFrom(Number.NaN, 0, -0, Infinity, -Infinity));
    fc.assert(
      fc.property(fc.array(number, { maxLength: 40 }), someThere, (values, bits) => {
        kernel.calls.reset();
        const there = [...bits.take(values.length)];
        kernel.calls.extremeDoubles(copyInDoubles(kernel, values), copyInBits(kernel, there), values.length);
        const { found, expected } = inOrder(
          (a, b) => a - b,
          values.filter((value, index) => there[index] && !Number.isNaN(value)),
        );
        if (expected[0] === undefined) assert.deepEqual(found, [-1, -1]);
        // Compares as numbers: both zeros are equal.
        else assert.ok(found.every((index, side) => values[index] === expected[side]));
      }),
    );
  });

  /** Texts that differ early, late, or only in length. */
  const text = fc
    .tuple(
      fc.constantFrom('', 'a', '1234567', '12345678', '123456789', 'é'.repeat(12)),
      fc.string({ unit: 'grapheme', maxLength: 3 }),
    )
    .map(([start, end]) => Buffer.from(start + end).toString());

  it('finds the extremes of texts by their bytes, however long their common start is', () => {
    fc.assert(
      fc.property(fc.array(text, { maxLength: 40 }), someThere, (texts, bits) => {
        kernel.calls.reset();
        const there = [...bits.take(texts.length)];
        const { offsets, bytes } = copyInTexts(kernel, texts);
        kernel.calls.extremeTexts(offsets, bytes, copyInBits(kernel, there), texts.length);
        const { found, expected } = inOrder(
          (a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)),
          texts.filter((_, index) => there[index]),
        );
        if (expected[0] === undefined) assert.deepEqual(found, [-1, -1]);
        else
          assert.deepEqual(
            found.map((index) => texts[index]),
            expected,
          );
      }),
    );
  });

  /** A range of values, whose ends need not be at whole bytes of a bitmap. */
  const range = fc.tuple(fc.nat(20), fc.nat(60));

  it('writes each text that is not null after its length in 4 bytes, whatever its length', () => {
    const longer = fc.constantFrom(15, 16, 17, 63, 64, 65, 300).map((length) => 'x'.repeat(length));
    const texts = fc.array(fc.oneof(text, longer), { maxLength: 60 });
    fc.assert(
      fc.property(texts, someThere, range, (texts, bits, [from, size]) => {
        kernel.calls.reset();
        const there = [...bits.take(texts.length)];
        const to = Math.min(from + size, texts.length);
        const { offsets, bytes } = copyInTexts(kernel, texts);
        const kept = texts.slice(from, to).filter((_, index) => there[from + index]);
        const expected = Buffer.concat(
          kept.flatMap((each) => {
            const length = Buffer.alloc(4);
            length.writeUInt32LE(Buffer.byteLength(each));
            return [length, Buffer.from(each)];
          }),
        );
        const out = kernel.zeros(expected.length + 80);
        const written = kernel.calls.plainTexts(offsets, bytes, copyInBits(kernel, there), from, to, out);
        assert.deepEqual(Buffer.from(kernel.bytes(out, written)), expected);
      }),
    );
  });

  it('writes 4-byte integers that are not null, lowest byte first', () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer(), { maxLength: 60 }),
        someThere,
        range,
        (values, bits, [from, size]) => {
          kernel.calls.reset();
          const there = [...bits.take(values.length)];
          const to = Math.min(from + size, values.length);
          const at = copyInIntegers(kernel, values);
          const out = kernel.zeros(values.length * 4 + 16);
          const written = kernel.calls.plainIntegers(at, 4, 4, copyInBits(kernel, there), from, to, out);
          const kept = values.slice(from, to).filter((_, index) => there[from + index]);
          assert.equal(written, kept.length * 4);
          const view = viewOf(out, written);
          assert.deepEqual(
            kept.map((_, index) => view.getInt32(index * 4, true)),
            kept,
          );
        },
      ),
    );
  });

  it('packs bits that are not null without gaps, lowest bit first', () => {
    fc.assert(
      fc.property(
        fc.array(fc.boolean(), { maxLength: 60 }),
        someThere,
        range,
        (values, bits, [from, size]) => {
          kernel.calls.reset();
          const there = [...bits.take(values.length)];
          const to = Math.min(from + size, values.length);
          const out = kernel.copyIn(new Uint8Array(16).fill(0xff));
          const [at, validity] = [copyInBits(kernel, values), copyInBits(kernel, there)];
          const written = kernel.calls.plainBits(at, validity, from, Math.max(from, to), out);
          const kept = values.slice(from, to).filter((_, index) => there[from + index]);
          assert.equal(written, Math.ceil(kept.length / 8));
          assert.deepEqual(Buffer.from(kernel.bytes(out, written)), Buffer.from(bitmapOf(kept)));
        },
      ),
    );
  });
});
