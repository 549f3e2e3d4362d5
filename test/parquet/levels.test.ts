import assert from 'node:assert/strict';
import fc from 'fast-check';
import { readRleBitPackedHybrid } from 'hyparquet/src/encoding.js';
import {
  allThere,
  bitWidthOf,
  encodeDefinitionLevels,
  noneThere,
} from '../../src/parquet/columnar/levels.js';

/** The levels as hyparquet reads them, after their length. */
function read(bytes: Uint8Array, count: number): number[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  assert.equal(view.getUint32(0, true), bytes.length - 4);
  const levels = new Array<number>(count);
  readRleBitPackedHybrid({ view, offset: 4 }, 1, levels, bytes.length - 4);
  return levels;
}

describe('the level encoder', () => {
  it('writes definition levels of any bitmap, from any byte on, that hyparquet reads back', () => {
    fc.assert(
      fc.property(
        fc.array(fc.boolean(), { minLength: 1, maxLength: 300 }),
        fc.nat(4),
        (there, skippedBytes) => {
          const from = Math.min(skippedBytes * 8, (there.length - 1) & ~7);
          const bitmap = new Uint8Array((there.length + 7) >>> 3);
          for (const [index, isThere] of there.entries()) {
            if (isThere) bitmap[index >>> 3] = (bitmap[index >>> 3] ?? 0) | (1 << (index & 7));
          }
          const levels = read(encodeDefinitionLevels(bitmap, from, there.length), there.length - from);
          assert.deepEqual(levels, there.slice(from).map(Number));
        },
      ),
    );
  });

  it('writes one run for the definition levels of a column without nulls, or with only nulls', () => {
    for (const count of [1, 7, 8, 63, 64, 65, 20_000]) {
      for (const [there, level] of [
        [allThere, 1],
        [noneThere, 0],
      ] as const) {
        const bytes = encodeDefinitionLevels(there, 0, count);
        assert.deepEqual(
          read(bytes, count),
          Array.from({ length: count }, () => level),
        );
        assert.ok(bytes.length <= 8, `${bytes.length} bytes`);
      }
    }
  });

  it('computes the bit width of a value from its highest bit', () => {
    const widths = [0, 1, 2, 3, 4, 255, 256, 2 ** 24 - 1, 2 ** 31 - 1].map(bitWidthOf);
    assert.deepEqual(widths, [0, 1, 2, 2, 3, 8, 9, 24, 31]);
  });
});
