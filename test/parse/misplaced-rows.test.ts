import assert from 'node:assert/strict';
import { isUtf8 } from 'node:buffer';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import type { Engine } from '../../src/parse/types.js';
import { readColumnType } from '../../src/schema/column-type.js';
import { packagedSchemasFolder, readSchemas } from '../../src/schema/read.js';
import type { ColumnType, ReportSchema } from '../../src/schema/types.js';
import { onEachCollection } from '../collections.js';
import { delimitedSchema } from './delimited-schema.js';
import { documentOf } from './document-of.js';
import { readRows } from './read-rows.js';
import { runs } from '../property-runs.js';

const types = {
  country: 'string',
  'product-name': 'string',
  sku: 'string',
  asin: 'string',
  condition: 'string',
  currency: 'string',
  price: 'decimal(18,4)',
  units: 'int64',
  day: 'date',
  status: 'string',
};
const schema = delimitedSchema(types);
const header = Object.keys(types);
const rowOf = (index: number) => [
  index % 3 === 0 ? 'DE' : 'FR',
  `Garden chair ${index}`,
  `CH-${1000 + index}`,
  `B0CHAIR${100 + index}`,
  index % 4 === 0 ? 'Used' : 'New',
  'EUR',
  `${10 + index}.50`,
  String(index),
  `2026-10-${String(1 + (index % 28)).padStart(2, '0')}`,
  index % 2 === 0 ? 'Active' : 'Inactive',
];
const tableOf = (rows: number) => Array.from({ length: rows }, (_, index) => rowOf(index + 1));
const textOf = (rows: string[][]) => `${[header, ...rows].map((cells) => cells.join('\t')).join('\n')}\n`;

/** Rows of which one was changed. */
function changed(rows: string[][], row: number, change: (cells: string[]) => void): string[][] {
  return rows.map((cells, index) => {
    const copy = [...cells];
    if (index === row - 1) change(copy);
    return copy;
  });
}

