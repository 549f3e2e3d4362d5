import { listNames } from '../../text/list-names.js';

/** Why a table of reports is not dropped. */
export const hasRows = 'it has rows of other documents';

/** As `hasRows`, if views of others read it: they would break, or keep it from being dropped. */
export function isReadBy(views: string[]): string {
  const names = listNames(views, 5);
  return `${views.length > 1 ? `the views ${names} read it. Drop them` : `the view ${names} reads it. Drop it`} first, then run this again`;
}

/** Whether the SQL of a view that others made names a table. */
export function namesTable(sql: string, table: string): boolean {
  const name = table.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
  return new RegExp(`(?<![\\p{L}\\p{N}_])${name}(?![\\p{L}\\p{N}_])`, 'iu').test(sql);
}
