/**
 * Numbers as report documents write them. The decimal mark is decided for the document
 * (`decide-rules.ts`), since `1,234` alone can be either. Numbers are then read by that mark,
 * exactly, never through a double.
 */
export type DecimalMark = '.' | ',';

export const decimalMarks: readonly DecimalMark[] = ['.', ','];

/** Hyphens and dashes that stand for minus, also in full width, before or behind a number. */
const minus = '\\-\u2010-\u2015\u2212\ufe63\uff0d';

/**
 * A sign, a currency sign, word or code, a percent sign, brackets for minus: `-€19.99`, `5,00 zł`,
 * `USD 5.00`, `(12.50)`, `12.5%`, `5.00-`.
 */
const wrapping = new RegExp(
  `^(\\()?([+${minus}])?\\s*(?:\\p{Sc}|[A-Z]{3}\\s|[A-Z]{1,2}\\p{Sc})?\\s*([+${minus}])?\\s*(.*?)\\s*(?:\\p{Sc}|\\s[A-Z]{3}|zł|kr|TL|円|[%％])?\\s*([${minus}])?(\\))?$`,
  'su',
);

/**
 * Apostrophes and blanks of any width between groups of digits: the blanks are no-break, figure,
 * thin, and narrow no-break.
 */
const blanks = "'’\u00a0\u2007\u2009\u202f ";

/** Digits with marks, and an exponent as spreadsheets write it. */
const digitsAndMarks = new RegExp(`^[\\d.,${blanks}]+(?:[eE][+-]?\\d{1,3})?$`);

const patterns: Record<DecimalMark, RegExp> = {
  '.': numberPattern(',', '\\.'),
  ',': numberPattern('\\.', ','),
};

/**
 * Thousands in groups of three (or as in India, 12,34,567), or no groups. A group is never preceded
 * by a zero.
 */
function numberPattern(group: string, mark: string): RegExp {
  const separator = `[${group}${blanks}]`;
  const indian = group === ',' ? '|[1-9]\\d?(?:,\\d{2})+,\\d{3}' : '';
  const whole = `[1-9]\\d{0,2}(?:${separator}\\d{3})+${indian}|\\d+`;
  return new RegExp(`^(${whole})?(?:${mark}(\\d*))?(?:[eE]([+-]?\\d{1,3}))?$`);
}

/**
 * Reads a number: canonical text such as `-1141.18`, without leading zeros, plus sign, group marks,
 * exponent, or trailing zeros in the fraction. Undefined if it is none.
 */
export function readNumber(text: string, mark: DecimalMark): string | undefined {
  const parts = wrapping.exec(text.trim());
  if (!parts) return undefined;
  const [, open, signBefore, signAfterCurrency, core = '', minusBehind, close] = parts;
  if (Boolean(open) !== Boolean(close)) return undefined;
  const number = patterns[mark].exec(core);
  if (!number || core === '' || core === mark) return undefined;
  const whole = (number[1] ?? '').replace(/\D/g, '');
  const fraction = number[2] ?? '';
  if (whole === '' && fraction === '') return undefined;
  const signs = [
    open,
    signBefore === '+' ? '' : signBefore,
    signAfterCurrency === '+' ? '' : signAfterCurrency,
    minusBehind,
  ];
  const minuses = signs.filter(Boolean).length;
  if (minuses > 1) return undefined;
  return canonical(minuses === 1, whole, fraction, Number(number[3] ?? 0));
}

function canonical(negative: boolean, whole: string, fraction: string, exponent: number): string {
  let digits = whole + fraction;
  let point = whole.length + exponent;
  if (point < 0) {
    digits = '0'.repeat(-point) + digits;
    point = 0;
  }
  if (point > digits.length) digits += '0'.repeat(point - digits.length);
  const before = digits.slice(0, point).replace(/^0+/, '') || '0';
  const after = digits.slice(point).replace(/0+$/, '');
  const number = after === '' ? before : `${before}.${after}`;
  return negative && number !== '0' ? `-${number}` : number;
}

/** Whether a canonical number fits decimal(precision, scale) with every digit. */
export function fitsDecimal(canonicalNumber: string, precision: number, scale: number): boolean {
  const [whole = '', fraction = ''] = canonicalNumber.replace('-', '').split('.');
  return fraction.length <= scale && (whole === '0' ? 0 : whole.length) <= precision - scale;
}

/**
 * What a text shows about the decimal mark: the mark if only one is possible, undefined if it shows
 * nothing. `1141,18` and `1.234,56` show a comma, `0.441` and `1,234,567` a point; `1,234` may have
 * either, unless its column has fewer than three digits behind the mark (`scale`).
 */
export function markEvidence(
  text: string,
  scale = Number.POSITIVE_INFINITY,
): DecimalMark | 'either' | undefined {
  const core = wrapping.exec(text.trim())?.[4] ?? '';
  if (!digitsAndMarks.test(core) || !/[.,]/.test(core)) return undefined;
  const asPoint = patterns['.'].test(core);
  const asComma = patterns[','].test(core);
  if (asPoint !== asComma) return asPoint ? '.' : ',';
  if (!asPoint) return undefined;
  const [, fraction = ''] = /[.,](\d*)$/.exec(core) ?? [];
  if (fraction.replace(/0+$/, '').length <= scale) return 'either';
  return core.includes('.') ? ',' : '.';
}