for (const engine of ['reference', 'columnar'] as Engine[])
  describe(`rows with misplaced cells, ${engine} engine`, () => {
    async function read(text: string, chunk = 1000, by: ReportSchema | null = schema) {
      const { rows, rejects, parsed, columns } = await readRows(
        documentOf(text, {}, chunk),
        by ?? undefined,
        engine,
      );
      const whole = rejects.filter(({ column }) => column === null);
      return { rows, rejects, whole, parsed, columns };
    }

    it('are rejected whole if a cell is missing in front, with an empty or a surplus one at the end', async () => {
      for (const end of [[], [''], ['DE']]) {
        const table = changed(tableOf(8), 5, (cells) =>
          cells.splice(0, cells.length, ...cells.slice(1), ...end),
        );
        const { rows, whole } = await read(textOf(table));
        assert.deepEqual(
          whole.map(({ row, raw }) => [row, raw]),
          [[5, table[4]?.join('\t')]],
        );
        assert.match(whole[0]?.reason ?? '', /cells from "country" on belong 1 column further right/);
        assert.equal(rows.length, 7);
      }
    });

    it('are rejected whole if a cell is inserted and another is missing, before it or behind it', async () => {
      for (const [into, out] of [
        [1, 9],
        [7, 1],
        [2, 6],
      ] as const) {
        const table = changed(tableOf(20), 11, (cells) => {
          cells.splice(out, 1);
          cells.splice(into, 0, 'blue');
        });
        const { whole, rows } = await read(textOf(table));
        assert.deepEqual([whole.map(({ row }) => row), rows.length], [[11], 19], `${into} ${out}`);
      }
    });

    it('are rejected if only texts are shifted, which no type refuses', async () => {
      const table = changed(tableOf(40), 23, (cells) => {
        cells.splice(0, 1);
        cells.splice(4, 0, '');
      });
      const { whole, rows } = await read(textOf(table));
      assert.deepEqual([whole.map(({ row }) => row), rows.length], [[23], 39]);
    });

    it('are rejected in a report type without a schema, and leave its types as they are', async () => {
      const table = changed(tableOf(30), 9, (cells) => void cells.splice(2, 1));
      const { whole, parsed } = await read(textOf(table), 1000, undefined);
      assert.deepEqual(
        whole.map(({ row }) => row),
        [9],
      );
      assert.equal(parsed.tables[0]?.columns.find(({ name }) => name === 'price')?.type.kind, 'decimal');
    });

    it('are rejected if they are the header line again, also between texts and with a byte order mark', async () => {
      const texts = delimitedSchema({ sku: 'string', name: 'string', 'tax-code': 'string' });
      const document = 'sku\tname\ttax-code\nA-1\tChair\tT1\nB-2\tname\ttax-code\nC-3\tDesk\tT2\n';
      for (const [by, again] of [
        [texts, `${document}${document}`],
        [texts, `${document}\ufeff${document}`],
        [null, `${document}${document.replaceAll('\t', ' \t ')}`],
      ] as const) {
        const { rows, whole } = await read(again, 1000, by);
        assert.deepEqual(
          whole.map(({ row, reason }) => [row, reason]),
          [[4, 'it is the header line again, as if several documents were joined']],
        );
        assert.deepEqual(
          rows.map((row) => row.sku?.trim()),
          ['A-1', 'B-2', 'C-3', 'A-1', 'B-2', 'C-3'],
        );
      }
      const joined = `${textOf(tableOf(3))}${textOf(tableOf(3))}`;
      assert.deepEqual(
        (await read(joined)).rejects.map(({ row, column }) => [row, column]),
        [[4, null]],
      );
    });

    it('leave the types of columns as they are if they are the header line again', async () => {
      const { columns, whole } = await read('name,units\nA,1\nname,units\nB,2\n', 1000, null);
      assert.equal(whole.length, 1);
      assert.deepEqual(columns, ['name string', 'units int64']);
    });

    it('take the last cell of the row before them with them if it belongs to them', async () => {
      const table = tableOf(9);
      table[3]?.splice(9, 1, 'DE');
      table[4]?.shift();
      const { whole } = await read(textOf(table));
      assert.deepEqual(
        whole.map(({ row }) => row),
        [4, 5],
      );
    });

    it('are rejected as pieces if a line break in a cell cut a row', async () => {
      const table = changed(tableOf(6), 3, (cells) => cells.splice(1, 1, 'Garden\nchair'));
      const { whole, rows } = await read(textOf(table));
      assert.deepEqual(
        [whole.map(({ row, raw }) => [row, raw.split('\t').length]), rows.length],
        [
          [
            [3, 2],
            [4, 9],
          ],
          5,
        ],
      );
    });

    it('are found wherever chunks and batches end', async () => {
      const table = changed(tableOf(12), 7, (cells) => void cells.splice(3, 1));
      for (const chunk of [1, 7, 64]) {
        assert.deepEqual(
          (await read(textOf(table), chunk)).whole.map(({ row }) => row),
          [7],
        );
      }
    });

    it('that are only short are loaded and counted: in a warning, or in a note if most rows are', async () => {
      const one = await read(textOf(changed(tableOf(9), 4, (cells) => void cells.pop())));
      assert.deepEqual(one.parsed.warnings, [
        { code: 'ROWS_SHORT', message: '1 of 9 rows has fewer cells than the header: row 4' },
      ]);
      assert.equal(one.rows.length, 9);
      const all = await read(textOf(tableOf(9).map((cells) => cells.slice(0, 9))));
      assert.deepEqual(all.parsed.warnings, []);
      assert.ok(all.parsed.notes.includes('all rows have 1 cell fewer than the header'));
      assert.deepEqual(all.rejects, []);
    });

    it('are not seen in a row with a single bad value, nor in a rare kind of row', async () => {
      const table = changed(tableOf(30), 6, (cells) => cells.splice(7, 1, 'many'));
      table[12] = ['', 'Fee', '', '', '', 'EUR', '-39.00', '', '2026-10-05', ''];
      const { whole, rejects } = await read(textOf(table));
      assert.deepEqual([whole, rejects.map(({ row, column }) => [row, column])], [[], [[6, 'units']]]);
    });

    it('are rejected or leave a reject or a warning, whichever cell is missing and whichever row', async () => {
      await fc.assert(
        fc.asyncProperty(
          fc.integer({ min: 8, max: 40 }),
          fc.nat(),
          fc.integer({ min: 0, max: 7 }),
          fc.constantFrom('', undefined),
          async (count, at, missing, end) => {
            const row = 1 + (at % count);
            const table = changed(tableOf(count), row, (cells) => {
              cells.splice(missing, 1);
              if (end !== undefined) cells.push(end);
            });
            const { whole, rejects, rows, parsed } = await read(textOf(table));
            assert.ok(whole.every((each) => each.row === row || each.row === row - 1));
            assert.ok(rejects.some((each) => each.row === row) || (parsed.warnings ?? []).length > 0);
            assert.ok(rows.length >= count - 2);
          },
        ),
        { numRuns: runs(100) },
      );
    });
  });

