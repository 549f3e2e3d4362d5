import assert from 'node:assert/strict';
import fc from 'fast-check';
import { type Cells, type Kernel, takeKernel } from '../../src/kernel/kernel.js';

describe('the kernel that reads cells', () => {
  let kernel: Kernel;
  beforeEach(() => {
    kernel = takeKernel();
  });
  afterEach(() => kernel.release());

  /** The marks of a text, followed by the 64 bytes that the scan may read. */
  function scanned(text: string) {
    const bytes = Buffer.from(text);
    const at = kernel.copyIn(Buffer.concat([bytes, Buffer.alloc(64)]));
    const marks = kernel.zeros((bytes.length + 66) * 4);
    const lineEnds = kernel.zeros((bytes.length + 66) * 4);
    const lines = kernel.calls.findMarks(at, bytes.length, '\t'.charCodeAt(0), marks, lineEnds);
    return { at, marks, lineEnds, lines };
  }

  /** The cells of one column, each on its own line. */
  function columnOf(texts: string[]): Cells {
    const { at, marks, lineEnds, lines } = scanned(texts.map((text) => `${text}\n`).join(''));
    const rows = kernel.zeros(texts.length * 4 + 4);
    assert.equal(kernel.calls.cutRows(at, marks, lineEnds, 0, lines, 1, rows, texts.length), texts.length);
    return [at, marks, rows, texts.length, 0, 0];
  }

  const hasBit = (bitmap: number, index: number) =>
    (((kernel.bytes(bitmap + (index >>> 3), 1)[0] ?? 0) >>> (index & 7)) & 1) === 1;

  it('finds every delimiter and line end, wherever they are in a group of 64 bytes', () => {
    const piece = fc.constantFrom('\t', '\n', '\r\n', '\r', 'a', 'é水', 'x'.repeat(61), 'y'.repeat(64));
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 60 }), (pieces) => {
        const text = `${pieces.join('')}\n`;
        const bytes = Buffer.from(text);
        const expected = [-1];
        const ends = [0];
        for (const [at, byte] of bytes.entries()) {
          const next = bytes[at + 1];
          if (byte === 0x0a) ends.push(expected.length);
          if (byte === 0x09 || byte === 0x0a || (byte === 0x0d && next === 0x0a)) expected.push(at);
        }
        const { marks, lineEnds, lines } = scanned(text);
        assert.equal(lines, ends.length - 1);
        assert.deepEqual([...kernel.int32(marks, expected.length)], expected);
        assert.deepEqual([...kernel.int32(lineEnds, ends.length)], ends);
      }),
    );
  });

  function readIntegers(texts: string[], precision: number, scale: number) {
    const cells = columnOf(texts);
    const values = kernel.zeros(texts.length * 8 + 16);
    const validity = kernel.zeros((texts.length >>> 3) + 8);
    const left = kernel.zeros(texts.length * 4 + 4);
    const point = '.'.charCodeAt(0);
    const given = [0, precision, scale, point, 0, values, validity, 0, left] as const;
    const count = kernel.calls.addIntegers(...cells, ...given);
    const lefts = new Set(kernel.int32(left, count));
    return texts.map((_, row) => {
      if (lefts.has(row)) return 'left';
      return hasBit(validity, row) ? kernel.int64(values, texts.length)[row] : null;
    });
  }

  it('reads integers of 1 to 18 digits, and refuses any other spelling', () => {
    const digits = Array.from({ length: 18 }, (_, index) => '123456789012345678'.slice(0, index + 1));
    const texts = digits.flatMap((text) => [text, `-${text}`]);
    assert.deepEqual(readIntegers(texts, 18, 0), texts.map(BigInt));
    assert.deepEqual(readIntegers(['0', '', '999999999999999999'], 18, 0), [0n, null, 999999999999999999n]);
    const others = ['-', 'a', '1a', '12345678a', '1234567:', '1234567/', '--1', '1.5', '1 2', '0x10'];
    assert.deepEqual(
      readIntegers(others, 18, 0),
      others.map(() => 'left'),
    );
  });

  it('reads decimals unscaled, with any number of digits before and after the point', () => {
    const decimal = fc.tuple(
      fc.bigInt(0n, 99_999_999_999_999n),
      fc.nat(9999),
      fc.integer({ min: 0, max: 4 }),
    );
    fc.assert(
      fc.property(fc.array(fc.tuple(decimal, fc.boolean()), { minLength: 1, maxLength: 20 }), (entries) => {
        const texts: string[] = [];
        const expected: bigint[] = [];
        for (const [[whole, fraction, places], isNegative] of entries) {
          const behind = String(fraction).padStart(4, '0').slice(0, places);
          texts.push(`${isNegative ? '-' : ''}${whole}${places > 0 ? `.${behind}` : ''}`);
          const unscaled = whole * 10_000n + BigInt(behind.padEnd(4, '0'));
          expected.push(isNegative ? -unscaled : unscaled);
        }
        assert.deepEqual(readIntegers(texts, 18, 4), expected);
      }),
    );
  });

  it('numbers equal texts of a dictionary alike and different texts differently, at any length', () => {
    const word = fc.string({ unit: fc.constantFrom('a', 'b', 'é', '水'), maxLength: 20 });
    fc.assert(
      fc.property(fc.array(word, { minLength: 1, maxLength: 300 }), (texts) => {
        const { calls } = kernel;
        const dictionary = calls.newDictionary();
        const cells = columnOf(texts);
        const entries = kernel.zeros(texts.length * 4);
        const empty = calls.addToDictionary(dictionary, ...cells, entries);
        const distinct = [...new Set(texts)].filter((text) => text !== '');
        assert.equal(empty, texts.filter((text) => text === '').length);
        assert.equal(calls.dictionaryCount(dictionary), distinct.length);
        const offsets = kernel.int32(calls.dictionaryOffsets(dictionary), distinct.length + 1);
        const bytes = calls.dictionaryBytes(dictionary);
        const stored = distinct.map((_, entry) =>
          kernel.text(bytes + (offsets[entry] ?? 0), bytes + (offsets[entry + 1] ?? 0)),
        );
        assert.deepEqual(stored, distinct);
        assert.deepEqual(
          [...kernel.int32(entries, texts.length)],
          texts.map((text) => distinct.indexOf(text)),
        );
        calls.freeDictionary(dictionary);
      }),
    );
  });

  it('finds the end of a JSON string with an escape right before it', () => {
    for (const text of ['"\\\\"', '"\\n"', '"a\\""', '"\\u0041"', '{"a":"\\\\"}']) {
      const bytes = Buffer.from(text);
      const at = kernel.copyIn(Buffer.concat([bytes, Buffer.alloc(64)]));
      assert.equal(kernel.calls.endOfValue(at, bytes.length, 0), bytes.length, text);
    }
  });

  it('finds the end of any JSON value, and none for a value that is cut off', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        const text = JSON.stringify(value);
        const bytes = Buffer.from(`${text},`);
        const at = kernel.copyIn(Buffer.concat([bytes, Buffer.alloc(64)]));
        assert.equal(kernel.calls.endOfValue(at, bytes.length, 0), bytes.length - 1);
        if (!/^[[{"]/.test(text)) return;
        const cut = Buffer.from(text).subarray(0, -1);
        const half = kernel.copyIn(Buffer.concat([cut, Buffer.alloc(64)]));
        assert.equal(kernel.calls.endOfValue(half, cut.length, 0), -1);
      }),
    );
  });
});
