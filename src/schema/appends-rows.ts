import type { ReportSchemas } from './types.js';

/**
 * Whether rows of a report type stay when a newer report of the same period is loaded: in one of
 * its tables at least. Tables whose columns are inferred append.
 */
export function appendsRows(schemas: ReportSchemas, reportType: string): boolean {
  const schema = schemas.get(reportType);
  if (schema?.format === 'raw') return false;
  const tables = schema?.tables ?? [];
  return tables.length === 0 || tables.some(({ load }) => load.mode === 'append');
}

/**
 * Whether a newer report of a type replaces all rows of older ones of its marketplaces, whatever
 * period they are about.
 */
export function replacesAllRows(schemas: ReportSchemas, reportType: string): boolean {
  const tables = schemas.get(reportType)?.tables ?? [];
  return tables.length > 0 && tables.every(({ load }) => load.mode === 'snapshot');
}