describe('rows with misplaced cells, in both engines', () => {
  const cellOf = {
    date: fc.constantFrom('05/06/2026', '25/06/2026', '06/25/2026', '01/02/2026', '03/03/2026'),
    price: fc.constantFrom('1,50', '1.50', '1.250', '1,250', '3', '1.250,75', 'EUR'),
    text: fc.constantFrom('DE', 'FR', 'Garden chair', 'B0CHAIR101', ''),
  };
  const columnTypes = {
    country: 'string',
    day: 'date',
    due: 'date',
    price: 'decimal(18,4)',
    fee: 'decimal(18,4)',
    asin: 'string',
  };
  const row = fc.tuple(
    cellOf.text,
    cellOf.date,
    cellOf.date,
    cellOf.price,
    cellOf.price,
    cellOf.text,
    fc.constantFrom('', 'x'),
  );
  const shape = fc.record({
    rows: fc.array(fc.record({ cells: row, from: fc.nat(6), by: fc.integer({ min: -2, max: 2 }) }), {
      minLength: 4,
      maxLength: 30,
    }),
    /** One row in so many is shifted. */
    every: fc.integer({ min: 3, max: 12 }),
    /** One kind of cell for most rows, so that they look usual. */
    usual: row,
    delimiter: fc.constantFrom('\t', ','),
    withSchema: fc.boolean(),
    chunk: fc.integer({ min: 1, max: 200 }),
  });

  it('are the same ones, and leave the same decisions about dates and numbers', async () => {
    let found = 0;
    await fc.assert(
      fc.asyncProperty(shape, async ({ rows, every, usual, delimiter, withSchema, chunk }) => {
        const write = (text: string) => (text.includes(delimiter) ? `"${text}"` : text);
        // Behind the last header is a column without a name.
        const lines = rows.map(({ cells, from, by }, index) => {
          const own = index % 2 === 0 ? [...usual] : [...cells];
          if (index % every === every - 1)
            own.splice(from, Math.max(0, -by), ...Array(Math.max(0, by)).fill(''));
          return own.slice(0, 7).map(write).join(delimiter);
        });
        const text = [[...Object.keys(columnTypes), ''].join(delimiter), ...lines, ''].join('\n');
        const columns = Object.entries(columnTypes).map(([header, type]) => ({
          name: header,
          from: [header],
          type: readColumnType(type) as ColumnType,
        }));
        const [table] = schema.tables;
        const quoting = delimiter === ',' ? 'csv' : 'none';
        const own = table && { ...schema, quoting, tables: [{ ...table, columns }] };
        const read = async (engine: Engine) => {
          const { parsed, ...others } = await readRows(
            documentOf(text, {}, chunk),
            withSchema ? (own as ReportSchema) : undefined,
            engine,
          );
          const { tables, dialect, warnings, decisions } = parsed;
          const notes = parsed.notes.filter((note) => !note.startsWith('read by the reference parser'));
          return { ...others, tables, dialect, warnings, decisions, notes };
        };
        const expected = await read('reference');
        assert.deepEqual(await read('columnar'), expected);
        found += expected.rejects.some(({ reason }) => reason.includes('further')) ? 1 : 0;
      }),
      { numRuns: runs(200) },
    );
    assert.ok(found > 5, `${found} documents with misplaced rows`);
  });
});

/** The documents of a folder by report type, in text with delimiters. */
function delimitedDocuments(folder: string): { file: string; reportType: string; text: string }[] {
  return readdirSync(folder, { recursive: true })
    .map(String)
    .filter((file) => /\.(tsv|txt|csv)$/.test(file) && /^(GET|SC)_/.test(file))
    .map((file) => ({
      file,
      reportType: /^[A-Z0-9_]+/.exec(file)?.[0] ?? '',
      bytes: readFileSync(join(folder, file)),
    }))
    .filter(({ bytes }) => isUtf8(bytes))
    .map(({ bytes, ...document }) => ({ ...document, text: bytes.toString() }));
}

describe('the search for misplaced rows', () => {
  const schemas = readSchemas({ folders: [packagedSchemasFolder()] });

  async function expectNone(folder: string): Promise<void> {
    const documents = delimitedDocuments(folder);
    assert.ok(documents.length > 2);
    for (const { file, reportType, text } of documents) {
      const { rejects } = await readRows(
        documentOf(text, { reportType }),
        schemas.get(reportType),
        'columnar',
      );
      const whole = rejects.filter(
        ({ column, reason }) => column === null && !/more than the header/.test(reason),
      );
      assert.deepEqual(whole, [], file);
    }
  }

  it('finds none in the documents of the fixtures', () =>
    expectNone(new URL('../fixtures/', import.meta.url).pathname));

  onEachCollection('samples', (path, size) => {
    it(`finds none in the documents of the ${size} collection`, () => expectNone(path));
  });
});
