import assert from 'node:assert/strict';
import type { Engine } from '../../src/parse/types.js';
import { readColumnType } from '../../src/schema/column-type.js';
import type { Decision } from '../../src/schema/findings.js';
import type { ColumnSchema, ColumnType, ReportSchema } from '../../src/schema/types.js';
import type { DocumentMetadata } from '../../src/source/types.js';
import { documentOf } from './document-of.js';
import { readRows } from './read-rows.js';

const [us, germany, japan, ireland, india, saudiArabia, canada] = [
  'ATVPDKIKX0DER',
  'A1PA6795UKMFR9',
  'A1VC38T7YXB528',
  'A28R8C7NBKEWEA',
  'A21TJRUUN4KGV',
  'A17E79C6D8DWNP',
  'A2EUQ1WTGCTBG2',
];

interface Given {
  /** Types of columns by name, and an order if the schema declares one: `date dmy`. */
  columns: Record<string, string>;
  rows: string[][];
  facts?: Partial<DocumentMetadata>;
  earlier?: Decision[];
  isJson?: boolean;
  partitionBy?: string;
  checks?: ReportSchema['tables'][number]['checks'];
}

async function read(engine: Engine, given: Given) {
  const { facts, earlier = [], isJson = false, partitionBy, checks } = given;
  const columns = Object.entries(given.columns).map(([name, text]): ColumnSchema => {
    const [type = '', dateOrder] = text.split(' ');
    return {
      name,
      from: [name],
      type: readColumnType(type) as ColumnType,
      dateOrder: dateOrder as ColumnSchema['dateOrder'],
    };
  });
  const schema: ReportSchema = {
    reportType: 'GET_TEST',
    description: '',
    format: isJson ? 'json' : 'tsv',
    quoting: 'none',
    restricted: false,
    file: '',
    tables: [
      {
        name: 'test',
        ...(isJson && { rows: 'items' }),
        load: { mode: 'append', key: [] },
        partitionBy,
        checks,
        columns,
      },
    ],
  };
  const names = Object.keys(given.columns);
  const items = given.rows.map((cells) => Object.fromEntries(cells.map((cell, at) => [names[at], cell])));
  const text = isJson
    ? JSON.stringify({ items })
    : `${[names, ...given.rows].map((cells) => cells.join('\t')).join('\n')}\n`;
  const { rows, rejects, parsed } = await readRows(documentOf(text, facts), schema, engine, earlier);
  const decided = (parsed.decisions ?? []).filter(
    ({ subject }) => subject === 'date_order' || subject === 'decimal_mark',
  );
  return {
    values: rows.map((row) => names.map((name) => row[name] ?? null)),
    rejected: rejects.map(({ raw }) => raw),
    reason: decided.map(({ value, reason }) => `${value}: ${reason}`).join('; '),
    isProven: decided.every(({ isProven }) => isProven === true),
    codes: (parsed.warnings ?? []).map(({ code }) => code),
    messages: (parsed.warnings ?? []).map(({ message }) => message),
  };
}

