import assert from 'node:assert/strict';
import fc from 'fast-check';
import { type Kernel, takeKernel } from '../../src/kernel/kernel.js';
import { placeCells, copyInIntegers, readBits } from './kernel-memory.js';
import { runs } from '../property-runs.js';

interface Form {
  precision: number;
  scale: number;
  mark: '.' | ',';
  wide: boolean;
}

/** What a spelling shows about the decimal mark. */
type Mark = 'no mark' | 'mark' | 'either';

/**
 * The number that a text spells, read by a regular expression and bigints; undefined for a spelling
 * that the kernel leaves to the reference reader.
 */
function expectedNumber(text: string, { precision, scale, mark }: Form): [bigint, Mark] | undefined {
  const found = /^(-?)([0-9]+)(?:([.,])([0-9]+))?$/.exec(text);
  if (!found) return undefined;
  const [, sign, whole = '', shown, fraction = ''] = found;
  if (shown !== undefined && (shown !== mark || fraction.length > scale)) return undefined;
  if (whole.length + scale > Math.min(precision, 18)) return undefined;
  const value = BigInt(whole + fraction.padEnd(scale, '0'));
  const mayBeThousands = fraction.length === 3 && whole.length <= 3 && !whole.startsWith('0');
  const seen = shown === undefined ? 'no mark' : mayBeThousands ? 'either' : 'mark';
  return [sign === '' ? value : -value, seen];
}

const form: fc.Arbitrary<Form> = fc.record({
  precision: fc.constantFrom(5, 10, 18, 38),
  scale: fc.nat(4),
  mark: fc.constantFrom('.', ','),
  wide: fc.boolean(),
});
const numberText = fc
  .tuple(
    fc.constantFrom('', '', '-'),
    fc.oneof(fc.nat(2000).map(String), fc.bigInt(0n, 10n ** 20n).map(String), fc.constantFrom('007', '')),
    fc.constantFrom('', '', '.', ','),
    fc.constantFrom('', '5', '50', '500', '5000', '50000', '5a'),
  )
  .map((parts) => parts.join(''))
  .filter((text) => text !== '');

