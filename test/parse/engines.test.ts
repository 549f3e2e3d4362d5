import assert from 'node:assert/strict';
import fc from 'fast-check';
import { readColumnType } from '../../src/schema/column-type.js';
import type { ColumnType, ReportSchema } from '../../src/schema/types.js';
import { documentOf } from './document-of.js';
import { outcomeOf } from './engine-outcome.js';
import { runs } from '../property-runs.js';

const types = [
  'string',
  'decimal(18,4)',
  'decimal(38,10)',
  'int64',
  'float64',
  'bool',
  'date',
  'timestamp',
  'json',
  'list(string)',
  'list(decimal(18,4))',
];

/** Without the columns at the indexes `unknown`. */
function schemaOf(
  quoting: ReportSchema['quoting'],
  columnTypes: string[],
  unknown: number[] = [],
): ReportSchema {
  return {
    reportType: 'GET_TEST',
    description: '',
    format: quoting === 'csv' ? 'csv' : 'tsv',
    quoting,
    restricted: false,
    file: '',
    tables: [
      {
        name: 'test',
        load: { mode: 'append', key: [] },
        columns: columnTypes
          .map((type, index) => ({
            name: `c${index}`,
            from: [`c-${index}`],
            type: readColumnType(type) as ColumnType,
          }))
          .filter((_, index) => !unknown.includes(index)),
      },
    ],
  };
}

/** Cells that look like values of every type, and like each other. */
const oddCells = [
  '',
  '',
  ' ',
  '0',
  '-0',
  '007',
  '1',
  '-1',
  '19.99',
  '19.9900',
  '.5',
  '5.',
  '1,234',
  '1.234',
  '0.234',
  '1234.567',
  '1,5',
  '1.141,18',
  '1 234,5',
  '12345678901234567890',
  '9223372036854775807',
  '-9223372036854775808',
  '99999999999999.9999',
  '0.00001',
  '1e3',
  '(5.00)',
  '5 %',
  '€5.00',
  'N/A',
  '--',
  'true',
  'No',
  'Y',
  '2026-10-01',
  '2026-02-30',
  '2026-10-01T10:00:00+00:00',
  '2026-10-01T10:00:00-07:30',
  '2026-10-01 10:00:00 UTC',
  '2026-10-01 10:00:00 PDT',
  '2026-10-01T24:00:00Z',
  '1969-12-31T23:59:59Z',
  '6053-01-23T02:08:00Z',
  '9999-12-31 23:59:59 UTC',
  '2026-10-01T10:00:00.123456Z',
  '03/04/2026',
  '13/04/2026',
  '04/13/2026',
  '05/06/2026 10:00:00 PDT',
  '03.04.26',
  '26/11/5',
  '25/12/24',
  '2026-10-01 10:00:00 IST',
  '1,250',
  '1 000,00−',
  '01.02.2026 10:00:00 UTC',
  '{"a":1}',
  '[1,2]',
  '["a", null]',
  '[1.5,"0,5"]',
  '"',
  '""',
  '"a"',
  'a"b',
  '"open',
  '10" wide',
  'ä€日🚲',
  '\u0000',
  '\r',
  'a\rb',
  'a\nb',
  '5", b',
  'c ", "d',
  'x'.repeat(300),
];

const cell = fc.oneof(
  { weight: 6, arbitrary: fc.constantFrom(...oddCells) },
  { weight: 1, arbitrary: fc.integer().map(String) },
  {
    weight: 1,
    arbitrary: fc.double({ noNaN: true, noDefaultInfinity: true }).map((value) => value.toFixed(4)),
  },
  { weight: 1, arbitrary: fc.date({ noInvalidDate: true }).map((date) => date.toISOString()) },
  { weight: 1, arbitrary: fc.string({ unit: 'grapheme', maxLength: 8 }) },
);

interface Shape {
  columnTypes: string[];
  rows: string[][];
  delimiter: string;
  lineEnds: string[];
  lastEnd: boolean;
  quoting: ReportSchema['quoting'];
  quoted: 'no' | 'doubled' | 'undoubled' | 'after a blank';
  chunk: number;
  withSchema: boolean;
  unknown: number[];
  marketplaceIds: string[];
}

const shape: fc.Arbitrary<Shape> = fc.record({
  columnTypes: fc.array(fc.constantFrom(...types), { minLength: 2, maxLength: 6 }),
  rows: fc.array(fc.array(cell, { maxLength: 8 }), { maxLength: 12 }),
  delimiter: fc.constantFrom('\t', '\t', '\t', ',', ';', '|'),
  lineEnds: fc.array(fc.constantFrom('\n', '\r\n'), { minLength: 1, maxLength: 3 }),
  lastEnd: fc.boolean(),
  quoting: fc.constantFrom('none' as const, 'outer' as const, 'csv' as const),
  quoted: fc.constantFrom('no', 'doubled', 'undoubled', 'after a blank'),
  chunk: fc.integer({ min: 1, max: 40 }),
  withSchema: fc.boolean(),
  unknown: fc.array(fc.integer({ min: 1, max: 5 }), { maxLength: 3 }),
  marketplaceIds: fc.constantFrom([], ['A1PA6795UKMFR9'], ['ATVPDKIKX0DER']),
});

function textOf({ columnTypes, rows, delimiter, lineEnds, lastEnd, quoted }: Shape): string {
  const doubled = (text: string) => `"${text.replaceAll('"', '""')}"`;
  const written = {
    no: (text: string) => text,
    doubled,
    undoubled: (text: string) => `"${text}"`,
    'after a blank': (text: string) => ` ${doubled(text)}  `,
  }[quoted];
  const lines = [columnTypes.map((_, index) => `c-${index}`), ...rows].map((cells, index) => {
    // A row is usually as wide as the header.
    const width = index > 0 && index % 4 === 0 ? cells.length : columnTypes.length;
    return Array.from({ length: width }, (_, at) => written(cells[at] ?? '')).join(delimiter);
  });
  const text = lines.map((line, index) => `${line}${lineEnds[index % lineEnds.length]}`).join('');
  return lastEnd ? text : text.replace(/\r?\n$/, '');
}

describe('the columnar engine', () => {
  it('reads every delimited document as the reference engine does, in chunks of any size', async () => {
    await fc.assert(
      fc.asyncProperty(shape, async (given) => {
        const text = textOf(given);
        const schema = given.withSchema
          ? schemaOf(given.quoting, given.columnTypes, given.unknown)
          : undefined;
        const metadata = { marketplaceIds: given.marketplaceIds };
        const read = async (engine: 'reference' | 'columnar') =>
          (await outcomeOf(engine, documentOf(text, metadata, given.chunk), schema)).made;
        assert.deepEqual(await read('columnar'), await read('reference'));
      }),
      { numRuns: runs(400) },
    );
  });
});
