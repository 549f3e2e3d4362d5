import fc from 'fast-check';
import type { ReportSchema } from '../../src/schema/types.js';
import type { DocumentMetadata } from '../../src/source/types.js';

/*
 * Random tables of dates, times and numbers, in every way in which documents write them, with the
 * values that are meant.
 */

/** A table as a document, and what it means. */
export interface WrittenTable {
  text: string;
  facts: Partial<DocumentMetadata>;
  schema: ReportSchema;
  /** What was proven for earlier documents. */
  earlierOrder: string | undefined;
  /** For each row, the value that is meant by column, as `readRows` returns it. */
  meant: Record<string, string>[];
}

const dayMs = 86_400_000;

/** The day of a time in ISO 8601. */
function dayText(ms: number): string {
  return new Date(ms).toISOString().slice(0, 10);
}

/** The day whose month and day of the month are those of another one the other way round. */
function swapped(ms: number): number | undefined {
  const date = new Date(ms);
  const [month, day] = [date.getUTCMonth() + 1, date.getUTCDate()];
  return day > 12 || day === month ? undefined : Date.UTC(date.getUTCFullYear(), day - 1, month);
}

type Writing = (year: string, month: string, day: string) => string;

/** How a whole document writes its dates. The proven decision of a document written so. */
const writings: { write: Writing; order: string; dateOrder: 'mdy' | 'dmy' | 'ymd' }[] = [
  ...['/', '-'].flatMap((mark) => [
    {
      write: ((y, m, d) => [m, d, y].join(mark)) as Writing,
      order: 'month first',
      dateOrder: 'mdy' as const,
    },
    { write: ((y, m, d) => [d, m, y].join(mark)) as Writing, order: 'day first', dateOrder: 'dmy' as const },
    {
      write: ((y, m, d) => [m, d, y.slice(2)].join(mark)) as Writing,
      order: 'month first',
      dateOrder: 'mdy' as const,
    },
    {
      write: ((y, m, d) => [d, m, y.slice(2)].join(mark)) as Writing,
      order: 'day first',
      dateOrder: 'dmy' as const,
    },
    {
      write: ((y, m, d) => [y.slice(2), m, d].join(mark)) as Writing,
      order: 'year first',
      dateOrder: 'ymd' as const,
    },
  ]),
  { write: (y, m, d) => `${d}.${m}.${y}`, order: 'day first', dateOrder: 'dmy' },
  { write: (y, m, d) => `${d}.${m}.${y.slice(2)}`, order: 'day first', dateOrder: 'dmy' },
  { write: (y, m, d) => `${y.slice(2)}.${m}.${d}`, order: 'year first', dateOrder: 'ymd' },
  { write: (y, m, d) => `${y}-${m}-${d}`, order: 'none', dateOrder: 'ymd' },
];

/** Time zones with their offset in hours, and the marketplaces of those whose name is shared. */
const zones: { name: string; hours: number; marketplaceIds?: string[] }[] = [
  { name: '', hours: 0 },
  { name: ' UTC', hours: 0 },
  { name: ' PDT', hours: -7 },
  { name: ' EST', hours: -5 },
  { name: ' BST', hours: 1 },
  { name: ' MEZ', hours: 1 },
  { name: ' MEST', hours: 2 },
  { name: ' HAE', hours: -4 },
  { name: ' OESZ', hours: 3 },
  { name: ' JST', hours: 9 },
  { name: ' GMT+03:00', hours: 3 },
  { name: ' UTC\u22125', hours: -5 },
  { name: ' AST', hours: -4, marketplaceIds: ['A2EUQ1WTGCTBG2'] },
  { name: ' AST', hours: 3, marketplaceIds: ['A17E79C6D8DWNP'] },
  { name: ' IST', hours: 5.5, marketplaceIds: ['A21TJRUUN4KGV'] },
  { name: ' IST', hours: 1, marketplaceIds: ['A28R8C7NBKEWEA'] },
  // Without a marketplace, nothing shows which zone is meant.
  { name: ' AST', hours: 3, marketplaceIds: [] },
  { name: ' IST', hours: 1, marketplaceIds: [] },
];

