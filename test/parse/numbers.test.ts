import assert from 'node:assert/strict';
import fc from 'fast-check';
import { markOfCountries } from '../../src/parse/values/habits.js';
import { fitsDecimal, markEvidence, readNumber } from '../../src/parse/values/numbers.js';

describe('numbers in documents', () => {
  it('are read as documents write them', () => {
    for (const [text, mark, value] of [
      ['19.99', '.', '19.99'],
      ['1141,18', ',', '1141.18'],
      ['1.234,56', ',', '1234.56'],
      ['1,234,567.80', '.', '1234567.8'],
      ['12,34,567.5', '.', '1234567.5'],
      ['1 234,5', ',', '1234.5'],
      ["1'234.5", '.', '1234.5'],
      ['-29.99', '.', '-29.99'],
      ['29.99-', '.', '-29.99'],
      ['(12.50)', '.', '-12.5'],
      ['1\u202f000,00−', ',', '-1000'],
      ['1\u00a0000,00–', ',', '-1000'],
      ['1\u2009234\u2009567,5', ',', '1234567.5'],
      ['－5.00', '.', '-5'],
      ['(−5)', '.', undefined],
      ['1,09,256.50', '.', '109256.5'],
      ['1,09,256', ',', undefined],
      ['1’234’567.5', '.', '1234567.5'],
      ['+5', '.', '5'],
      ['$19.99', '.', '19.99'],
      ['-€1.141,18', ',', '-1141.18'],
      ['19,99 €', ',', '19.99'],
      ['USD 5.00', '.', '5'],
      ['5.00 USD', '.', '5'],
      ['￥1,200', '.', '1200'],
      ['12.5%', '.', '12.5'],
      ['.5', '.', '0.5'],
      ['007', '.', '7'],
      ['4.57658E+13', '.', '45765800000000'],
      ['1.5e-3', '.', '0.0015'],
      ['-0.00', '.', '0'],
    ] as const) {
      assert.equal(readNumber(text, mark), value, text);
    }
  });

  it('are not read from other texts', () => {
    for (const text of [
      '',
      '.',
      ',',
      '-',
      'abc',
      '1.2.3',
      '1,23.4',
      '12a',
      '1-2',
      '--5',
      '(5',
      '5)',
      '2026-10-01',
      '1,5x',
      'e5',
    ]) {
      assert.equal(readNumber(text, '.'), undefined, text);
    }
  });

  it('keep every digit, at any length and with either decimal mark', () => {
    const digits = (maxLength: number) =>
      fc.array(fc.integer({ min: 0, max: 9 }), { minLength: 1, maxLength });
    fc.assert(
      fc.property(
        digits(30),
        digits(8),
        fc.boolean(),
        fc.boolean(),
        fc.constantFrom('.', ','),
        (whole, fraction, minus, grouped, mark) => {
          const integer = BigInt(whole.join('')).toString();
          const group = mark === '.' ? ',' : '.';
          const written = grouped ? integer.replace(/\B(?=(\d{3})+$)/g, group) : integer;
          const after = fraction.join('');
          const kept = after.replace(/0+$/, '');
          const expected = kept === '' ? integer : `${integer}.${kept}`;
          const sign = minus && expected !== '0' ? '-' : '';
          assert.equal(
            readNumber(`${minus ? '-' : ''}${written}${mark}${after}`, mark),
            `${sign}${expected}`,
          );
        },
      ),
    );
  });

  it('reveal the decimal mark only if they can', () => {
    assert.equal(markEvidence('1141,18'), ',');
    assert.equal(markEvidence('1.234,56'), ',');
    assert.equal(markEvidence('19.99'), '.');
    assert.equal(markEvidence('0.441'), '.');
    assert.equal(markEvidence('1,234,567'), '.');
    assert.equal(markEvidence('0,441'), ',');
    for (const text of ['1,234', '1.234']) assert.equal(markEvidence(text), 'either', text);
    for (const text of ['12', 'x', '1.2.3']) assert.equal(markEvidence(text), undefined, text);
    assert.equal(markEvidence('12,34,567'), '.');
    assert.equal(markEvidence('1.234', 0), ',');
    assert.equal(markEvidence('1.000', 0), 'either');
    assert.equal(markEvidence('1,234', 2), '.');
    assert.equal(markOfCountries(['DE']), ',');
    assert.equal(markOfCountries(['US']), '.');
  });

  it('fit a decimal with every digit, or not at all', () => {
    assert.ok(fitsDecimal('99.99', 4, 2));
    assert.ok(!fitsDecimal('100', 4, 2));
    assert.ok(!fitsDecimal('1.001', 18, 2));
    assert.ok(fitsDecimal('0.5', 1, 1));
  });
});
