/**
 * What a document says about itself, by which a load can tell whether all of it was understood: a settlement has the sum of its amounts on
 * its first row.
 */
export interface DocumentCheck {
  name: string;
  /** Columns whose values are added up. */
  sum: string[];
  /** The column that has the sum, on one row of those that belong together. */
  equals: string;
  /** Columns by whose values rows belong together; none where all rows of the document do. */
  per: string[];
}

/** What a check found in a document, for the rows that belong together. Numbers are text, without zeros at the end. */
export interface CheckResult {
  table: string;
  name: string;
  /** What these rows have in common, by column. */
  per: Record<string, string | null>;
  /** What the document says. */
  expected: string;
  /** What its rows add up to. */
  found: string;
  ok: boolean;
}

/** `amounts of settlement_v2, settlement_id 123: the document says 5.5, its rows add up to 5`. */
export function checkText({ table, name, per, expected, found }: CheckResult): string {
  const which = Object.entries(per).map(([column, value]) => `, ${column} ${value ?? 'NULL'}`);
  return `${name} of ${table}${which.join('')}: the document says ${expected}, its rows add up to ${found}`;
}

/** The results that failed, as warnings. */
export function failedChecks(results: CheckResult[]): string[] {
  return results.filter(({ ok }) => !ok).map((result) => `check failed: ${checkText(result)}`);
}
