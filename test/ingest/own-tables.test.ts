import assert from 'node:assert/strict';
import fc from 'fast-check';
import { readCosts, sharedSkuProblems } from '../../src/ingest/own-tables/read-costs.js';
import { readRates } from '../../src/ingest/own-tables/read-rates.js';

const sellers = new Map([
  ['A1', 'A1'],
  ['account-1', 'A1'],
  ['B2', 'B2'],
]);
const costsOf = (text: string) =>
  readCosts(text, sellers).costs.map(({ sellerId, sku, validFrom, cost, currency }) =>
    [sellerId, sku, validFrom, cost, currency].join(' '),
  );
const mistakesOf = (text: string) =>
  readCosts(text, sellers).problems.map(({ line, message }) => `${line}: ${message}`);

describe('the costs in a CSV file', () => {
  it('are read whatever separates the cells, with a decimal point or comma', () => {
    const expected = ['A1 x, y  4.2 EUR', 'B2 z 2026-01-31 1000 USD'];
    for (const text of [
      'sku,valid from,cost,currency,seller\n"x, y",,4.20,EUR,account-1\nz,2026-01-31,1000,USD,B2\n',
      '\uFEFFSKU;Valid-From;Cost;Currency;Seller id;name\r\nx, y;;4,20;EUR;A1;lamp\r\n\r\nz;2026-01-31;1000;USD;B2;\r\n',
      'seller_sku\tvalid_from\tunit cost\tcurrency\tseller\nx, y\t\t4,2\tEUR\tA1\nz\t2026-01-31\t1000,0000\tUSD\tB2',
    ]) {
      assert.deepEqual(mistakesOf(text), []);
      assert.deepEqual(costsOf(text), expected);
    }
  });

  it('are refused with the line of each mistake, and none of them is guessed', () => {
    const text = [
      'sku,valid from,cost,currency,seller',
      'ok,,1,EUR,',
      ',,1,EUR,',
      '"two',
      'lines",,x,EUR,',
      'a,31.01.2026,1,EUR,',
      'b,2026-02-30,1,EUR,',
      'c,,-1,EUR,',
      'd,,1.23456,EUR,',
      'e,,1,€,',
      'f,,1,EUR,A3',
      'ok,,2,EUR,',
      'g,,,EUR,',
      'h,,1,EUR,,more',
    ].join('\n');
    assert.deepEqual(mistakesOf(text), [
      '3: the SKU is missing',
      '4: expected a number such as 4.20, without a currency sign, found "x"',
      '6: expected a day such as 2026-01-31, found "31.01.2026"',
      '7: expected a day such as 2026-01-31, found "2026-02-30"',
      '8: expected a number such as 4.20, without a currency sign, found "-1"',
      '9: expected at most 4 digits behind the point, found "1.23456"',
      '10: expected a currency of three capital letters, such as EUR, found "€"',
      '11: the settings have no seller "A3"',
      '12: ok already has a cost from the beginning, in line 2',
      '13: the cost is missing',
      '14: expected 5 cells, found 6',
    ]);
  });

  it('are not read if a comma may separate thousands, unless other rows show what it is', () => {
    const head = 'sku;cost;currency\n';
    assert.match(mistakesOf(`${head}a;1,234;EUR\n`).join(), /^2: "1,234" may be thousands or a fraction/);
    assert.deepEqual(costsOf(`${head}a;1,234;EUR\nb;5,5;EUR\n`), [' a  1.234 EUR', ' b  5.5 EUR']);
    assert.match(mistakesOf(`${head}a;1.234;EUR\nb;5,5;EUR\n`).join(), /^2: .*write all of them alike/);
  });

  it('may have zeros behind their digits, as a table writes them, and are not none', () => {
    assert.deepEqual(costsOf('sku,cost,currency\na,4.200000,EUR\n'), [' a  4.2 EUR']);
    assert.deepEqual(mistakesOf('sku,cost,currency\n'), ['1: there are no costs']);
  });

  it('need their columns, and a header that is nearly one is a mistake', () => {
    assert.deepEqual(mistakesOf('sku,price\na,1\n'), [
      '1: the column "cost" is missing; found sku, price',
      '1: the column "currency" is missing; found sku, price',
    ]);
    assert.match(mistakesOf('sku,cost,currency,valid fron\na,1,EUR,\n').join(), /did you mean "valid from"/);
    assert.deepEqual(mistakesOf(''), ['1: the file is empty']);
    assert.match(mistakesOf('sku,cost,currency\na,"1,EUR\n').join(), /^2: not CSV/);
  });

  it('need a seller where several sellers have the SKU', () => {
    const { costs } = readCosts('sku,cost,currency,seller\na,1,EUR,\nb,1,EUR,\na,2,EUR,B2\n', sellers);
    assert.deepEqual(sharedSkuProblems(costs, new Set(['a'])), [
      { line: 2, message: 'several sellers have a, so its cost needs a seller' },
    ]);
  });

  it('have each cost of any list once, with its digits', () => {
    const cents = fc.integer({ min: 0, max: 99_999_999 });
    fc.assert(
      fc.property(
        fc.uniqueArray(fc.record({ sku: fc.stringMatching(/^[A-Z0-9-]{1,8}$/), cents }), {
          selector: ({ sku }) => sku,
          minLength: 1,
        }),
        (rows) => {
          const lines = rows.map((row) => `${row.sku},${(row.cents / 100).toFixed(2)},EUR`);
          const { costs, problems } = readCosts(['sku,cost,currency', ...lines].join('\n'), new Map());
          assert.deepEqual(problems, []);
          assert.deepEqual(
            costs.map(({ sku, cost }) => [sku, Math.round(Number(cost) * 100)]),
            rows.map((row) => [row.sku, row.cents]),
          );
        },
      ),
    );
  });
});

