import { Document, type YAMLMap } from 'yaml';
import { pluralize } from '../text/pluralize.js';
import { looseHeader, snakeCaseName } from './column-name.js';
import { columnTypeText } from './column-type.js';
import { looksPersonal } from './personal-data.js';
import type { ColumnSchema, DocumentFormat, Quoting, ReportSchemas, ResolvedColumn } from './types.js';

/** The findings about a document that a report schema is drafted from. */
export interface SampleSummary {
  reportType: string;
  format: DocumentFormat;
  quoting?: Quoting;
  tables: SampleTable[];
}

export interface SampleTable {
  name: string;
  /** The path to its rows, in JSON and XML. */
  rowsPath?: string;
  rows: number;
  columns: (ResolvedColumn & {
    /** Number of rows with a value. */
    filled: number;
  })[];
  /** Sets of columns that are always filled and unique among the first `keyRows` rows. */
  keyCandidates: string[][];
  keyRows: number;
}

/**
 * Returns the YAML of a report schema for the columns of a document, ready for `schemas/`. Its load
 * mode is append, because one document does not show how it relates to others; possible keys are in
 * a comment. Empty and repeated headers are left out, and so are still added at load.
 */
export function schemaYaml({ reportType, format, quoting, tables }: SampleSummary): string {
  const document = new Document({
    reportType,
    description: 'Columns and types as found in one document; check them, and describe here what a row is.',
    format,
    quoting,
    restricted: false,
  });
  document.set('tables', document.createNode(tables.map((table) => tableNode(document, table))));
  return document.toString({ lineWidth: 0 });
}

/** Returns the lines of columns for a report schema. */
export function columnsYaml(columns: ColumnSchema[]): string {
  const document = new Document();
  const nodes = columns.map(({ name, from, type, ...rest }) => {
    const spellings = from.length === 1 ? from[0] : from;
    return document.createNode(
      { name, from: spellings, type: columnTypeText(type), ...rest },
      { flow: true },
    );
  });
  document.contents = document.createNode(nodes);
  return document.toString({ lineWidth: 0 }).replace(/^/gm, columnIndent).trimEnd().concat('\n');
}

/** The layout of columns in the packaged schemas. */
const columnIndent = ' '.repeat(6);

function tableNode(
  document: Document,
  { name, rowsPath, rows, columns, keyCandidates, keyRows }: SampleTable,
): YAMLMap {
  const seen = new Set<string>();
  const nodes = columns.flatMap(({ name: column, header, type, filled }) => {
    const from = header ?? column;
    if (looseHeader(from) === '' || seen.has(looseHeader(from))) return [];
    seen.add(looseHeader(from));
    const description =
      filled < rows ? `Filled in ${filled} of ${pluralize(rows, 'row')} of the sample.` : undefined;
    const text = {
      name: column,
      from,
      type: columnTypeText(type),
      pii: looksPersonal(column) ? true : undefined,
      description: description || undefined,
    };
    return [document.createNode(text, { flow: true })];
  });
  const table: YAMLMap = document.createNode({
    name,
    rows: rowsPath,
    columns: nodes,
  });
  const load = document.createPair('load', document.createNode({ mode: 'append' }, { flow: true }));
  if (keyCandidates.length > 0) {
    const shown = keyCandidates.slice(0, maxCandidates).map((key) => `[${key.join(', ')}]`);
    const key = document.createNode('load');
    key.commentBefore = ` No two of the ${keyRows < rows ? 'first ' : ''}${keyRows} rows of the sample have the same ${shown.join(', or the same ')}.`;
    load.key = key;
  }
  table.items.splice(-1, 0, load);
  return table;
}

/** Maximum number of keys to offer. */
const maxCandidates = 6;

/** Returns the names of all tables of report types with a schema. */
export function tablesOf(schemas: ReportSchemas): string[] {
  return [...schemas.values()].flatMap(({ reportType, tables }) =>
    tables.length > 0 ? tables.map(({ name }) => name) : [defaultTableName(reportType)],
  );
}

/**
 * Returns the table name of a report type without a schema: `merchant_listings_data` for
 * GET_MERCHANT_LISTINGS_DATA.
 */
export function defaultTableName(reportType: string): string {
  const name = snakeCaseName(reportType.replace(/^_*(GET_)?/i, ''), new Set());
  return name === 'column_1' ? 'report' : name.slice(0, 100).replace(/_+$/, '');
}