for (const engine of ['columnar', 'reference'] as const) {
  describe(`the order of dates, ${engine} engine`, () => {
    it('follows a date that only one order explains, against marketplace and schema', async () => {
      const found = await read(engine, {
        columns: { day: 'date mdy' },
        rows: [['03/05/2026'], ['25/12/2026']],
        facts: { marketplaceIds: [us] },
      });
      assert.deepEqual(found.values, [['2026-05-03'], ['2026-12-25']]);
      assert.equal(found.reason, 'day first: 1 date can be read in no other way');
      assert.ok(found.isProven);
      assert.deepEqual(found.codes, []);
    });

    it('follows another column of the same rows that is written without doubt', async () => {
      for (const [other, next, tells] of [
        ['2026-05-03T23:30:00+02:00', '2026-06-04T00:30:00+02:00', 'day first'],
        ['3 May 2026', '4 June 2026', 'day first'],
        ['Mar 5, 2026 1:23:45 PM PST', 'Apr 6, 2026 1:23:45 PM PDT', 'month first'],
        ['2026/03/05', '2026/04/06', 'month first'],
      ] as const) {
        const found = await read(engine, {
          columns: { day: 'date', time: 'timestamp' },
          rows: [
            ['03/05/2026', other],
            ['04/06/2026', next],
          ],
        });
        assert.deepEqual(found.values[0]?.[0], tells === 'day first' ? '2026-05-03' : '2026-03-05', other);
        assert.equal(found.reason, `${tells}: it is the day of the column "time" in the same rows`);
        assert.deepEqual(found.codes, []);
      }
    });

    it('follows another column on a single day too, with a warning: 30 days later, another event would look the same', async () => {
      const rows = [
        ['02/01/2026', '2026-02-01T05:00:00Z'],
        ['02/01/2026', '2026-02-01T06:00:00Z'],
      ];
      const found = await read(engine, { columns: { day: 'date', time: 'timestamp' }, rows });
      assert.deepEqual(
        found.values.map(([day]) => day),
        ['2026-02-01', '2026-02-01'],
      );
      assert.deepEqual(found.codes, ['DATE_ORDER_GUESSED']);
      assert.match(found.messages[0] ?? '', /the day of the column "time" in the same rows/);
      assert.ok(!found.isProven);
      for (const [day, codes] of [
        ['date mdy', []],
        ['date dmy', ['DATE_ORDER_GUESSED']],
      ] as const) {
        const declared = await read(engine, { columns: { day, time: 'timestamp' }, rows });
        assert.deepEqual(declared.values[0]?.[0], '2026-02-01');
        assert.deepEqual(declared.codes, codes);
      }
    });

    it('allows other columns to differ by a day, as time zones make them', async () => {
      const { values, codes } = await read(engine, {
        columns: { day: 'date', time: 'timestamp' },
        rows: [
          ['03/05/2026', '2026-03-05T12:00:00Z'],
          ['04/06/2026', '2026-04-07T01:00:00Z'],
        ],
        facts: { marketplaceIds: [germany] },
      });
      assert.deepEqual(
        values.map(([day]) => day),
        ['2026-03-05', '2026-04-06'],
      );
      assert.deepEqual(codes, []);
    });

    it('ignores another column that is about another day in some row', async () => {
      const { values, codes } = await read(engine, {
        columns: { day: 'date', shipped: 'date' },
        rows: [
          ['03/05/2026', '2026-03-05'],
          ['04/06/2026', '2026-04-20'],
        ],
        facts: { marketplaceIds: [germany] },
      });
      assert.deepEqual(
        values.map(([day]) => day),
        ['2026-05-03', '2026-06-04'],
      );
      assert.deepEqual(codes, ['DATE_ORDER_GUESSED']);
    });

    it('puts the column of a partition into the data period', async () => {
      const period = { dataStart: '2026-03-05T00:00:00Z', dataEnd: '2026-03-05T23:59:59Z' };
      const given = { columns: { day: 'date', first: 'date' }, rows: [['03/05/2026', '01/02/2026']] };
      const facts = { marketplaceIds: [japan], ...period };
      const found = await read(engine, { ...given, facts, partitionBy: 'day' });
      assert.deepEqual(found.values, [['2026-03-05', '2026-01-02']]);
      assert.match(found.reason, /^month first: only so the column "day" lies in the report's data period$/);
      assert.deepEqual(found.codes, []);
      const updated = { ...facts, reportType: 'GET_ORDERS_BY_LAST_UPDATE' };
      assert.deepEqual((await read(engine, { ...given, facts: updated, partitionBy: 'day' })).codes, [
        'DATE_ORDER_GUESSED',
      ]);
      assert.deepEqual((await read(engine, { ...given, facts })).codes, ['DATE_ORDER_GUESSED']);
    });

    it('has no date of the past after the report was made', async () => {
      const facts = { marketplaceIds: [us], reportCreatedAt: '2026-05-20T10:00:00Z' };
      const past = await read(engine, { columns: { purchase_date: 'date' }, rows: [['05/06/2026']], facts });
      assert.deepEqual(past.values, [['2026-05-06']]);
      assert.equal(
        past.reason,
        'month first: otherwise the column "purchase_date" would have dates after the report was made',
      );
      assert.deepEqual(past.codes, []);
      for (const column of [
        'estimated_arrival_date',
        'expiration_date',
        'order_release_date',
        'ship_by_date',
      ]) {
        const { codes } = await read(engine, {
          columns: { [column]: 'date' },
          rows: [['05/06/2026']],
          facts,
        });
        assert.deepEqual(codes, ['DATE_ORDER_GUESSED'], column);
      }
    });

    it('follows what was proven for earlier documents, unless they exclude each other', async () => {
      const proven = (value: string): Decision => ({
        subject: 'date_order',
        value,
        reason: '',
        isProven: true,
      });
      const given = { columns: { day: 'date dmy' }, rows: [['03/05/2026']] };
      const found = await read(engine, { ...given, earlier: [proven('month first')] });
      assert.deepEqual(found.values, [['2026-03-05']]);
      assert.match(found.reason, /^month first: proven for earlier documents/);
      assert.ok(!found.isProven);
      const both = [proven('month first'), proven('day first')];
      assert.match((await read(engine, { ...given, earlier: both })).reason, /^day first: declared/);
      const guessed = [{ ...proven('month first'), isProven: undefined }];
      assert.match((await read(engine, { ...given, earlier: guessed })).reason, /^day first: declared/);
    });

    it('follows the schema, with a warning if the time zone speaks against it', async () => {
      const columns = { time: 'timestamp dmy' };
      const british = await read(engine, { columns, rows: [['03/05/2026 10:00:00 BST']] });
      assert.deepEqual([british.reason, british.codes], ['day first: declared in the schema', []]);
      const american = await read(engine, { columns, rows: [['03/05/2026 10:00:00 PDT']] });
      assert.deepEqual(american.codes, ['DATE_ORDER_GUESSED']);
    });

    it('is a guess with a warning if only the marketplace tells', async () => {
      const rows = [['03/03/2026'], ['03/05/2026'], ['04/06/2026']];
      const found = await read(engine, {
        columns: { day: 'date' },
        rows,
        facts: { marketplaceIds: [germany] },
      });
      assert.deepEqual(found.messages, [
        '2 dates can be read in several orders, such as "03/05/2026" in day: 2026-03-05 (month first) or 2026-05-03 (day first). Read as day first, usual in the marketplace DE; `dateOrder` in the report schema decides otherwise.',
      ]);
      assert.ok(!found.isProven);
    });

    it('needs no warning if every order means the same days', async () => {
      const { codes, values } = await read(engine, {
        columns: { day: 'date' },
        rows: [['03/03/2026'], ['12.05.2026']],
      });
      assert.deepEqual([codes, values], [[], [['2026-03-03'], ['2026-05-12']]]);
    });

    it('is that of each column if no order fits all of them, with a warning', async () => {
      const found = await read(engine, {
        columns: { order_day: 'date', ship_day: 'date', paid_day: 'date' },
        rows: [
          ['12/25/2026', '25/12/2026', '03/05/2026'],
          ['12/26/2026', '03/05/2026', '03/05/2026'],
          ['03/05/2026', '03/05/2026', '03/05/2026'],
        ],
        facts: { marketplaceIds: [germany] },
      });
      assert.deepEqual(found.values[2], ['2026-03-05', '2026-05-03', '2026-03-05']);
      assert.deepEqual(found.rejected, []);
      assert.deepEqual(found.codes, ['DATE_ORDER_GUESSED', 'DATE_ORDER_MIXED']);
      assert.match(
        found.messages[1] ?? '',
        /month first in 2 dates \(order_day\), day first in 1 date \(ship_day\)/,
      );
    });

    it('is that of most dates if a column has several, with a warning and rejects', async () => {
      const rows = [['12/25/2026'], ['12/26/2026'], ['27/12/2026'], ['03/05/2026']];
      const found = await read(engine, { columns: { day: 'date' }, rows });
      assert.deepEqual(found.values, [['2026-12-25'], ['2026-12-26'], [null], ['2026-03-05']]);
      assert.deepEqual([found.rejected, found.codes], [['27/12/2026'], ['DATE_ORDER_MIXED']]);
    });

    it('is decided for years of two digits too, with any mark between', async () => {
      for (const mark of ['/', '-', '.']) {
        const day = (...parts: string[]) => [parts.join(mark)];
        const cases: [string[][], string[]][] = [
          [
            [day('26', '11', '5'), day('25', '12', '24')],
            ['2026-11-05', '2025-12-24'],
          ],
          [
            [day('31', '12', '32'), day('5', '6', '07')],
            ['2032-12-31', '2007-06-05'],
          ],
        ];
        if (mark !== '.')
          cases.push([
            [day('12', '31', '25'), day('5', '6', '26')],
            ['2025-12-31', '2026-05-06'],
          ]);
        for (const [rows, days] of cases) {
          const found = await read(engine, { columns: { day: 'date' }, rows });
          assert.deepEqual(found.values.flat(), days);
          assert.deepEqual(found.codes, [], JSON.stringify(rows));
        }
      }
      const guessed = await read(engine, {
        columns: { day: 'date' },
        rows: [['05/06/07']],
        facts: { marketplaceIds: [japan] },
      });
      assert.deepEqual([guessed.values, guessed.codes], [[['2005-06-07']], ['DATE_ORDER_GUESSED']]);
    });

    it('takes two digits for a year of the century around the report', async () => {
      for (const [created, day] of [
        ['2026-05-20T10:00:00Z', '1998-12-31'],
        ['2090-05-20T10:00:00Z', '2098-12-31'],
        [undefined, '2098-12-31'],
      ]) {
        const facts = { reportCreatedAt: created };
        const { values } = await read(engine, { columns: { expires: 'date' }, rows: [['12/31/98']], facts });
        assert.deepEqual(values, [[day]]);
      }
    });

    it('is decided in JSON as well', async () => {
      const columns = { day: 'date', time: 'timestamp' };
      const proven = await read(engine, {
        columns,
        rows: [
          ['03/05/2026', ''],
          ['25/12/2026', ''],
        ],
        isJson: true,
      });
      assert.deepEqual([proven.values[0]?.[0], proven.codes], ['2026-05-03', []]);
      const besides = await read(engine, {
        columns,
        rows: [
          ['03/05/2026', '2026-05-03T10:00:00Z'],
          ['04/06/2026', '2026-06-04T10:00:00Z'],
        ],
        isJson: true,
      });
      assert.deepEqual([besides.values[0]?.[0], besides.codes], ['2026-05-03', []]);
      const guessed = await read(engine, { columns, rows: [['03/05/2026', '']], isJson: true });
      assert.deepEqual(guessed.codes, ['DATE_ORDER_GUESSED']);
    });
  });

  describe(`a time zone, ${engine} engine`, () => {
    it('with a shared name is that of the marketplace, or a guess with a warning', async () => {
      for (const [marketplaceIds, zone, time, codes] of [
        [[ireland], 'IST', '2026-07-04T09:00:00.000Z', []],
        [[india], 'IST', '2026-07-04T04:30:00.000Z', []],
        [[saudiArabia], 'AST', '2026-07-04T07:00:00.000Z', []],
        [[canada], 'AST', '2026-07-04T14:00:00.000Z', []],
        [[], 'IST', '2026-07-04T04:30:00.000Z', ['TIME_ZONE_GUESSED']],
        [[germany], 'AST', '2026-07-04T14:00:00.000Z', ['TIME_ZONE_GUESSED']],
      ] as const) {
        const rows = [[`2026-07-04 10:00:00 ${zone}`]];
        const facts = { marketplaceIds: [...marketplaceIds] };
        const found = await read(engine, { columns: { time: 'timestamp' }, rows, facts });
        assert.equal(new Date(Number(found.values[0]?.[0])).toISOString(), time);
        assert.deepEqual(found.codes, codes, `${marketplaceIds} ${zone}`);
      }
    });
  });

  describe(`the decimal mark, ${engine} engine`, () => {
    const amount = 'decimal(18,4)';

    it('is shown by a column of integers, in which a mark can only separate thousands', async () => {
      const found = await read(engine, {
        columns: { weight: amount, quantity: 'int64' },
        rows: [['1.500', '1.234']],
        facts: { marketplaceIds: [us] },
      });
      assert.deepEqual([found.values, found.codes], [[['1500', '1234']], []]);
      assert.equal(found.reason, 'decimal comma: 1 number can be read in no other way');
    });

    it('is the one by which the parts of a row add up to its total', async () => {
      const found = await read(engine, {
        columns: { fee: amount, tax: amount, total: amount },
        rows: [
          ['1.250', '3', '1.253'],
          ['2.000', '1.001', '3.001'],
        ],
        facts: { marketplaceIds: [us] },
      });
      assert.deepEqual(found.values[0], ['1250', '3', '1253']);
      assert.equal(
        found.reason,
        'decimal comma: only so the columns of each row add up to the column "total"',
      );
    });

    it('is the one by which the rows add up to the total that a check names', async () => {
      const found = await read(engine, {
        columns: { amount, stated: amount },
        rows: [
          ['1,250', '1,253'],
          ['3', ''],
        ],
        facts: { marketplaceIds: [germany] },
        checks: [{ name: 'total', sum: ['amount'], equals: 'stated', per: [] }],
      });
      assert.deepEqual(found.values[0], ['1250', '1253']);
      assert.equal(found.reason, 'decimal point: only so the rows add up to the column "stated"');
    });

    it('is the other one if only numbers from 1000 on have a mark', async () => {
      const rows = Array.from({ length: 50 }, (_, index) => [
        index % 2 ? `${index + 1}` : `${index + 1}.125`,
      ]);
      const found = await read(engine, { columns: { amount }, rows, facts: { marketplaceIds: [us] } });
      assert.deepEqual([found.values[0], found.values[1], found.codes], [['1125'], ['2'], []]);
      const few = await read(engine, { columns: { amount }, rows: rows.slice(0, 30) });
      assert.deepEqual(few.codes, ['DECIMAL_MARK_GUESSED']);
    });

    it('separates thousands of amounts in a currency without fractions', async () => {
      const facts = { marketplaceIds: [japan] };
      for (const text of ['1,200', '1.200']) {
        const price = await read(engine, { columns: { price: amount }, rows: [[text]], facts });
        assert.deepEqual([price.values, price.codes], [[['1200']], []]);
      }
      const weight = await read(engine, { columns: { weight: amount }, rows: [['1,200']], facts });
      assert.deepEqual(weight.codes, ['DECIMAL_MARK_GUESSED']);
    });

    it('is that of each column if none fits all of them, with a warning', async () => {
      const found = await read(engine, {
        columns: { price: amount, weight: amount },
        rows: [
          ['1.234,50', '0.441'],
          ['1.234', '1.234'],
        ],
      });
      assert.deepEqual(found.values[1], ['1234', '1.234']);
      assert.deepEqual([found.rejected, found.codes], [[], ['DECIMAL_MARK_MIXED']]);
    });
  });
}
