import assert from 'node:assert/strict';
import { parse } from 'csv-parse/sync';
import fc from 'fast-check';
import { scanRow } from '../../src/parse/delimited/quoted-row.js';
import type { Engine } from '../../src/parse/types.js';
import type { ReportSchema } from '../../src/schema/types.js';
import { documentOf } from './document-of.js';
import { readRows } from './read-rows.js';
import { runs } from '../property-runs.js';

function schemaOf(headers: string[]): ReportSchema {
  return {
    reportType: 'GET_TEST',
    description: '',
    format: 'csv',
    quoting: 'csv',
    restricted: false,
    file: '',
    tables: [
      {
        name: 'test',
        load: { mode: 'append', key: [] },
        columns: headers.map((header, index) => ({
          name: `c${index}`,
          from: [header],
          type: { kind: 'string' },
        })),
      },
    ],
  };
}

const headers = ['sku', 'name', 'city'];

async function read(text: string, engine: Engine, chunk = 1000, names = headers) {
  const { parsed, rows, rejects } = await readRows(documentOf(text, {}, chunk), schemaOf(names), engine);
  const cells = rows.map((row) => names.map((_, index) => row[`c${index}`] ?? ''));
  const rowNumbers = rows.map(({ _row }) => Number(_row));
  return { cells, rowNumbers, rejects, notes: parsed.notes, dialect: parsed.dialect };
}

/**
 * Rows that are right by the standard mean what the standard says: their lines and their cells.
 * `byLine`: no row has several lines.
 */
function standardRows(
  text: string,
  width: number,
  byLine: boolean,
): { lines: Set<number>; cells: Set<string> } {
  const found = { lines: new Set<number>(), cells: new Set<string>() };
  const lines = text.split('\n');
  for (let line = 0, at = 0; line < lines.length - 1; ) {
    const row = byLine ? scanRow(lines[line] ?? '', 0, ',', '\n') : scanRow(text, at, ',', '\n');
    const isStandard =
      row.kind === 'regular' &&
      row.cells.length >= width &&
      row.cells.slice(width).every((cell) => cell.trim() === '');
    if (isStandard) found.cells.add(JSON.stringify(row.cells.slice(0, width)));
    const end = isStandard && !byLine ? row.end : at + (lines[line] ?? '').length + 1;
    for (; at < end; line += 1) {
      if (isStandard) found.lines.add(line);
      at += (lines[line] ?? '').length + 1;
    }
  }
  return found;
}

function isByLine(notes: string[]): boolean {
  return notes.some((note) => note.includes('line by line'));
}

