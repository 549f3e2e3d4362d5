import { CsvError } from 'csv-parse';
import type { ColumnType } from '../schema/types.js';
import type { ExaminedDocument } from '../source/types.js';
import { type DateOrder, orderEvidence, orderOfZone } from './dates.js';
import type { DelimitedDialect } from './dialect.js';
import type { ResolvedHeader } from './header.js';
import { TypeInference } from './infer-types.js';
import { chooseMark, type DecimalMark, markEvidence } from './numbers.js';
import { type RecordReading, readRecords } from './records.js';
import type { ValueRules } from './values.js';

export interface Survey {
  reading: RecordReading;
  rules: ValueRules;
  /** Inferred types, by index of the column. */
  types: Map<number, ColumnType>;
  /** Nameless columns with nothing in them. */
  emptyNameless: Set<number>;
  notes: string[];
}

/** Countries where the month is written first. */
const monthFirstCountries = new Set(['US']);

/** Reads a delimited document once to decide what holds for all of it. The same document is always decided alike. */
export async function surveyDocument(
  document: ExaminedDocument,
  dialect: DelimitedDialect,
  header: ResolvedHeader,
  countries: string[],
): Promise<Survey> {
  try {
    return await survey(document, dialect, header, countries, 'whole');
  } catch (error) {
    if (!(error instanceof CsvError) && error !== swallowedRows) throw error;
    const decided = await survey(document, dialect, header, countries, 'line-by-line');
    return { ...decided, notes: [...decided.notes, 'a quote is not closed: rows were read line by line'] };
  }
}

const swallowedRows = new Error('rows swallowed by a quote');

/**
 * A quote that isn't closed, or only rows later, leaves a row over several lines that is of the wrong width, or has a cell that would not
 * be quoted so.
 */
function swallowsRows(cells: string[], raw: string, headerCells: number): boolean {
  if (!raw.includes('\n')) return false;
  return (
    cells.length !== headerCells ||
    cells.some((cell) => cell.includes('\n') && !raw.includes(`"${cell.replaceAll('"', '""')}"`))
  );
}

async function survey(
  document: ExaminedDocument,
  dialect: DelimitedDialect,
  header: ResolvedHeader,
  countries: string[],
  reading: RecordReading,
): Promise<Survey> {
  const marks: Record<DecimalMark, number> = { '.': 0, ',': 0 };
  const orders: Record<DateOrder, number> = { mdy: 0, dmy: 0 };
  const zones: Record<DateOrder, number> = { mdy: 0, dmy: 0 };
  const inferences = new Map<number, TypeInference>();
  const emptyNameless = new Set(header.nameless);
  const watched = header.positions.flatMap((index, position) => {
    const column = header.columns[index];
    if (!column) return [];
    if (column.origin === 'inferred') inferences.set(index, new TypeInference(column.header ?? ''));
    return [{ index, position, kind: column.origin === 'inferred' ? undefined : column.type.kind }];
  });
  const noteOrder = (text: string) => {
    const order = orderEvidence(text);
    if (order) orders[order] += 1;
    const zone = order ? undefined : orderOfZone(text);
    if (zone) zones[zone] += 1;
  };

  for await (const { cells, raw } of readRecords(document.openText(), dialect, reading)) {
    if (reading === 'whole' && dialect.quoting === 'csv' && swallowsRows(cells, raw, dialect.header.length)) {
      throw swallowedRows;
    }
    for (const { index, position, kind } of watched) {
      const text = cells[position];
      if (text === undefined || text === '') continue;
      emptyNameless.delete(index);
      const inference = inferences.get(index);
      if (inference) {
        inference.add(text);
        if (inference.isTime()) noteOrder(text);
      } else if (kind === 'decimal' || kind === 'float64' || kind === 'int64') {
        const mark = markEvidence(text);
        if (mark) marks[mark] += 1;
      } else if (kind === 'date' || kind === 'timestamp') {
        noteOrder(text);
      }
    }
  }

  for (const inference of inferences.values()) {
    if (!inference.isNumeric()) continue;
    marks['.'] += inference.marks['.'];
    marks[','] += inference.marks[','];
  }
  const declared = header.schemaColumns.find((column) => column?.dateOrder)?.dateOrder;
  const rules: ValueRules = {
    decimalMark: chooseMark(marks, countries),
    dateOrder: chooseOrder(orders) ?? declared ?? chooseOrder(zones) ?? orderOfCountries(countries),
  };
  const types = new Map(
    [...inferences].map(([index, inference]) => [index, inference.type(rules.decimalMark, rules.dateOrder)]),
  );
  const notes: string[] = [];
  if (marks['.'] > 0 && marks[','] > 0) {
    notes.push(
      `decimal point in ${marks['.']} values and comma in ${marks[',']}: read with "${rules.decimalMark}"`,
    );
  }
  if (orders.mdy > 0 && orders.dmy > 0) {
    notes.push(
      `month first in ${orders.mdy} dates and day first in ${orders.dmy}: read as ${rules.dateOrder}`,
    );
  }
  return { reading, rules, types, emptyNameless, notes };
}

function chooseOrder(evidence: Record<DateOrder, number>): DateOrder | undefined {
  if (evidence.mdy === evidence.dmy) return undefined;
  return evidence.mdy > evidence.dmy ? 'mdy' : 'dmy';
}

function orderOfCountries(countries: string[]): DateOrder {
  return countries.every((country) => monthFirstCountries.has(country)) ? 'mdy' : 'dmy';
}
