import assert from 'node:assert/strict';
import fc from 'fast-check';
import iconv from 'iconv-lite';
import { formatOf } from '../../src/parse/format.js';

/** Bytes without any order, as compressed data has. */
function noise(length: number, seed: number): Buffer {
  let state = seed >>> 0;
  const next = () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state >>> 24;
  };
  return Buffer.from(Array.from({ length }, next));
}

describe('the format of a text', () => {
  it('is not binary because of one damaged character, however short the text is', () => {
    const control = fc
      .oneof(fc.integer({ min: 0, max: 0x1f }), fc.integer({ min: 0x7f, max: 0x9f }), fc.constant(0xfffd))
      .map((code) => String.fromCodePoint(code));
    const text = fc.string({ unit: fc.constantFrom(...'sku\tname\nA1,5'), maxLength: 30 });
    fc.assert(
      fc.property(text, control, text, (before, damaged, behind) => {
        assert.equal(formatOf(`sku${before}${damaged}${behind}`), 'delimited');
      }),
    );
  });

  it('is not binary because its letters are those of another charset', () => {
    // In cp850, ü is 0x81 and é 0x82; read as Latin-1 they are controls.
    const bytes = iconv.encode('sku\tname\nA1\tTürschild grün\nA2\tMühle für Küchen\nA3\tCafé\n', 'cp850');
    assert.equal(formatOf(bytes.toString('latin1')), 'delimited');
  });

  it('is binary if the bytes are no text, in whatever charset they are read', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 300, max: 5000 }),
        fc.integer(),
        fc.constantFrom('utf-8', 'windows-1252', 'cp932', 'gbk', 'latin1'),
        (length, seed, charset) => {
          const text = iconv.decode(noise(length, seed), charset);
          assert.equal(formatOf(`x${text}`), 'a binary file');
        },
      ),
    );
  });
});
