import { CsvError } from 'csv-parse';
import type { ColumnType, ResolvedColumn } from '../../schema/types.js';
import type { ReadableDocument } from '../../source/types.js';
import { type DelimitedDialect, splitLine } from './dialect.js';
import { clueOf, Evidence } from '../values/evidence.js';
import { TypeInference } from '../values/infer-types.js';
import { type RecordReading, readRecords, surplusCells } from './records.js';
import type { DelimitedLayout } from './delimited-layout.js';
import type { ValueRules } from '../values/values.js';

export interface Survey {
  reading: RecordReading;
  rules: ValueRules;
  /** Inferred types, by index of the column. */
  types: Map<number, ColumnType>;
  /** Columns without a name and without a value in any row. */
  emptyNameless: Set<number>;
  notes: string[];
}

/**
 * Reads a delimited document once to decide what holds for all of it. The decision is
 * deterministic.
 */
export async function surveyDocument(
  document: Pick<ReadableDocument, 'openText'>,
  layout: DelimitedLayout,
): Promise<Survey> {
  try {
    return await survey(document, layout, 'whole');
  } catch (error) {
    if (!(error instanceof CsvError) && error !== swallowedRows) throw error;
    const decided = await survey(document, layout, 'line-by-line');
    return { ...decided, notes: [...decided.notes, 'a quote is not closed: rows were read line by line'] };
  }
}

/** Does the same line by line, for documents without quoted cells, in which every line is a row. */
export function surveyLines(
  document: Pick<ReadableDocument, 'openText'>,
  layout: DelimitedLayout,
): Promise<Survey> {
  return survey(document, layout, 'line-by-line');
}

const swallowedRows = new Error('rows swallowed by a quote');

/**
 * A quote that is never closed, or only rows later, makes a row of several lines each of which
 * would be a row by itself, or a cell that nobody would quote that way.
 */
export function swallowsRows(cells: string[], raw: string, { delimiter, header }: DelimitedDialect): boolean {
  if (!raw.includes('\n')) return false;
  return (
    raw.split('\n').every((line) => splitLine(line, delimiter, 'csv').length === header.length) ||
    cells.some((cell) => cell.includes('\n') && !raw.includes(`"${cell.replaceAll('"', '""')}"`))
  );
}

async function survey(
  document: Pick<ReadableDocument, 'openText'>,
  layout: DelimitedLayout,
  reading: RecordReading,
): Promise<Survey> {
  const { dialect, header } = layout;
  const evidence = new Evidence();
  const inferences = new Map<number, TypeInference>();
  const emptyNameless = new Set(header.nameless);
  const watched = header.positions.flatMap((index, position) => {
    const column = header.columns[index];
    if (!column) return [];
    if (column.origin !== 'schema') inferences.set(index, inferenceOf(column));
    return [{ index, position, kind: column.type.kind }];
  });
  for await (const { cells, raw } of readRecords(document.openText(), layout, reading)) {
    if (reading === 'whole' && dialect.quoting === 'csv' && swallowsRows(cells, raw, dialect)) {
      throw swallowedRows;
    }
    // A row that will be rejected is no evidence: nobody knows which of its cells moved.
    if (surplusCells(cells.length, dialect.header.length, (index) => cells[index] ?? '') > 0) continue;
    for (const { index, position, kind } of watched) {
      const text = cells[position];
      if (text === undefined || text === '') continue;
      emptyNameless.delete(index);
      const inference = inferences.get(index);
      if (inference) inference.add(text);
      else evidence.add(clueOf(kind, text));
    }
  }
  return { reading, emptyNameless, ...decideTypes(inferences, evidence, layout) };
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
export function decideTypes(
  inferences: Map<number, TypeInference>,
  evidence: Evidence,
  layout: DelimitedLayout,
): Pick<Survey, 'rules' | 'types' | 'notes'> {
  for (const inference of inferences.values()) {
    if (inference.isTime()) for (const [clue, times] of inference.clues) evidence.add(clue, times);
    if (!inference.isNumeric()) continue;
    evidence.add('mark .', inference.marks['.']);
    evidence.add('mark ,', inference.marks[',']);
  }
  const rules = decideRules(evidence, layout);
  const types = new Map(
    [...inferences].map(([index, inference]) => [index, inference.type(rules.decimalMark, rules.dateOrder)]),
  );
  return { rules, types, notes: evidence.notes(rules) };
}

/**
 * Decides decimal mark and order of day and month from the document, its schema and its
 * marketplaces.
 */
export function decideRules(evidence: Evidence, { header, countries }: DelimitedLayout): ValueRules {
  const declared = header.schemaColumns.find((column) => column?.dateOrder)?.dateOrder;
  return evidence.decide(declared, countries);
}
