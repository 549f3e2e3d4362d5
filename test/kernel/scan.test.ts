import assert from 'node:assert/strict';
import fc from 'fast-check';
import { type Kernel, takeKernel } from '../../src/kernel/kernel.js';
import { placeText } from './kernel-memory.js';

describe('the kernel that scans a text for rows', () => {
  let kernel: Kernel;
  beforeEach(() => {
    kernel = takeKernel();
  });
  afterEach(() => kernel.release());

  /** The marks of a text, followed by the 64 bytes that the scan may read. */
  function scanned(text: string) {
    const { at, length } = placeText(kernel, text);
    const marks = kernel.zeros((length + 66) * 4);
    const lineEnds = kernel.zeros((length + 66) * 4);
    const lines = kernel.calls.findMarks(at, length, '\t'.charCodeAt(0), marks, lineEnds);
    return { at, marks, lineEnds, lines };
  }

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

  /** The cells of the rows taken from a line on, and their number. */
  function cut(text: string, width: number, { line = 0, maxRows = 100 } = {}): string[][] {
    const { at, marks, lineEnds, lines } = scanned(text);
    const first = kernel.zeros(lines * 4 + 4);
    const count = kernel.calls.cutRows(at, marks, lineEnds, line, lines, width, first, maxRows);
    return [...kernel.int32(first, count)].map((mark) => {
      const places = kernel.int32(marks + mark * 4, width + 1);
      return Array.from({ length: width }, (_, cell) =>
        kernel.text(at + (places[cell] ?? 0) + 1, at + (places[cell + 1] ?? 0)),
      );
    });
  }

  it('cuts lines into rows of the given width, and drops surplus cells that are empty', () => {
    const cell = fc.string({ unit: fc.constantFrom('a', 'é', ' ', '\r'), maxLength: 4 });
    const row = fc.record({
      cells: fc.array(cell, { minLength: 3, maxLength: 3 }),
      surplus: fc.nat(3),
      end: fc.constantFrom('\n', '\r\n'),
    });
    fc.assert(
      fc.property(fc.array(row, { maxLength: 20 }), (rows) => {
        // A carriage return right before a line feed belongs to the line end.
        fc.pre(rows.every(({ cells, surplus }) => surplus > 0 || !cells.at(-1)?.endsWith('\r')));
        const text = rows.map(({ cells, surplus, end }) => cells.join('\t') + '\t'.repeat(surplus) + end);
        assert.deepEqual(
          cut(text.join(''), 3),
          rows.map(({ cells }) => cells),
        );
      }),
    );
  });

  it('stops cutting before a line of another width, and at the maximum number of rows', () => {
    const text = 'a\tb\nc\td\ne\nf\tg\th\ni\tj\t\t\n';
    assert.deepEqual(cut(text, 2), [
      ['a', 'b'],
      ['c', 'd'],
    ]);
    assert.deepEqual(cut(text, 2, { maxRows: 1 }), [['a', 'b']]);
    assert.deepEqual(cut(text, 2, { line: 2 }), []);
    assert.deepEqual(cut(text, 2, { line: 3 }), []);
    assert.deepEqual(cut(text, 2, { line: 4 }), [['i', 'j']]);
    assert.deepEqual(cut(text, 1, { line: 2 }), [['e']]);
  });
});
