import type { DocumentLimits } from '../../config/documents-spec.js';
import { ReportsError } from '../../errors/reports-error.js';
import type { Decision } from '../../schema/findings.js';
import { defaultTableName } from '../../schema/infer.js';
import type { ColumnType, ReportSchema, ResolvedColumn } from '../../schema/types.js';
import type { ReadableDocument } from '../../source/types.js';
import { type ResolvedHeader, resolveHeader } from '../layout/header.js';
import { isProse, notAReport } from '../layout/message.js';
import { refuseKeyless, refuseUnknown, tableOf } from '../layout/table-layout.js';
import { checkColumns, checkHeaderLine } from '../limits.js';
import type { Dialect, ParsedTable } from '../types.js';
import type { DecisionBasis, EarlierDecisions } from '../values/decide-rules.js';
import type { ValueRules } from '../values/values.js';
import { type DelimitedDialect, decideDialect, delimiterNames } from './dialect.js';

/** How a delimited document is written, and what its header means. */
export interface DelimitedLayout {
  dialect: DelimitedDialect;
  header: ResolvedHeader;
  limits: DocumentLimits;
  /** What its values are decided by. */
  basis: DecisionBasis;
  /** Of delimiter and quoting. */
  decisions: Decision[];
}

/**
 * Decides the layout of a delimited document from the beginning of its text.
 * Errors: NOT_A_REPORT; HEADER_NOT_FOUND; HEADER_UNKNOWN and KEY_COLUMN_MISSING if its rows would
 * replace unrelated ones; LimitExceeded.
 */
export function delimitedLayout(
  { raw: { metadata }, limits }: Pick<ReadableDocument, 'raw' | 'limits'>,
  schema: ReportSchema | undefined,
  head: string,
  earlier: EarlierDecisions,
): DelimitedLayout {
  const { reportType, documentId } = metadata;
  const dialect = decideDialect(head, schema);
  if (!dialect) {
    if (isProse(head, { isColumn: false })) throw notAReport(metadata, head);
    const found = JSON.stringify(head.trim().slice(0, 200));
    throw new ReportsError('HEADER_NOT_FOUND', { reportType, documentId, found });
  }
  checkHeaderLine(head, dialect.preambleCharacters, dialect.carriageReturnsOnly ? '\r' : '\n');
  checkColumns(dialect.header.length, limits);
  const header = resolveHeader(dialect.header, schema?.tables[0]?.columns);
  const isUnknown = header.columns.every(({ origin, header: found }) => origin !== 'schema' || !found);
  if (dialect.header.length === 1 && isUnknown && isProse(head, { isColumn: true }))
    throw notAReport(metadata, head);
  if (dialect.passedOver) header.notes.push(passedOverNote(dialect.passedOver));
  if (schema?.tables[0]) {
    refuseUnknown(metadata, header.columns, dialect.header);
    refuseKeyless(metadata, schema.tables[0], header.columns, dialect.header);
  }
  return {
    dialect,
    header,
    limits,
    basis: {
      metadata,
      declared: header.schemaColumns.flatMap((column) => (column?.dateOrder ? [column] : [])),
      periodColumn: schema?.tables[0]?.partitionBy,
      checks: schema?.tables[0]?.checks,
      earlier,
    },
    decisions: dialectDecisions(dialect),
  };
}

function passedOverNote(line: string): string {
  const maxCharacters = 200;
  return `a line as wide as the header was taken for a sentence before it: ${JSON.stringify(line.trim().slice(0, maxCharacters))}`;
}

/** The table of a delimited document, and where its columns are. */
export interface TableLayout {
  table: ParsedTable;
  /**
   * For each column the index of its cell in a row, from the left; undefined if the document lacks
   * it.
   */
  cellIndexes: (number | undefined)[];
}

/** The table that follows from the schema, the header and what was found out about the values. */
export function tableLayout(
  { header }: DelimitedLayout,
  schema: ReportSchema | undefined,
  reportType: string,
  found: { types: Map<number, ColumnType>; emptyNameless: Set<number> },
): TableLayout {
  const tableSchema = schema?.tables[0];
  const columns: ResolvedColumn[] = [];
  const cellIndexes: (number | undefined)[] = [];
  const cellOf = new Map(header.positions.map((index, cell) => [index, cell]));
  header.columns.forEach((column, index) => {
    if (found.emptyNameless.has(index)) return;
    const inferred = found.types.get(index);
    columns.push(inferred ? { ...column, type: inferred } : column);
    cellIndexes.push(cellOf.get(index));
  });
  const table: ParsedTable = tableSchema
    ? tableOf(tableSchema, columns)
    : { name: defaultTableName(reportType), load: { mode: 'append', key: [] }, columns };
  return { table, cellIndexes };
}

function dialectDecisions({ delimiter, quoting, reasons }: DelimitedDialect): Decision[] {
  return [
    { subject: 'delimiter', value: delimiterNames[delimiter] ?? delimiter, reason: reasons.delimiter },
    { subject: 'quoting', value: quoting, reason: reasons.quoting },
  ];
}

/** The part of the dialect that the ledger keeps. */
export function storedDialect(
  { delimiter, quoting, preambleLines }: DelimitedDialect,
  rules: ValueRules,
): Dialect {
  const { decimalMark, dateOrder } = rules;
  return { delimiter, quoting, decimalMark, dateOrder, preambleLines };
}
