import type { Findings } from '../../schema/findings.js';
import type { ColumnType, ResolvedColumn } from '../../schema/types.js';
import type { ReadableDocument } from '../../source/types.js';
import { type DelimitedDialect, splitLine } from './dialect.js';
import { type DecidedRules, decideRules, type TextOf } from '../values/decide-rules.js';
import { clueOf, Evidence } from '../values/evidence.js';
import { TypeInference } from '../values/infer-types.js';
import type { EvidentColumn } from '../values/row-evidence.js';
import { type Record, type RecordReading, readRecords, surplusCells, swallowedRows } from './records.js';
import type { DelimitedLayout } from './delimited-layout.js';
import { rulesOf, type ValueRules } from '../values/values.js';
import { examineRow } from './undoubled-quotes.js';

export interface Survey extends Required<Findings> {
  reading: RecordReading;
  rules: ValueRules;
  /** Inferred types, by index of the column. */
  types: Map<number, ColumnType>;
  /** Columns without a name and without a value in any row. */
  emptyNameless: Set<number>;
}

/**
 * Reads a delimited document once to decide what holds for all of it; a second time if single
 * values leave that open. The decision is deterministic. Misplaced rows are left out.
 */
export async function surveyDocument(
  document: Pick<ReadableDocument, 'openText'>,
  layout: DelimitedLayout,
  misplaced?: ReadonlyMap<number, string>,
): Promise<Survey> {
  try {
    return await survey(document, layout, 'whole', misplaced);
  } catch (error) {
    if (error !== swallowedRows) throw error;
    const decided = await survey(document, layout, 'line-by-line', misplaced);
    return { ...decided, notes: ['a quote is not closed: rows were read line by line'] };
  }
}

/** Does the same line by line, for documents without quoted cells, in which every line is a row. */
export function surveyLines(
  document: Pick<ReadableDocument, 'openText'>,
  layout: DelimitedLayout,
): Promise<Survey> {
  return survey(document, layout, 'line-by-line');
}

/**
 * A quote that is never closed, or only rows later, makes a row of several lines each of which
 * would be a row by itself.
 */
export function swallowsRows(raw: string, dialect: DelimitedDialect): boolean {
  if (!raw.includes('\n')) return false;
  return raw.split('\n').every((line) => {
    if (splitLine(line, dialect.delimiter, 'csv').length === dialect.header.length) return true;
    return examineRow((index) => (index === 0 ? line : undefined), true, dialect, 'open').kind === 'row';
  });
}

async function survey(
  document: Pick<ReadableDocument, 'openText'>,
  layout: DelimitedLayout,
  reading: RecordReading,
  misplaced?: ReadonlyMap<number, string>,
): Promise<Survey> {
  const { dialect, header } = layout;
  const evidence = new Evidence();
  const inferences = new Map<number, TypeInference>();
  const emptyNameless = new Set(header.nameless);
  const watched = header.positions.flatMap((index, position) => {
    const column = header.columns[index];
    if (!column) return [];
    if (column.origin !== 'schema') inferences.set(index, inferenceOf(column));
    return [{ index, position, column, clues: evidence.of(column.name) }];
  });
  let row = 0;
  for await (const record of readRecords(document.openText(), layout, reading)) {
    const { cells, raw } = record;
    if (reading === 'whole' && dialect.quoting === 'csv' && swallowsRows(raw, dialect)) throw swallowedRows;
    row += 1;
    // A row that will be rejected is no evidence: nobody knows which of its cells moved.
    if (isRejected(record, dialect) || misplaced?.has(row)) continue;
    for (const { index, position, column, clues } of watched) {
      const text = cells[position];
      if (text === undefined || text === '') continue;
      emptyNameless.delete(index);
      const inference = inferences.get(index);
      if (inference) inference.add(text);
      else clues.add(clueOf(column.type, text));
    }
  }
  const decided = await decideTypes(inferences, evidence, layout, () =>
    readTexts(document, layout, reading, misplaced),
  );
  return { reading, emptyNameless, notes: [], ...decided };
}

/** The rows of a document that are not rejected, as texts by the name of their column. */
export async function* readTexts(
  document: Pick<ReadableDocument, 'openText'>,
  layout: DelimitedLayout,
  reading: RecordReading,
  misplaced?: ReadonlyMap<number, string>,
): AsyncGenerator<TextOf> {
  const { dialect, header } = layout;
  const positions = new Map(
    header.positions.map((index, position) => [header.columns[index]?.name, position]),
  );
  let row = 0;
  for await (const record of readRecords(document.openText(), layout, reading)) {
    const { cells } = record;
    row += 1;
    if (isRejected(record, dialect) || misplaced?.has(row)) continue;
    yield (column) => {
      const position = positions.get(column);
      return position === undefined ? undefined : cells[position];
    };
  }
}

function isRejected({ cells, rejected }: Record, { header }: DelimitedDialect): boolean {
  return (
    rejected !== undefined || surplusCells(cells.length, header.length, (index) => cells[index] ?? '') > 0
  );
}

/**
 * Infers the type of a column that no schema declares. An unknown number of a document with a
 * schema is more likely an id than a quantity if it is long.
 */
export function inferenceOf({ header = '', origin }: ResolvedColumn): TypeInference {
  const maxUnknownDigits = 9;
  return origin === 'added' ? new TypeInference(header, maxUnknownDigits) : new TypeInference(header);
}

/** Decides rules and types from the values of inferred columns and the `evidence` of the others. */
export async function decideTypes(
  inferences: Map<number, TypeInference>,
  evidence: Evidence,
  layout: DelimitedLayout,
  readRows: () => AsyncIterable<TextOf>,
): Promise<DecidedRules & Pick<Survey, 'types'>> {
  const { columns } = layout.header;
  const inferred = new Map<number, ColumnType>();
  for (const [index, inference] of inferences) {
    const found = inference.evident();
    if (!found) continue;
    inferred.set(index, found.type);
    const own = evidence.of(columns[index]?.name ?? '');
    for (const [clue, times] of found.clues) own.add(clue, times);
  }
  const decided = await decideDelimited(evidence, layout, readRows, inferred);
  const types = new Map(
    [...inferences].map(([index, inference]) => {
      const { decimalMark, dateOrder } = rulesOf(decided.rules, columns[index]?.name ?? '');
      return [index, inference.type(decimalMark, dateOrder)];
    }),
  );
  return { ...decided, types };
}

/**
 * Decides how the values of a delimited document are read. `inferred`: types by index of column.
 */
export function decideDelimited(
  evidence: Evidence,
  { header, basis }: DelimitedLayout,
  readRows: () => AsyncIterable<TextOf>,
  inferred: ReadonlyMap<number, ColumnType> = new Map(),
): Promise<DecidedRules> {
  const columns = header.columns.map(
    ({ name, type }, index): EvidentColumn => ({ name, type: inferred.get(index) ?? type }),
  );
  return decideRules(evidence, basis, columns, readRows);
}
