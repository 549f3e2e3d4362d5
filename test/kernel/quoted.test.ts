import assert from 'node:assert/strict';
import fc from 'fast-check';
import { type Kernel, takeKernel } from '../../src/kernel/kernel.js';
import { placeText } from './kernel-memory.js';
import { runs } from '../property-runs.js';

interface QuotedRow {
  cells: string[];
  hasLineFeed: boolean;
  next: number;
}

describe('the kernel that reads quoted rows', () => {
  let kernel: Kernel;
  beforeEach(() => {
    kernel = takeKernel();
  });
  afterEach(() => kernel.release());

  /** Reads all rows of a text, each after the one before it. */
  function readRows(text: string, delimiter: string): QuotedRow[] {
    kernel.calls.reset();
    const { calls } = kernel;
    const source = placeText(kernel, text);
    const target = calls.allocate(source.length + 80);
    const marks = calls.allocate((source.length + 80) * 4);
    kernel.int32(marks, 1)[0] = -1;
    const rows: QuotedRow[] = [];
    let [next, end, firstMark] = [0, 0, 1];
    while (next < source.length) {
      const code = delimiter.charCodeAt(0);
      next = calls.readQuotedRow(source.at, source.length, next, code, target, end, marks, firstMark);
      if (next < 0) return rows;
      end = calls.quotedEnd.value;
      const afterMarks: number = calls.quotedMarks.value;
      const places = kernel.int32(marks, afterMarks);
      const cells: string[] = [];
      for (let mark = firstMark; mark < afterMarks; mark += 1) {
        const [before = 0, behind = 0] = [places[mark - 1], places[mark]];
        cells.push(kernel.text(target + before + 1, target + behind));
      }
      firstMark = afterMarks;
      rows.push({ cells, hasLineFeed: Boolean(calls.quotedHasLineFeed.value), next });
    }
    return rows;
  }

  const delimiters = fc.constantFrom(',', '\t', ';');
  const cell = fc.record({
    text: fc.string({ unit: fc.constantFrom('a', 'é', '"', ',', ';', '\t', '\n', '\r', ' '), maxLength: 12 }),
    isQuoted: fc.boolean(),
  });
  const lineEnd = fc.constantFrom('\n', '\r\n');
  const row = fc.record({ cells: fc.array(cell, { minLength: 1, maxLength: 6 }), lineEnd });

  it('reads back the cells of rows that are quoted by RFC 4180, and sees line feeds inside cells', () => {
    fc.assert(
      fc.property(fc.array(row, { minLength: 1, maxLength: 6 }), delimiters, (rows, delimiter) => {
        const quoted = ({ text, isQuoted }: { text: string; isQuoted: boolean }) =>
          isQuoted || /["\r\n]/.test(text) || text.includes(delimiter)
            ? `"${text.replaceAll('"', '""')}"`
            : text;
        const lines = rows.map(({ cells, lineEnd }) => cells.map(quoted).join(delimiter) + lineEnd);
        let end = 0;
        const expected = rows.map(({ cells }, index): QuotedRow => {
          end += Buffer.byteLength(lines[index] ?? '');
          const texts = cells.map(({ text }) => text);
          return { cells: texts, hasLineFeed: texts.some((text) => text.includes('\n')), next: end };
        });
        assert.deepEqual(readRows(lines.join(''), delimiter), expected);
      }),
      { numRuns: runs(400) },
    );
  });

  const cellsOf = (text: string) => readRows(text, ',').map(({ cells }) => cells);

  it('keeps quotes in a cell that begins with something else', () => {
    assert.deepEqual(cellsOf('a"b,c""d\n'), [['a"b', 'c""d']]);
    assert.deepEqual(cellsOf(' a"b, "c"\n'), [[' a"b', 'c']]);
  });

  it('drops the blanks before and behind a quoted cell, and no others', () => {
    assert.deepEqual(cellsOf(' "a ",  " b"  , c \n"d" \r\n'), [['a ', ' b', ' c '], ['d']]);
  });

  it('stops at a row in which something else than a delimiter follows a closing quote', () => {
    const irregular = -2;
    for (const text of ['"a"b,c\n', 'c,"a" b\n', '"a"\rb\n', '"a"\u0000\n']) {
      const source = placeText(kernel, text);
      const target = kernel.calls.allocate(source.length + 80);
      const marks = kernel.calls.allocate((source.length + 80) * 4);
      assert.equal(
        kernel.calls.readQuotedRow(source.at, source.length, 0, 0x2c, target, 0, marks, 1),
        irregular,
        text,
      );
    }
  });

  it('has an empty cell after a delimiter at the end of a row, and for an empty row', () => {
    assert.deepEqual(cellsOf('a,\n\n,\r\n'), [['a', ''], [''], ['', '']]);
  });

  it('keeps a carriage return that no line feed follows', () => {
    assert.deepEqual(cellsOf('a\rb,\r\n'), [['a\rb', '']]);
  });

  it('returns no row for a quote that is never closed', () => {
    assert.deepEqual(cellsOf('a,b\n"c,d\n'), [['a', 'b']]);
    assert.deepEqual(cellsOf('"c""\n'), []);
  });
});
