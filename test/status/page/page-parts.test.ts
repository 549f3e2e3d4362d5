import assert from 'node:assert/strict';
import { parse } from 'csv-parse/sync';
import fc from 'fast-check';
import { csvText } from '../../../src/status/page/csv.js';
import { everyDay } from '../../../src/status/page/days.js';
import { withQuery } from '../../../src/status/page/query-history.js';

describe('the CSV of an answer', () => {
  it('has every value as it is, NULL empty and an empty text in quotes', () => {
    const columns = ['a', 'b "c"'].map((name) => ({ name, type: 'VARCHAR' }));
    assert.equal(
      csvText({
        columns,
        rows: [
          [null, ''],
          ['x,y', 'line\nline'],
          [{ a: 1 }, '12345678901234567890.10'],
        ],
      }),
      'a,"b ""c"""\n,""\n"x,y","line\nline"\n"{""a"":1}",12345678901234567890.10\n',
    );
  });

  it('can be read back, whatever the values are', () => {
    const cell = fc.oneof(
      fc.string(),
      fc.string({ unit: 'grapheme' }),
      fc.constantFrom('"', ',', '\r\n', "'=1"),
    );
    fc.assert(
      fc.property(fc.array(fc.tuple(cell, cell), { minLength: 1 }), (rows) => {
        const columns = ['a', 'b'].map((name) => ({ name, type: 'VARCHAR' }));
        const read: unknown = parse(csvText({ columns, rows }), { record_delimiter: '\n' });
        assert.deepEqual(read, [['a', 'b'], ...rows]);
      }),
    );
  });
});

describe('the history of queries', () => {
  it('has each query once, the newest first, and forgets the oldest', () => {
    assert.deepEqual(withQuery(['b', 'a'], ' a\n'), ['a', 'b']);
    assert.deepEqual(withQuery(['a'], '  '), ['a']);
    const many = Array.from({ length: 80 }, (_, index) => `SELECT ${index}`);
    const kept = many.reduce<string[]>(withQuery, []);
    assert.deepEqual([kept.length, kept[0], kept.at(-1)], [50, 'SELECT 79', 'SELECT 30']);
  });

  it('stays small, whatever is run', () => {
    const query = fc
      .tuple(fc.nat(5), fc.nat(90_000))
      .map(([number, length]) => `${number}${'x'.repeat(length)}`);
    fc.assert(
      fc.property(fc.array(query, { maxLength: 6 }), (queries) => {
        const kept = queries.reduce<string[]>(withQuery, []);
        assert.ok(kept.join('').length <= 100_000);
        assert.equal(new Set(kept).size, kept.length);
        assert.equal(kept[0], queries.at(-1));
      }),
    );
  });
});

describe('the days of a chart', () => {
  const missing = (day: string) => ({ day, rows: 0 });

  it('are at least two weeks, of which those without data are empty', () => {
    const days = everyDay([{ day: '2026-11-30', rows: 5 }], '2026-11-30', missing);
    assert.deepEqual(
      [days.length, days[0], days[13]],
      [14, { day: '2026-11-17', rows: 0 }, { day: '2026-11-30', rows: 5 }],
    );
    assert.equal(everyDay([], '2026-03-01', missing).at(1)?.day, '2026-02-17');
  });

  it('follow each other and keep every value, whatever days there are', () => {
    const day = fc.date({ min: new Date('2026-01-01'), max: new Date('2027-01-01'), noInvalidDate: true });
    fc.assert(
      fc.property(
        fc.uniqueArray(
          day.map((date) => date.toISOString().slice(0, 10)),
          { maxLength: 30 },
        ),
        (known) => {
          const days = everyDay(
            known.map((each, index) => ({ day: each, rows: index + 1 })),
            '2026-11-30',
            missing,
          );
          const rows = days.filter((each) => each.rows > 0);
          assert.deepEqual(
            rows.map((each) => each.day),
            known.toSorted(),
          );
          for (const [index, each] of days.entries()) {
            const next = new Date(Date.parse(each.day) + 86_400_000).toISOString().slice(0, 10);
            assert.ok(index === days.length - 1 || days[index + 1]?.day === next);
          }
        },
      ),
    );
  });
});