const marketplaceIds = [
  [],
  ['ATVPDKIKX0DER'],
  ['A1PA6795UKMFR9'],
  ['A1F83G8C2ARO7P'],
  ['A1VC38T7YXB528'],
  ['A21TJRUUN4KGV'],
  ['A1AM78C64UM0Y8'],
  ['A1PA6795UKMFR9', 'A1F83G8C2ARO7P'],
];

/** Separators of thousands, by the decimal mark. */
const groups = {
  '.': ['', ',', "'", '’', '\u00a0', '\u202f', '\u2009', 'indian'],
  ',': ['', '.', '\u00a0', '\u202f', '’'],
};

const minuses: ((digits: string) => string)[] = [
  (digits) => `-${digits}`,
  (digits) => `\u2212${digits}`,
  (digits) => `${digits}-`,
  (digits) => `${digits}\u2212`,
  (digits) => `(${digits})`,
];

interface Numbers {
  mark: '.' | ',';
  group: string;
  decimals: number;
  minus: (digits: string) => string;
}

const numbersWritten: fc.Arbitrary<Numbers> = fc.constantFrom('.' as const, ',' as const).chain((mark) =>
  fc.record({
    mark: fc.constant(mark),
    group: fc.constantFrom(...groups[mark]),
    decimals: fc.constantFrom(0, 0, 1, 2, 2, 3),
    minus: fc.constantFrom(...minuses),
  }),
);

/** `units`: the number without its mark. */
function written(units: number, { mark, group, decimals, minus }: Numbers): string {
  const digits = String(Math.abs(units)).padStart(decimals + 1, '0');
  const whole = digits.slice(0, digits.length - decimals);
  const grouped =
    group === 'indian'
      ? whole.replace(/\B(?=(\d{2})*\d{3}$)/g, ',')
      : whole.replace(/\B(?=(\d{3})+$)/g, group);
  const text = decimals === 0 ? grouped : `${grouped}${mark}${digits.slice(digits.length - decimals)}`;
  return units < 0 ? minus(text) : text;
}

function meantNumber(units: number, decimals: number): string {
  const digits = String(Math.abs(units)).padStart(decimals + 1, '0');
  const whole = digits.slice(0, digits.length - decimals);
  const fraction = digits.slice(digits.length - decimals).replace(/0+$/, '');
  const text = decimals === 0 || fraction === '' ? whole : `${whole}.${fraction}`;
  return units < 0 && /[1-9]/.test(text) ? `-${text}` : text;
}

const row = fc.record({
  /** Days before the last one. */
  daysBefore: fc.integer({ min: 0, max: 365 * 3 }),
  hour: fc.integer({ min: 0, max: 23 }),
  units: fc.integer({ min: -2_000_000, max: 20_000_000 }),
  count: fc.integer({ min: 0, max: 30_000 }),
  /** Days from the date to another one of the row. */
  distance: fc.integer({ min: 2, max: 400 }),
});