describe('the exchange rates in a file of the European Central Bank', () => {
  const file = [
    'Date,USD,JPY,RUB,',
    '2026-06-15,1.25,160,N/A,',
    '2026-06-12,1.2,150,N/A,',
    '2026-06-11,1.1,150,70.5,',
    '2026-05-01,1.0,150,N/A,',
  ].join('\n');
  const ratesOf = (currency: string, since?: string) =>
    readRates(file, { currency, since }).rates.map(
      ({ date, currency: of, rate, inverse, publishedOn }) =>
        `${date} ${of} ${rate} ${inverse} ${publishedOn}`,
    );

  it('hold until the next day with rates, for a week at most and not beyond the last one', () => {
    const dollars = ratesOf('EUR').filter((text) => text.includes(' USD '));
    assert.deepEqual(
      dollars.map((text) => text.replace(/ USD .* /, ' ')),
      [
        ...['01', '02', '03', '04', '05', '06', '07'].map((day) => `2026-05-${day} 2026-05-01`),
        '2026-06-11 2026-06-11',
        ...['12', '13', '14'].map((day) => `2026-06-${day} 2026-06-12`),
        '2026-06-15 2026-06-15',
      ],
    );
  });

  it('are of each currency with a rate on that day, to nine digits, in the reporting currency', () => {
    const on = (currency: string, day: string) => ratesOf(currency).filter((text) => text.startsWith(day));
    assert.deepEqual(on('EUR', '2026-06-11'), [
      '2026-06-11 EUR 1 1 2026-06-11',
      '2026-06-11 USD 0.909090909 1.1 2026-06-11',
      '2026-06-11 JPY 0.006666667 150 2026-06-11',
      '2026-06-11 RUB 0.014184397 70.5 2026-06-11',
    ]);
    assert.deepEqual(on('USD', '2026-06-14'), [
      '2026-06-14 EUR 1.2 0.833333333 2026-06-12',
      '2026-06-14 USD 1 1 2026-06-12',
      '2026-06-14 JPY 0.008 125 2026-06-12',
    ]);
    // On a day without the reporting currency there is no rate.
    assert.deepEqual(on('RUB', '2026-06-12'), []);
  });

  it('begin with the day that the settings say', () => {
    assert.equal(ratesOf('EUR', '2026-06-14')[0]?.slice(0, 10), '2026-06-14');
    assert.equal(ratesOf('EUR', '2027-01-01').length, 0);
  });

  it('are refused with the line of each mistake', () => {
    const mistakes = (text: string, currency = 'EUR') =>
      readRates(text, { currency }).problems.map(({ line, message }) => `${line}: ${message}`);
    assert.deepEqual(mistakes('Date,USD\n15 June 2026,1.2\n2026-06-15,0\n2026-06-15,abc\n'), [
      '2: expected a day such as 2026-01-31, found "15 June 2026"',
      '3: USD: the rate is 0',
      '4: 2026-06-15 already has rates, in line 3',
      '4: USD: expected a number such as 4.20, without a currency sign, found "abc"',
    ]);
    assert.deepEqual(mistakes('Date,USD\n2026-06-15,1.2\n', 'CHF'), [
      '1: the reporting currency CHF has no column; found USD',
    ]);
    assert.deepEqual(mistakes('Day,USD\n'), ['1: the column "date" is missing; found Day, USD']);
    assert.deepEqual(mistakes('Date,USD\n'), ['1: the file has no rates']);
  });

  it('turn an amount into another currency and back, whatever the rates', () => {
    const rate = fc.integer({ min: 1_000, max: 99_999_999 }).map((value) => (value / 10_000).toFixed(4));
    fc.assert(
      fc.property(rate, rate, (usd, gbp) => {
        const text = `Date,USD,GBP\n2026-06-15,${usd},${gbp}\n`;
        const found = readRates(text, { currency: 'GBP' }).rates.find(({ currency }) => currency === 'USD');
        const expected = Number(gbp) / Number(usd);
        assert.ok(Math.abs(Number(found?.rate) - expected) <= 5.1e-10);
        assert.ok(Math.abs(Number(found?.inverse) - 1 / expected) <= 5.1e-10 + 1e-15 / expected);
      }),
    );
  });
});