for (const engine of ['reference', 'columnar'] as const)
  describe(`quotes in comma-separated text, ${engine} engine`, () => {
    it('inside a cell need not be doubled, with delimiters between them too', async () => {
      const { cells, rejects } = await read(
        [
          'sku,name,city',
          'A1,"Cable 2 5" wide",Bonn',
          'A2,"for 7", 8", and 9" screens","Bad "X" Ort"',
          '"A3","say ""hi"", twice",""',
          '"A4","5", blue","Ulm"',
        ].join('\n'),
        engine,
      );
      assert.deepEqual(cells, [
        ['A1', 'Cable 2 5" wide', 'Bonn'],
        ['A2', 'for 7", 8", and 9" screens', 'Bad "X" Ort'],
        ['A3', 'say "hi", twice', ''],
        ['A4', '5", blue', 'Ulm'],
      ]);
      assert.deepEqual(rejects, []);
    });

    it('reject the row with its line if they can be read in several ways, or in none', async () => {
      const { cells, rejects } = await read(
        'sku,name,city\nA1,x,y\n"A2","a","b","c"x\nA3,"open "q", z" y,1\nA4,p,q\n',
        engine,
      );
      assert.deepEqual(cells, [
        ['A1', 'x', 'y'],
        ['A4', 'p', 'q'],
      ]);
      assert.deepEqual(
        rejects.map(({ row, column, raw, reason }) => [row, column, raw, /quotes/.test(reason)]),
        [
          [2, null, '"A2","a","b","c"x', true],
          [3, null, 'A3,"open "q", z" y,1', true],
        ],
      );
    });

    it('reject a short row whose delimiters may be inside its cells or between them', async () => {
      const { cells, rejects } = await read('a,b,c,d\n"",",,,",""\n1,2,3,4\n', engine, 9, [...'abcd']);
      assert.deepEqual(cells, [['1', '2', '3', '4']]);
      assert.deepEqual(
        rejects.map(({ row, column, raw }) => [row, column, raw]),
        [[1, null, '"",",,,",""']],
      );
    });

    it('of the last rows are examined as all others, without another engine', async () => {
      const text = 'sku,name,city\nA1,x,y\n"A2","2" by "4", 5","Ulm"\n"A3","2" x","a","b"z\n';
      const { parsed, rejects } = await readRows(documentOf(text), schemaOf(headers), engine);
      assert.equal(parsed.engine, engine);
      assert.deepEqual(
        rejects.map(({ row, raw }) => [row, raw]),
        [[3, '"A3","2" x","a","b"z']],
      );
    });

    it('may have blanks before and behind them, in the header too', async () => {
      const { cells } = await read('sku, "name", "city"\nA1, "a, b" , "c"\nA2, 5" wide, d\n', engine);
      assert.deepEqual(cells, [
        ['A1', 'a, b', 'c'],
        ['A2', ' 5" wide', ' d'],
      ]);
    });

    it('may enclose a line break in the header', async () => {
      const text = 'Report of October\r\nsku,"item\r\nname","city, or\ntown"\r\nA1,x,y\r\n';
      const { cells, dialect } = await read(text, engine, 7, ['sku', 'item name', 'city, or town']);
      assert.deepEqual(cells, [['A1', 'x', 'y']]);
      assert.equal(dialect.preambleLines, 1);
    });

    it('may enclose line breaks in a cell that has undoubled quotes', async () => {
      const text = 'sku,name,city\nA1,"two "big"\nlamps",Bonn\nA2,"x",y\n';
      for (const chunk of [1, 9, 1000]) {
        const { cells } = await read(text, engine, chunk);
        assert.deepEqual(cells, [
          ['A1', 'two "big"\nlamps', 'Bonn'],
          ['A2', 'x', 'y'],
        ]);
      }
    });

    it('at the end of a quoted last cell do not swallow the next rows', async () => {
      const text = 'sku,name,city\n"A1","Lamp","Floor 5""\n"A2","Hat","Ulm"\nA3,Cup,"5""\n';
      assert.deepEqual((await read(text, engine)).cells, [
        ['A1', 'Lamp', 'Floor 5"'],
        ['A2', 'Hat', 'Ulm'],
        ['A3', 'Cup', '5"'],
      ]);
    });

    const width = fc.integer({ min: 2, max: 5 });
    const tableOf = (unit: string[]) =>
      width.chain((columns) =>
        fc.array(
          fc.array(fc.string({ unit: fc.constantFrom(...unit), maxLength: 6 }), {
            minLength: columns,
            maxLength: columns,
          }),
          { minLength: 1, maxLength: 8 },
        ),
      );
    const namesOf = (table: string[][]) => (table[0] ?? []).map((_, index) => `header-${index}`);

    it('doubled as in RFC 4180 return every table as it was written', async () => {
      await fc.assert(
        fc.asyncProperty(
          tableOf([...'ab5 ",;é', '\n', '\r\n']),
          fc.boolean(),
          fc.constantFrom('\n', '\r\n'),
          fc.integer({ min: 1, max: 40 }),
          async (table, quotesAll, lineEnd, chunk) => {
            const names = namesOf(table);
            const write = (text: string) =>
              quotesAll || /[",\r\n]|^ | $/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
            const text = [names, ...table].map((row) => row.map(write).join(',') + lineEnd).join('');
            // Lines that are rows by themselves look like rows that an open quote has swallowed.
            fc.pre(
              !table.some((row) => row.some((cell) => cell.split('\n').length > 1 && cell.includes(','))),
            );
            const found = await read(text, engine, chunk, names);
            fc.pre(!isByLine(found.notes));
            assert.deepEqual(found.cells, table);
            assert.deepEqual(found.cells, parse(text).slice(1));
          },
        ),
        { numRuns: runs(300) },
      );
    });

    it('not doubled return every row as it was written, or reject it', async () => {
      let right = 0;
      let rejected = 0;
      await fc.assert(
        fc.asyncProperty(
          tableOf([...'ab5 ",']),
          fc.boolean(),
          fc.integer({ min: 1, max: 40 }),
          async (table, quotesAll, chunk) => {
            const names = namesOf(table);
            const write = (text: string) => (quotesAll || /[",]|^ | $/.test(text) ? `"${text}"` : text);
            const lines = table.map((row) => row.map(write).join(','));
            const text = [names.join(','), ...lines, ''].join('\n');
            const found = await read(text, engine, chunk, names);
            const standard = standardRows(text, names.length, isByLine(found.notes));
            const loaded = new Set(found.cells.map((cells) => JSON.stringify(cells)));
            const written = new Set(table.map((row) => JSON.stringify(row)));
            for (const cells of loaded) assert.ok(written.has(cells) || standard.cells.has(cells), cells);
            table.forEach((row, index) => {
              if (standard.lines.has(index + 1)) return;
              const isLoaded = loaded.has(JSON.stringify(row));
              const isRejected = found.rejects.some(({ raw }) => raw.includes(lines[index] ?? ''));
              assert.ok(isLoaded || isRejected, lines[index]);
              right += isLoaded ? 1 : 0;
              rejected += isRejected ? 1 : 0;
            });
          },
        ),
        { numRuns: runs(500) },
      );
      assert.ok(right > 20 && rejected > 20, `${right} right, ${rejected} rejected`);
    });
  });
