import { type Warning, warning } from '../errors/warnings.js';

/**
 * A total that a document states, which shows whether a load understood all of it: a settlement has
 * the sum of its amounts on its first row.
 */
export interface DocumentCheck {
  name: string;
  /** Columns whose values are added up. */
  sum: string[];
  /** The column with the stated sum, on one row of each group. */
  equals: string;
  /** Columns whose values group the rows; empty if all rows of the document form one group. */
  per: string[];
}

/** The result of a check for one group of rows. Numbers are text without trailing zeros. */
export interface CheckResult {
  table: string;
  name: string;
  /** The values that these rows have in common, by column. */
  per: Record<string, string | null>;
  /** The sum that the document states. */
  expected: string;
  /** The sum of its rows. */
  found: string;
  ok: boolean;
}

/**
 * Returns a text such as `amounts of settlement_v2, settlement_id 123: the document says 5.5, its
 * rows add up to 5`.
 */
export function checkText({ table, name, per, expected, found }: CheckResult): string {
  const which = Object.entries(per).map(([column, value]) => `, ${column} ${value ?? 'NULL'}`);
  return `${name} of ${table}${which.join('')}: the document says ${expected}, its rows add up to ${found}`;
}

/** Returns a warning for each result that failed. */
export function checkWarnings(results: CheckResult[]): Warning[] {
  return results
    .filter(({ ok }) => !ok)
    .map((result) => warning('TOTALS_DIFFER', { found: checkText(result) }));
}
