import assert from 'node:assert/strict';
import fc from 'fast-check';
import { onlyReading } from '../../src/parse/delimited/only-reading.js';
import { runs } from '../property-runs.js';

type Mode = 'strict' | 'lenient';

/** All ways to read a row as so many cells, by trying each choice of closing quotes. */
function allReadings(text: string, width: number, mode: Mode): string[][] {
  const readings: string[][] = [];
  const read = (at: number, cells: string[]): void => {
    const take = (cell: string, end: number) => {
      const next = [...cells, cell];
      if (end === text.length) {
        if (next.length === width) readings.push(next);
      } else if (next.length < width) read(end + 1, next);
    };
    const open = at + (text.slice(at).match(/^ */)?.[0].length ?? 0);
    const delimiter = text.indexOf(',', at);
    const end = delimiter < 0 ? text.length : delimiter;
    let quoted = 0;
    if (text[open] === '"') {
      for (let close = open + 1; close < text.length; close += 1) {
        const behind = text.slice(close).match(/^"( *)(?=,|$(?![\s\S]))/);
        if (!behind) continue;
        quoted += 1;
        take(text.slice(open + 1, close), close + behind[0].length);
      }
    }
    const isPlain =
      text[open] === '"'
        ? mode === 'lenient' && !(quoted > 0 && open === at)
        : mode === 'lenient' || !/["\n\r]/.test(text.slice(at, end));
    if (isPlain) take(text.slice(at, end), end);
  };
  read(0, []);
  return readings;
}

describe('the only reading of a row', () => {
  const row = fc.array(fc.constantFrom('"', '"', ',', ',', ' ', 'a', '\n'), { maxLength: 18 });

  for (const mode of ['strict', 'lenient'] as const) {
    it(`is found if there is one, and only then (${mode})`, () => {
      fc.assert(
        fc.property(row, fc.integer({ min: 1, max: 5 }), (characters, width) => {
          const text = characters.join('');
          const all = allReadings(text, width, mode);
          const found = onlyReading(text, ',', width, mode);
          if (all.length !== 1) return assert.equal(found, all.length === 0 ? 'none' : 'several');
          assert.ok(typeof found === 'object');
          const [written = []] = all;
          assert.equal(found.cells.length, written.length);
          found.cells.forEach((cell, index) => {
            const as = written[index] ?? '';
            // Quotes of a quoted cell that are all doubled are read as one each.
            assert.ok([as, as.replaceAll('""', '"')].includes(cell), JSON.stringify([text, found.cells]));
          });
        }),
        { numRuns: runs(20_000) },
      );
    });
  }

  it('is found in a wide row with many quotes in time that grows with the row', () => {
    const width = 300;
    const cells = Array.from({ length: width }, (_, index) => `size ${index}" by 2"`);
    const text = cells.map((cell) => `"${cell}"`).join(',');
    assert.deepEqual(onlyReading(text, ',', width, 'strict'), { cells, hasOpenQuote: false });
  });
});
