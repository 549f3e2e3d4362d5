import { Document } from 'yaml';
import { looseHeader, snakeCaseName } from './column-name.js';
import { columnTypeText } from './column-type.js';
import type { DocumentFormat, Quoting, ResolvedColumn } from './types.js';

/**
 * The YAML of a report schema for the columns of a document, ready for `schemas/`. Rows are appended, for what key they could be
 * replaced by is not in the document. A nameless or repeated header is left out: it goes on to be added at load.
 */
export function schemaYaml(found: {
  reportType: string;
  format: DocumentFormat;
  quoting: Quoting;
  tableName: string;
  columns: ResolvedColumn[];
}): string {
  const seen = new Set<string>();
  const columns = found.columns.flatMap(({ name, header, type }) => {
    const from = header ?? name;
    if (looseHeader(from) === '' || seen.has(looseHeader(from))) return [];
    seen.add(looseHeader(from));
    return [{ name, from, type: columnTypeText(type) }];
  });
  const document = new Document({
    reportType: found.reportType,
    description: 'Columns and types as found in one document; check them, and say here what a row is.',
    format: found.format,
    quoting: found.quoting,
    restricted: false,
    tables: [{ name: found.tableName, load: { mode: 'append' }, columns: [] }],
  });
  document.setIn(['tables', 0, 'load'], document.createNode({ mode: 'append' }, { flow: true }));
  const list = document.createNode(columns.map((column) => document.createNode(column, { flow: true })));
  document.setIn(['tables', 0, 'columns'], list);
  return document.toString({ lineWidth: 0 });
}

/** The table of a report type without a schema: `merchant_listings_data` for GET_MERCHANT_LISTINGS_DATA. */
export function defaultTableName(reportType: string): string {
  const name = snakeCaseName(reportType.replace(/^_*(GET_)?/i, ''), new Set());
  return name === 'column_1' ? 'report' : name.slice(0, 100).replace(/_+$/, '');
}
