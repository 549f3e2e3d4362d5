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
