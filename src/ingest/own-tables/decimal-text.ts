import { decimalText, unscaledDecimal } from '../../schema/decimal.js';

/**
 * A decimal number of the user's in canonical spelling, or what is wrong with it. `isCommaMark`:
 * whether other cells of the file show that the comma is its decimal mark.
 */
export function readDecimal(
  text: string,
  { maxFraction, isCommaMark }: { maxFraction: number; isCommaMark: boolean },
): { value: string } | { problem: string } {
  const [, whole, mark, fraction = ''] = /^(\d{1,12})(?:([.,])(\d+))?$/.exec(text) ?? [];
  if (whole === undefined) {
    return { problem: `expected a number such as 4.20, without a currency sign, found "${text}"` };
  }
  // A table writes zeros up to the scale of its column.
  if (fraction.replace(/0+$/, '').length > maxFraction) {
    return { problem: `expected at most ${maxFraction} digits behind the point, found "${text}"` };
  }
  if (mark === '.' && isCommaMark) {
    return { problem: `"${text}" has a point and other rows have a comma; write all of them alike` };
  }
  if (mark === ',' && fraction.length === 3 && !isCommaMark) {
    return {
      problem: `"${text}" may be thousands or a fraction; write ${whole}.${fraction} or ${whole}${fraction}`,
    };
  }
  const scale = fraction.length;
  return { value: decimalText(unscaledDecimal(`${whole}.${fraction}`, scale), scale) };
}

/** Whether some of the numbers show that the comma is the decimal mark: `4,20`, not `1,234`. */
export function showsCommaMark(texts: string[]): boolean {
  return texts.some((text) => /^\d+,(?:\d{1,2}|\d{4,})$/.test(text));
}

/** The quotient of two positive decimals, rounded half up to so many digits behind the point. */
export function divideDecimals(dividend: string, divisor: string, scale: number): string {
  const digits = Math.max(fractionOf(dividend), fractionOf(divisor));
  const [a, b] = [unscaledDecimal(dividend, digits), unscaledDecimal(divisor, digits)];
  const shifted = a * 10n ** BigInt(scale);
  return decimalText((2n * shifted + b) / (2n * b), scale);
}

function fractionOf(text: string): number {
  return text.split('.')[1]?.length ?? 0;
}