/** Tables, half of them with dates that any order of day and month fits. */
export const writtenTable: fc.Arbitrary<WrittenTable> = fc
  .record({
    lastDay: fc.integer({ min: Date.UTC(2019, 0, 1) / dayMs, max: Date.UTC(2027, 11, 31) / dayMs }),
    rows: fc.oneof(
      { weight: 8, arbitrary: fc.array(row, { minLength: 1, maxLength: 6 }) },
      { weight: 1, arbitrary: fc.array(row, { minLength: 40, maxLength: 80 }) },
    ),
    earlyDays: fc.boolean(),
    isOneDay: fc.boolean(),
    writing: fc.constantFrom(...writings),
    isPadded: fc.boolean(),
    zone: fc.option(fc.constantFrom(...zones)),
    numbers: numbersWritten,
    marketplaceIds: fc.constantFrom(...marketplaceIds),
    other: fc.constantFrom('none', 'none', 'same event', 'another event', 'misread day'),
    hasCreated: fc.boolean(),
    hasPeriod: fc.boolean(),
    isDeclared: fc.constantFrom(true, false, false, false),
    isProvenBefore: fc.constantFrom(true, false, false, false),
    isCsv: fc.boolean(),
    smallCounts: fc.boolean(),
  })
  .map((given) => {
    const { writing, zone } = given;
    const ids = zone?.marketplaceIds ?? given.marketplaceIds;
    // Amounts in yen have no fractions.
    const numbers = { ...given.numbers, ...(ids.includes('A1VC38T7YXB528') && { decimals: 0 }) };
    const days = given.rows.map(({ daysBefore }) => {
      const date = new Date((given.lastDay - (given.isOneDay ? 0 : daysBefore)) * dayMs);
      // Days up to the 12th, which any order fits.
      if (given.earlyDays) date.setUTCDate(((date.getUTCDate() - 1) % 12) + 1);
      return date.getTime();
    });
    const meant: Record<string, string>[] = [];
    const lines = given.rows.map(({ hour, units, count, distance }, index) => {
      const day = days[index] as number;
      const [year = '', month = '', dayOfMonth = ''] = dayText(day).split('-');
      const plain = (part: string) => (given.isPadded ? part : String(Number(part)));
      const date = writing.write(year, plain(month), plain(dayOfMonth));
      const clock = zone ? ` ${String(hour).padStart(2, '0')}:30:00${zone.name}` : '';
      const ms = day + (zone ? (hour + 0.5 - zone.hours) * 3_600_000 : 0);
      const later = day + distance * dayMs;
      // Another event may come on the very day that another order would mean.
      const misread = given.other === 'misread day' && given.isOneDay ? swapped(day) : undefined;
      const otherDay = given.other === 'same event' ? day : (misread ?? later);
      const pieces = given.smallCounts ? count % 1000 : count;
      meant.push({
        date: dayText(day),
        order_time: String(ms),
        other_day: given.other === 'none' ? '' : dayText(otherDay),
        amount: meantNumber(units, numbers.decimals),
        pieces: String(pieces),
      });
      const cells = [
        date,
        `${date}${clock}`,
        given.other === 'none' ? '' : `${dayText(otherDay)}T05:00:00Z`,
        written(units, numbers),
        written(pieces, { ...numbers, decimals: 0 }),
      ];
      return given.isCsv ? cells.map((cell) => `"${cell}"`).join(',') : cells.join('\t');
    });
    const header = ['date', 'order-time', 'other-day', 'amount', 'pieces'];
    const schema = schemaOf(given.isCsv, given.isDeclared ? writing.dateOrder : undefined);
    const first = Math.min(...days);
    const last = Math.max(...days);
    const facts: Partial<DocumentMetadata> = {
      marketplaceIds: ids,
      ...(given.hasCreated && { reportCreatedAt: new Date(last + 1.5 * dayMs).toISOString() }),
      ...(given.hasPeriod && {
        dataStart: new Date(first).toISOString(),
        dataEnd: new Date(last + dayMs - 1).toISOString(),
      }),
    };
    const text = `${[header.join(given.isCsv ? ',' : '\t'), ...lines].join('\n')}\n`;
    return { text, facts, schema, earlierOrder: given.isProvenBefore ? writing.order : undefined, meant };
  });

function schemaOf(isCsv: boolean, dateOrder: 'mdy' | 'dmy' | 'ymd' | undefined): ReportSchema {
  const decimal = { kind: 'decimal', precision: 18, scale: 4 } as const;
  return {
    reportType: 'GET_TEST',
    description: '',
    format: isCsv ? 'csv' : 'tsv',
    quoting: isCsv ? 'csv' : 'none',
    restricted: false,
    file: '',
    tables: [
      {
        name: 'test',
        load: { mode: 'append', key: [] },
        partitionBy: 'date',
        columns: [
          { name: 'date', from: ['date'], type: { kind: 'date' }, dateOrder },
          { name: 'order_time', from: ['order-time'], type: { kind: 'timestamp' }, dateOrder },
          { name: 'other_day', from: ['other-day'], type: { kind: 'date' } },
          { name: 'amount', from: ['amount'], type: decimal },
          { name: 'pieces', from: ['pieces'], type: { kind: 'int64' } },
        ],
      },
    ],
  };
}
