import type { LedgerFilter, LoadedBetween } from '../types.js';
import type { LedgerDialect } from './ledger-dialect.js';

/** SQL that keeps the ledger rows of a filter, from WHERE on; empty if it keeps all. */
export async function conditionsOf(dialect: LedgerDialect, filter: LedgerFilter): Promise<string> {
  const { literal, time, fillsTable } = dialect;
  const { statuses, reportType, sellerId, documentOrTable: name } = filter;
  const { dataEndSince, createdSince, madeBefore, after } = filter;
  const parts: string[] = [];
  if (statuses) parts.push(`status IN (${literals(dialect, statuses)})`);
  if (reportType !== undefined) parts.push(`report_type = ${literal(reportType)}`);
  if (sellerId !== undefined) parts.push(`seller_id = ${literal(sellerId)}`);
  if (name !== undefined) {
    parts.push(`(${literal(name)} IN (document_id, report_id) OR ${fillsTable(name)})`);
  }
  if (filter.withWarnings) {
    const { columns, jsonLength, isOneOfFew } = dialect;
    const has = (await columns()).has('warnings');
    parts.push(has ? isOneOfFew(`${jsonLength('warnings')} > 0`) : 'FALSE');
  }
  if (dataEndSince !== undefined) parts.push(`data_end >= ${time(dataEndSince)}`);
  if (createdSince !== undefined) parts.push(`report_created_at >= ${time(createdSince)}`);
  if (madeBefore !== undefined) {
    parts.push(`COALESCE(report_created_at, loaded_at) < ${time(madeBefore)}`);
  }
  parts.push(...loadedConditions(dialect, filter));
  if (after !== undefined) {
    // The first condition lets DuckDB skip the row groups of earlier loads.
    const at = time(after.loadedAt);
    parts.push(`loaded_at >= ${at} AND (loaded_at > ${at} OR key > ${literal(after.key)})`);
  }
  return parts.length > 0 ? `WHERE ${parts.join(' AND ')}` : '';
}

/** The conditions on the time of loading. */
export function loadedConditions(
  { time }: LedgerDialect,
  { loadedSince, loadedBefore }: LoadedBetween,
): string[] {
  return [
    ...(loadedBefore === undefined ? [] : [`loaded_at < ${time(loadedBefore)}`]),
    ...(loadedSince === undefined ? [] : [`loaded_at >= ${time(loadedSince)}`]),
  ];
}

/** Texts as the items of a list in SQL. */
export function literals(dialect: LedgerDialect, texts: readonly string[]): string {
  // A list without items is no SQL; NULL is equal to nothing.
  return texts.length === 0 ? 'NULL' : texts.map((text) => dialect.literal(text)).join(', ');
}

/** SQL that sorts ledger rows as a filter wants it, and limits them. */
export function orderAndLimit(filter: LedgerFilter): string {
  const order = filter.after === undefined ? 'loaded_at DESC, key' : 'loaded_at, key';
  return `ORDER BY ${order} ${limitOf(filter)}`;
}

export function limitOf({ limit: rows }: LedgerFilter): string {
  return rows === undefined ? '' : `LIMIT ${Math.max(0, Math.trunc(rows))}`;
}
