import assert from 'node:assert/strict';
import fc from 'fast-check';
import { planChart } from '../../../src/status/page/chart-plan.js';

const plan = (names: Record<string, string>, rows: unknown[][], figure?: string) =>
  planChart({ columns: Object.entries(names).map(([name, type]) => ({ name, type })), rows }, figure);
type Planned = NonNullable<ReturnType<typeof plan>>;
const labels = (planned: Planned | undefined) =>
  planned?.panels.map(({ items }) => items.map(({ label }) => label));

describe('the plan of a chart', () => {
  it('has a chart of its own for each currency', () => {
    const planned = plan({ sku: 'VARCHAR', currency: 'VARCHAR', sales: 'DECIMAL(18,2)' }, [
      ['a', 'EUR', '10.50'],
      ['a', 'JPY', '1700'],
      ['b', 'EUR', '-11'],
      ['b', null, '3'],
    ]);
    assert.deepEqual(
      planned?.panels.map(({ title, items }) => [
        title,
        ...items.map(({ label, value, text }) => [label, value, text]),
      ]),
      [
        ['EUR', ['a', 10.5, '10.50'], ['b', -11, '-11']],
        ['JPY', ['a', 1700, '1700']],
        ['without currency', ['b', 3, '3']],
      ],
    );
    assert.deepEqual([planned?.kind, planned?.about, planned?.notes], ['bars', 'sales by sku', []]);
  });

  it('draws lines over time, one for each name, and leaves NULL out', () => {
    const planned = plan({ day: 'DATE', channel: 'VARCHAR', units: 'BIGINT' }, [
      ['2026-11-02', 'de', '5'],
      ['2026-11-01', 'de', null],
      ['2026-11-01', 'fr', '40'],
    ]);
    assert.equal(planned?.kind, 'lines');
    assert.deepEqual(
      planned?.panels[0]?.series.map(({ name, items }) => [name, items.map(({ value }) => value)]),
      [
        ['fr', [40]],
        ['de', [null, 5]],
      ],
    );
    assert.equal(planned?.panels[0]?.series[1]?.items[0]?.text, '2026-11-01: de: NULL');
  });

  it('takes months that are text for times', () => {
    const planned = plan({ month: 'VARCHAR', profit: 'DOUBLE' }, [
      ['2026-01', 1],
      ['2026-03', -2],
    ]);
    const [series] = planned?.panels[0]?.series ?? [];
    assert.deepEqual(
      series?.items.map(({ ms }) => ms),
      [Date.UTC(2026, 0), Date.UTC(2026, 2)],
    );
  });

  it('draws bars of rows that are all of one time', () => {
    const planned = plan({ day: 'DATE', channel: 'VARCHAR', units: 'BIGINT' }, [
      ['2026-11-01', 'de', '5'],
      ['2026-11-01', 'fr', '40'],
    ]);
    assert.deepEqual([planned?.kind, labels(planned)], ['bars', [['de', 'fr']]]);
  });

  it('adds columns to a label until it tells rows apart, and numbers those that none does', () => {
    const columns = { type: 'VARCHAR', sku: 'VARCHAR', cause: 'VARCHAR', units: 'BIGINT' };
    assert.deepEqual(
      labels(
        plan(columns, [
          ['fba', 'a', 'lost', '1'],
          ['fba', 'b', 'lost', '2'],
        ]),
      ),
      [['a', 'b']],
    );
    assert.deepEqual(
      labels(
        plan(columns, [
          ['fba', 'a', 'lost', '1'],
          ['fba', 'a', 'damaged', '2'],
          ['fba', 'b', 'lost', '3'],
        ]),
      ),
      [['a · lost', 'a · damaged', 'b · lost']],
    );
    assert.deepEqual(
      labels(
        plan(columns, [
          ['fba', 'a', 'lost', '1'],
          ['fba', 'a', 'lost', '2'],
        ]),
      ),
      [['fba (1)', 'fba (2)']],
    );
  });

  it('draws the figure that is wanted', () => {
    const planned = plan(
      { sku: 'STRING', units: 'INT64', sales: 'NUMERIC' },
      [
        ['a', '1', '2'],
        ['b', '3', '4'],
      ],
      'sales',
    );
    assert.deepEqual([planned?.figures, planned?.figure], [['units', 'sales'], 'sales']);
    assert.deepEqual(
      planned?.panels[0]?.items.map(({ value }) => value),
      [2, 4],
    );
  });

  it('does not exist without a label, a figure or a second row', () => {
    assert.equal(plan({ units: 'BIGINT' }, [['1'], ['2']]), undefined);
    assert.equal(plan({ sku: 'VARCHAR' }, [['a'], ['b']]), undefined);
    assert.equal(plan({ sku: 'VARCHAR', units: 'BIGINT' }, [['a', '1']]), undefined);
  });

  it('leaves rows out only with a note, and never has two bars of one name, for any result', () => {
    const cell = fc.oneof(
      fc.constantFrom(
        null,
        'a',
        'b',
        'a (1)',
        'EUR',
        'USD',
        '2026-11',
        '2026-11-30',
        '2026-11-30T10:00:30.000Z',
      ),
      fc.string({ maxLength: 4 }),
      fc.array(fc.integer(), { maxLength: 2 }),
    );
    const row = fc.tuple(cell, cell, fc.oneof(fc.constant(null), fc.integer(), fc.double()), cell);
    const type = fc.constantFrom('VARCHAR', 'DATE', 'TIMESTAMP', 'STRUCT(a INTEGER)');
    const name = fc.constantFrom('currency', 'sku', 'day');
    fc.assert(
      fc.property(fc.array(row, { minLength: 2, maxLength: 60 }), name, type, type, (rows, first, a, b) => {
        const columns = [
          { name: first, type: a },
          { name: 'x', type: b },
          { name: 'units', type: 'DOUBLE' },
          { name: 'y', type: 'VARCHAR' },
        ];
        const planned = planChart({ columns, rows });
        assert(planned);
        let drawn = 0;
        for (const { items, series } of planned.panels) {
          const names = items.map(({ label }) => label);
          assert.equal(new Set(names).size, names.length, String(names));
          assert.equal(new Set(series.map((each) => each.name)).size, series.length);
          for (const line of series) {
            drawn += line.items.length;
            const times = line.items.map(({ ms }) => ms);
            assert.deepEqual(
              times,
              times.toSorted((one, other) => one - other),
            );
            assert.ok(times.every(Number.isFinite));
          }
          drawn += items.length;
        }
        assert.ok(
          planned.notes.length > 0 ? drawn < rows.length : drawn === rows.length,
          `${drawn} of ${rows.length}`,
        );
      }),
    );
  });
});