describe('the kernel that reads integers', () => {
  let kernel: Kernel;
  beforeEach(() => {
    kernel = takeKernel();
  });
  afterEach(() => kernel.release());

  /** The values at an address, of 8 or 16 bytes each. */
  function valuesAt(at: number, count: number, wide: boolean): bigint[] {
    const words = kernel.int64(at, wide ? count * 2 : count);
    if (!wide) return [...words];
    return Array.from(
      { length: count },
      (_, index) => ((words[index * 2 + 1] ?? 0n) << 64n) | BigInt.asUintN(64, words[index * 2] ?? 0n),
    );
  }

  /** Reads cells after `from` others; returns null for an empty one, 'left' for an unread one. */
  function readCells(texts: (string | undefined)[], kind: 0 | 1, form: Form, from = 0) {
    const count = texts.length;
    const values = kernel.zeros((from + count) * 16);
    const validity = kernel.zeros(((from + count) >>> 3) + 1);
    const left = kernel.zeros(count * 4);
    const { precision, scale, mark, wide } = form;
    const lefts = kernel.calls.addIntegers(
      ...placeCells(kernel, texts),
      kind,
      precision,
      scale,
      mark.charCodeAt(0),
      Number(wide),
      values,
      validity,
      from,
      left,
    );
    const rowsLeft = new Set(kernel.int32(left, lefts));
    const there = readBits(kernel, validity, from + count).slice(from);
    return valuesAt(values, from + count, wide)
      .slice(from)
      .map((value, row) => {
        if (there[row]) return value;
        assert.equal(value, 0n);
        return rowsLeft.has(row) ? 'left' : null;
      });
  }

  const anyForm: Form = { precision: 18, scale: 0, mark: '.', wide: false };

  it('reads integers of 1 to 18 digits, and refuses any other spelling', () => {
    const digits = Array.from({ length: 18 }, (_, index) => '123456789012345678'.slice(0, index + 1));
    const texts = digits.flatMap((text) => [text, `-${text}`]);
    assert.deepEqual(readCells(texts, 0, anyForm), texts.map(BigInt));
    assert.deepEqual(readCells(['0', '', '999999999999999999'], 0, anyForm), [0n, null, 999999999999999999n]);
    const others = ['-', 'a', '1a', '12345678a', '1234567:', '1234567/', '--1', '1.5', '1 2', '0x10'];
    assert.deepEqual(
      readCells(others, 0, anyForm),
      others.map(() => 'left'),
    );
  });

  it('reads decimals unscaled, with any number of digits before and after the point', () => {
    const decimal = fc.tuple(
      fc.bigInt(0n, 99_999_999_999_999n),
      fc.nat(9999),
      fc.integer({ min: 0, max: 4 }),
    );
    fc.assert(
      fc.property(fc.array(fc.tuple(decimal, fc.boolean()), { minLength: 1, maxLength: 20 }), (entries) => {
        const texts: string[] = [];
        const expected: bigint[] = [];
        for (const [[whole, fraction, places], isNegative] of entries) {
          const behind = String(fraction).padStart(4, '0').slice(0, places);
          texts.push(`${isNegative ? '-' : ''}${whole}${places > 0 ? `.${behind}` : ''}`);
          const unscaled = whole * 10_000n + BigInt(behind.padEnd(4, '0'));
          expected.push(isNegative ? -unscaled : unscaled);
        }
        assert.deepEqual(readCells(texts, 0, { ...anyForm, scale: 4 }), expected);
      }),
    );
  });

  it('reads cells as the numbers they spell, and counts those that show the decimal mark', () => {
    const cell = fc.option(fc.oneof(numberText, fc.constant('')), { nil: undefined });
    fc.assert(
      fc.property(fc.array(cell, { maxLength: 50 }), form, fc.nat(20), (cells, form, from) => {
        kernel.calls.reset();
        const expected = cells.map((cell) => (cell ? expectedNumber(cell, form) : undefined));
        assert.deepEqual(
          readCells(cells, 0, form, from),
          cells.map((cell, row) => (cell ? (expected[row]?.[0] ?? 'left') : null)),
        );
        const { valuesRead, marksSeen, eitherSeen } = kernel.calls;
        const count = (mark: Mark) => expected.filter((each) => each?.[1] === mark).length;
        assert.equal(valuesRead.value, expected.filter(Boolean).length);
        assert.equal(marksSeen.value, count('mark'));
        assert.equal(eitherSeen.value, count('either'));
      }),
      { numRuns: runs(400) },
    );
  });

  it('reads texts of a dictionary from any entry on as it reads cells, with a status for each', () => {
    const texts = fc.uniqueArray(numberText, { minLength: 1, maxLength: 40 });
    fc.assert(
      fc.property(texts, form, fc.nat(40), (texts, form, skipped) => {
        kernel.calls.reset();
        const { calls } = kernel;
        const { precision, scale, mark, wide } = form;
        const from = Math.min(skipped, texts.length);
        const dictionary = calls.newDictionary();
        calls.addToDictionary(dictionary, ...placeCells(kernel, texts), kernel.zeros(texts.length * 4));
        const values = kernel.zeros(texts.length * 16);
        const statuses = kernel.copyIn(new Uint8Array(texts.length).fill(9));
        const given = [precision, scale, mark.charCodeAt(0), Number(wide), values, statuses] as const;
        const left = calls.readEntries(dictionary, from, 0, ...given);
        const expected = texts.map((text) => expectedNumber(text, form));
        assert.equal(left, expected.slice(from).filter((each) => !each).length);
        const numbers = { 'no mark': 1, mark: 2, either: 3 };
        assert.deepEqual(
          [...kernel.bytes(statuses, texts.length)],
          expected.map((each, entry) => (entry < from ? 9 : each ? numbers[each[1]] : 0)),
        );
        assert.deepEqual(
          valuesAt(values, texts.length, wide),
          expected.map((each, entry) => (entry < from ? 0n : (each?.[0] ?? 0n))),
        );
      }),
      { numRuns: runs(400) },
    );
  });

  it('reads timestamps from 1970 to 9999 to the same instant as JavaScript', () => {
    const zone = fc.oneof(
      fc.constantFrom('', 'Z', ' UTC'),
      fc.tuple(fc.constantFrom('+', '-'), fc.nat(14), fc.nat(59)).map(([sign, hours, minutes]) => {
        const two = (number: number) => String(number).padStart(2, '0');
        return `${sign}${two(hours)}:${two(minutes)}`;
      }),
    );
    const instant = fc.integer({ min: 0, max: Date.UTC(9999, 11, 31, 23, 59, 59) / 1000 });
    const moment = fc
      .tuple(instant, fc.constantFrom('T', ' '), zone)
      .map(
        ([seconds, between, zone]) =>
          new Date(seconds * 1000).toISOString().slice(0, 19).replace('T', between) + zone,
      );
    fc.assert(
      fc.property(fc.array(moment, { maxLength: 20 }), (texts) => {
        kernel.calls.reset();
        const expected = texts.map((text) => {
          const zone = text.slice(19).replace(' UTC', 'Z') || 'Z';
          return BigInt(Date.parse(`${text.slice(0, 10)}T${text.slice(11, 19)}${zone}`)) * 1000n;
        });
        assert.deepEqual(readCells(texts, 1, anyForm), expected);
      }),
      { numRuns: runs(400) },
    );
  });

  it('leaves timestamps that do not exist or are spelled otherwise to the reference reader', () => {
    const texts = [
      '2026-02-29T00:00:00',
      '2100-02-29T00:00:00',
      '2026-04-31T00:00:00',
      '2026-00-01T00:00:00',
      '2026-13-01T00:00:00',
      '2026-01-00T00:00:00',
      '2026-01-01T24:00:00',
      '2026-01-01T00:60:00',
      '2026-01-01T00:00:60',
      '1969-12-31T23:59:59',
      '2026-01-01',
      '2026-01-01T00:00',
      '2026-01-01t00:00:00',
      '2026/01/01T00:00:00',
      '2026-01-01T00.00.00',
      '2026-01-01T00:00:00z',
      '2026-01-01T00:00:00 CET',
      '2026-01-01T00:00:00+15:00',
      '2026-01-01T00:00:00+01:60',
      '2026-01-01T00:00:00+0100',
      '2026-01-01T00:00:00.5Z',
      '20 6-01-01T00:00:00',
    ];
    assert.deepEqual(
      readCells(texts, 1, anyForm),
      texts.map(() => 'left'),
    );
    const leap = ['2024-02-29T00:00:00', '2000-02-29T00:00:00'];
    assert.deepEqual(
      readCells(leap, 1, anyForm),
      leap.map((text) => BigInt(Date.parse(`${text}Z`)) * 1000n),
    );
  });

  it('moves values from their entries to ascending indices, and drops those without one', () => {
    fc.assert(
      fc.property(fc.array(fc.boolean(), { maxLength: 50 }), fc.boolean(), (kept, wide) => {
        kernel.calls.reset();
        const words = kept.flatMap((_, entry) => (wide ? [BigInt(entry), -1n] : [BigInt(entry)]));
        const values = copyInIntegers(kernel, words);
        let index = 0;
        const places = kept.map((isKept) => (isKept ? index++ : -1));
        kernel.calls.moveValues(values, Number(wide), copyInIntegers(kernel, places), kept.length);
        const expected = kept.flatMap((isKept, entry) => (isKept ? [BigInt(entry)] : []));
        assert.deepEqual(
          valuesAt(values, index, wide),
          expected.map((entry) => (wide ? (-1n << 64n) | entry : entry)),
        );
      }),
    );
  });
});
