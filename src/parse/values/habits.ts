import type { DateOrder } from './dates.js';
import type { DecimalMark } from './numbers.js';

/*
 * What is usual in a country: the weakest of all evidence, as sellers' documents often follow
 * another country's habits.
 */

const monthFirstCountries = new Set(['US']);
const yearFirstCountries = new Set(['JP']);
const commaCountries = new Set(['DE', 'FR', 'IT', 'ES', 'NL', 'PL', 'SE', 'BE', 'TR', 'BR']);

/** Countries whose currency has no fractions. */
const wholeAmountCountries = new Set(['JP']);

/** Columns of amounts of money, by their names. */
const money =
  /(^|_)(amount|charges?|cost|credits?|discounts?|fees?|other|price|proceeds|points|rebates?|sales|tax|total|value|withheld)(_|$)/;

/** Zones of countries in which the month is written first, and of those in which the day is. */
const monthFirstZones = new Set(['PST', 'PDT', 'MST', 'MDT', 'CST', 'CDT', 'EST', 'EDT']);
const dayFirstZones = new Set([
  ...['BST', 'CET', 'CEST', 'MEZ', 'MESZ', 'MET', 'MEST', 'WET', 'WEST', 'EET', 'EEST'],
  ...['TRT', 'SAST', 'IST', 'BRT', 'AEST', 'AEDT'],
]);

export function orderOfZone(zone: string): DateOrder | undefined {
  if (monthFirstZones.has(zone)) return 'mdy';
  return dayFirstZones.has(zone) ? 'dmy' : undefined;
}

/** The usual order among those that are possible. */
export function orderOfCountries(countries: string[], possible: readonly DateOrder[]): DateOrder {
  const all = (set: Set<string>) => countries.every((country) => set.has(country));
  if (countries.length > 0 && all(yearFirstCountries) && possible.includes('ymd')) return 'ymd';
  const usual = all(monthFirstCountries) ? 'mdy' : 'dmy';
  return possible.includes(usual) ? usual : (possible[0] ?? usual);
}

export function markOfCountries(countries: string[]): DecimalMark {
  return countries.length > 0 && countries.every((country) => commaCountries.has(country)) ? ',' : '.';
}

/** Whether a column has amounts of money that have no fractions in these countries. */
export function hasWholeAmounts(column: string, countries: string[]): boolean {
  const isWhole = countries.length > 0 && countries.every((country) => wholeAmountCountries.has(country));
  return isWhole && money.test(column);
}
