import { ReportsError } from '../errors.js';
import { defaultTableName } from '../schema/infer.js';
import { marketplaces } from '../schema/marketplaces.js';
import type { ColumnType, ReportSchema, ResolvedColumn, TableSchema } from '../schema/types.js';
import type { DocumentFacts } from '../source/types.js';
import { type DelimitedDialect, decideDialect } from './dialect.js';
import { type ResolvedHeader, resolveHeader } from './header.js';
import type { Dialect, ParsedTable } from './types.js';
import type { ValueRules } from './values.js';

/** How a delimited document is written, and what its header means. */
export interface DelimitedLayout {
  dialect: DelimitedDialect;
  header: ResolvedHeader;
  /** Countries of the document's marketplaces. */
  countries: string[];
}

/**
 * Decides the layout of a delimited document by the beginning of its text.
 * Errors: HEADER_NOT_FOUND; HEADER_UNKNOWN and KEY_COLUMN_MISSING where its rows would take the place of others that they are not about.
 */
export function delimitedLayout(
  facts: DocumentFacts,
  schema: ReportSchema | undefined,
  head: string,
): DelimitedLayout {
  const { reportType, documentId, marketplaceIds } = facts;
  const dialect = decideDialect(head, schema);
  if (!dialect) {
    const found = JSON.stringify(head.trim().slice(0, 200));
    throw new ReportsError('HEADER_NOT_FOUND', { reportType, documentId, found });
  }
  const header = resolveHeader(dialect.header, schema?.tables[0]?.columns);
  if (schema?.tables[0]) checkHeader(facts, schema.tables[0], header, dialect.header);
  return {
    dialect,
    header,
    countries: marketplaceIds.flatMap((id) => marketplaces[id]?.country ?? []),
  };
}

function checkHeader(
  { reportType, documentId }: DocumentFacts,
  { load }: TableSchema,
  { columns }: ResolvedHeader,
  cells: string[],
): void {
  const known = columns.filter(({ origin, header }) => origin === 'schema' && header !== undefined);
  const mostCharacters = 200;
  const found = JSON.stringify(cells.join(', ').slice(0, mostCharacters));
  if (known.length === 0) throw new ReportsError('HEADER_UNKNOWN', { reportType, documentId, found });
  // A key of which a part is there still tells rows apart; without any, the rows of one document would replace those of all others.
  if (load.key.length === 0 || load.key.some((key) => known.some(({ name }) => name === key))) return;
  throw new ReportsError('KEY_COLUMN_MISSING', {
    reportType,
    documentId,
    columns: load.key.join(', '),
    found,
  });
}

/** The table of a delimited document, and where its columns stand. */
export interface TableLayout {
  table: ParsedTable;
  /** For each column its cell in a row, from the left; undefined for one that the document lacks. */
  places: (number | undefined)[];
}

/** The table as schema, header and a look at the values make it. */
export function tableLayout(
  { header }: DelimitedLayout,
  schema: ReportSchema | undefined,
  reportType: string,
  found: { types: Map<number, ColumnType>; emptyNameless: Set<number> },
): TableLayout {
  const tableSchema = schema?.tables[0];
  const columns: ResolvedColumn[] = [];
  const places: (number | undefined)[] = [];
  const placeOf = new Map(header.positions.map((index, place) => [index, place]));
  header.columns.forEach((column, index) => {
    if (found.emptyNameless.has(index)) return;
    const inferred = found.types.get(index);
    columns.push(inferred ? { ...column, type: inferred } : column);
    places.push(placeOf.get(index));
  });
  const table: ParsedTable = {
    name: tableSchema?.name ?? defaultTableName(reportType),
    load: tableSchema
      ? { mode: tableSchema.load.mode, key: tableSchema.load.key }
      : { mode: 'append', key: [] },
    ...(tableSchema?.partitionBy ? { partitionBy: tableSchema.partitionBy } : {}),
    columns,
  };
  return { table, places };
}

/** What was decided, for the ledger. */
export function dialectFacts(
  { delimiter, quoting, preambleLines }: DelimitedDialect,
  rules: ValueRules,
): Dialect {
  return { delimiter, quoting, ...rules, preambleLines };
}
