import { ReportsError } from '../../errors/reports-error.js';
import { defaultTableName } from '../../schema/infer.js';
import { marketplaces } from '../../schema/marketplaces.js';
import type { ColumnType, ReportSchema, ResolvedColumn, TableSchema } from '../../schema/types.js';
import type { DocumentFacts } from '../../source/types.js';
import { type DelimitedDialect, decideDialect } from '../delimited/dialect.js';
import { type ResolvedHeader, resolveHeader } from './header.js';
import type { Dialect, ParsedTable } from '../types.js';
import type { ValueRules } from '../values/values.js';

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
  if (schema?.tables[0]) {
    refuseUnknown(facts, header.columns, dialect.header);
    refuseKeyless(facts, schema.tables[0], header.columns, dialect.header);
  }
  return {
    dialect,
    header,
    countries: marketplaceIds.flatMap((id) => marketplaces[id]?.country ?? []),
  };
}

/** Refuses a document, of whose `headers` the schema knows none. */
export function refuseUnknown(
  { reportType, documentId }: DocumentFacts,
  columns: ResolvedColumn[],
  headers: string[],
): void {
  if (columns.some(isKnown)) return;
  throw new ReportsError('HEADER_UNKNOWN', { reportType, documentId, found: beginningOf(headers) });
}

/**
 * Refuses a document that has nothing of the key: its rows would replace those of all others. A key of which a part is there still tells
 * rows apart.
 */
export function refuseKeyless(
  { reportType, documentId }: DocumentFacts,
  { load }: TableSchema,
  columns: ResolvedColumn[],
  headers: string[],
): void {
  const known = columns.filter(isKnown);
  if (load.key.length === 0 || load.key.some((key) => known.some(({ name }) => name === key))) return;
  throw new ReportsError('KEY_COLUMN_MISSING', {
    reportType,
    documentId,
    columns: load.key.join(', '),
    found: beginningOf(headers),
  });
}

function isKnown({ origin, header }: ResolvedColumn): boolean {
  return origin === 'schema' && header !== undefined;
}

function beginningOf(headers: string[]): string {
  const mostCharacters = 200;
  return JSON.stringify(headers.join(', ').slice(0, mostCharacters));
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
  const table: ParsedTable = tableSchema
    ? tableOf(tableSchema, columns)
    : { name: defaultTableName(reportType), load: { mode: 'append', key: [] }, columns };
  return { table, places };
}

/** The table of a schema, with the columns that a document gives it. */
export function tableOf(
  { name, load, partitionBy, checks }: TableSchema,
  columns: ResolvedColumn[],
): ParsedTable {
  return {
    name,
    load: { mode: load.mode, key: load.key },
    ...(partitionBy ? { partitionBy } : {}),
    ...(checks ? { checks } : {}),
    columns,
  };
}

/** What was decided, for the ledger. */
export function dialectFacts(
  { delimiter, quoting, preambleLines }: DelimitedDialect,
  rules: ValueRules,
): Dialect {
  return { delimiter, quoting, ...rules, preambleLines };
}
