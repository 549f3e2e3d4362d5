import type { Recorder } from './recorder.js';
import { statementsOf, tablesNamedIn } from './recorded-tables.js';

/**
 * What on-demand pricing bills at least for each table that a statement names.
 * https://cloud.google.com/bigquery/pricing
 */
export const minBytes = 10 * 1024 ** 2;
/** List prices in dollars. https://cloud.google.com/bigquery/pricing */
export const dollarsPerTebibyte = 6.25;

/** How large a table is. Its rows are spread evenly over months. */
export interface TableSize {
  bytes: number;
  months?: number;
  /** The columns that the ledger is searched by, if it is not searched by its key. */
  searchedBytes?: number;
}

/** What a table counts as if nothing is known of it: less than the minimum. */
const small: TableSize = { bytes: 0 };

/**
 * The bytes that scripts are billed for, by the rules of Google's documentation: a statement reads
 * the tables that it names; DELETE and UPDATE read all columns of the table that they change, or of
 * its partitions that the condition leaves.
 * https://docs.cloud.google.com/bigquery/docs/reference/standard-sql/dml-syntax#on-demand_query_size_calculation
 * Beyond that, this counts only the minimum for each table, so it is a lower bound.
 */
export function bytesBilled(recorder: Recorder, from: number, sizes: Record<string, TableSize> = {}): number {
  const scripts = recorder.recorded
    .slice(from)
    .flatMap((sent) => (sent.do === 'run' && !sent.isDryRun ? sent.sql : []));
  return scripts
    .flatMap(statementsOf)
    .reduce((sum, statement) => sum + bytesOf(recorder, statement, sizes), 0);
}

function bytesOf(recorder: Recorder, statement: string, sizes: Record<string, TableSize>): number {
  // Tables are made and changed without reading them, except by SELECT.
  if (/^(CREATE|ALTER|DROP)/.test(statement) && !/\bSELECT\b[\s\S]*\bFROM\b/.test(statement)) return 0;
  const [, changed] = /^(?:DELETE FROM|UPDATE) `[^`.]+\.([^`]+)`/.exec(statement) ?? [];
  return tablesNamedIn(statement)
    .map((name) => {
      const { bytes, months = 1, searchedBytes = 0 } = sizes[name] ?? small;
      const layout = recorder.tables.get(name)?.layout ?? '';
      const left = Math.min(months, monthsIn(statement, layout) ?? months);
      const searched = /^SELECT (?!.* WHERE \(key IN )/s.test(statement) ? searchedBytes : 0;
      const read = name === changed ? (bytes / months) * left : searched;
      return Math.max(minBytes, read);
    })
    .reduce((sum, bytes) => sum + bytes, 0);
}

/** How many partitions a statement's condition leaves; undefined for all. */
function monthsIn(statement: string, layout: string): number | undefined {
  const [, column] = /^PARTITION BY \w+_TRUNC \( (`[^`]+`) , MONTH \)/.exec(layout) ?? [];
  const [, kind, from, to] =
    (column &&
      new RegExp(`here\\.${column} BETWEEN (DATE|TIMESTAMP) '([^']+)' AND \\w+ '([^']+)'`).exec(statement)) ||
    [];
  if (!kind || !from || !to) return undefined;
  const monthOf = (text: string) => Number(text.slice(0, 4)) * 12 + Number(text.slice(5, 7));
  return monthOf(to) - monthOf(from) + 1;
}
