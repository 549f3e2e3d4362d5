import { snakeCaseName } from '../../schema/column-name.js';
import { defaultTableName } from '../../schema/infer.js';
import type { ReportSchema } from '../../schema/types.js';
import type { DocumentFacts, ExaminedDocument } from '../../source/types.js';
import { leavesOf } from './leaves.js';
import { ObjectSurvey, shownPath, splitWords } from './object-columns.js';
import { type ListPaths, noPaths, type ObjectRow } from './object-plan.js';
import { ObjectPlan, type PlannedTable } from './object-plan.js';
import { type ObjectTable, readObjectBatches } from './object-batches.js';
import { type FoundObjects, surveyObjects } from './object-survey.js';
import { refuseKeyless, refuseUnknown, tableOf } from '../layout/table-layout.js';
import type { ParsedBatch, ParsedDocument } from '../types.js';
import type { ValueRules } from '../values/values.js';

/** How a document of objects is read. */
export interface ObjectReading {
  survey(plan: ObjectPlan | undefined): Promise<FoundObjects>;
  batches(tables: ObjectTable[], plan: ObjectPlan | undefined, rules: ValueRules): AsyncIterable<ParsedBatch>;
}

/**
 * Parses a document that holds lists of objects, JSON or XML, in two passes: a survey finds the paths of its rows and what stands beside
 * them, then the rows are read. A schema says which lists are tables. A list that it doesn't name, and every list where there is no schema,
 * is a table with inferred columns: nested objects flattened by name, lists kept as JSON.
 * Errors: HEADER_UNKNOWN, KEY_COLUMN_MISSING, and those of the reading.
 */
export async function parseObjects(
  { raw }: Pick<ExaminedDocument, 'raw'>,
  schema: ReportSchema | undefined,
  reading: ObjectReading,
): Promise<ParsedDocument> {
  const plan = schema?.tables.length ? new ObjectPlan(schema) : undefined;
  const found = await reading.survey(plan);
  const rules = objectRules(schema);
  const { tables, notes } = objectLayout(raw.facts, plan, found, rules);
  return {
    dialect: { ...rules, preambleLines: 0 },
    tables: tables.map(({ table }) => table),
    notes,
    batches: reading.batches(tables, plan, rules),
  };
}

/** The tables of what was found, and what is worth telling of it. Errors: HEADER_UNKNOWN, KEY_COLUMN_MISSING. */
export function objectLayout(
  facts: DocumentFacts,
  plan: ObjectPlan | undefined,
  found: FoundObjects,
  rules: ValueRules,
): { tables: ObjectTable[]; notes: string[] } {
  const notes: string[] = [];
  const planned = plan ? plannedTables(facts, plan, found, rules, notes) : [];
  return { tables: [...planned, ...inferredTables(facts, found, plan, rules)], notes };
}

/** Reads a document object by object; `openObjects` streams them from the start. Errors: DOCUMENT_UNPARSABLE. */
export function oneByOne(
  openObjects: (paths: ListPaths) => AsyncIterable<ObjectRow>,
  batchRows: number,
): ObjectReading {
  const open = (plan: ObjectPlan | undefined) => openObjects(plan?.lists ?? noPaths);
  return {
    survey: (plan) => surveyObjects(open(plan), plan),
    batches: (tables, plan, rules) => readObjectBatches(open(plan), tables, rules, batchRows),
  };
}

/** Numbers in JSON and XML have a point, and dates the year first. */
export function objectRules(schema: ReportSchema | undefined): ValueRules {
  const columns = schema?.tables.flatMap((table) => table.columns) ?? [];
  const declared = columns.find(({ dateOrder }) => dateOrder)?.dateOrder;
  return { decimalMark: '.', dateOrder: declared ?? 'mdy' };
}

/** What says of what kind a document is: the ledger does so, too. */
const kindOfDocument = /(^|\.)(reportType|MessageType|DocumentVersion)$/;

/**
 * The tables of the schema of which the document has the list, in the schema's order.
 * Errors: HEADER_UNKNOWN where the document has something, and nothing of the schema; KEY_COLUMN_MISSING.
 */
function plannedTables(
  facts: DocumentFacts,
  plan: ObjectPlan,
  found: FoundObjects,
  rules: ValueRules,
  notes: string[],
): ObjectTable[] {
  const { taken, left } = plan.besideLeaves(found.beside);
  const otherLists = [...found.lists.keys()].map(shownPath);
  const others = left.map(({ path }) => shownPath(path)).filter((path) => !kindOfDocument.test(path));
  if (otherLists.length > 0) notes.push(`lists the schema does not know: ${otherLists.join(', ')}`);
  if (others.length > 0) notes.push(`values beside the rows that no column takes: ${others.join(', ')}`);
  const tables = plan.tables.flatMap((planned) => {
    const seen = found.tables.get(planned);
    return seen ? [plannedTable(facts, plan, planned, seen, found.beside, rules, notes)] : [];
  });
  const isEmpty = tables.every(({ places }) => places.size === 0);
  // What the document says of itself stands in others of Amazon's documents, too.
  const ofRows = tables.flatMap(({ table }) =>
    table.columns.filter(({ header }) => !header?.startsWith('$.')),
  );
  const paths = tables.flatMap(({ places }) => [...places.keys()].map(shownPath));
  if (!isEmpty) refuseUnknown(facts, ofRows, paths);
  const isOther = found.tables.size === 0 && taken.length === 0;
  if (isOther && otherLists.length + others.length > 0) refuseUnknown(facts, [], [...otherLists, ...others]);
  return tables;
}

function plannedTable(
  facts: DocumentFacts,
  plan: ObjectPlan,
  planned: PlannedTable,
  { survey, list: firstList }: { survey: ObjectSurvey; list: string },
  beside: unknown,
  rules: ValueRules,
  notes: string[],
): ObjectTable {
  const { schema } = planned;
  const above = plan.leavesAbove(planned, firstList, beside);
  if (survey.rows > 0) for (const leaf of above) survey.add(leaf);
  const { columns, places, notes: ofTable } = survey.columns(rules);
  if (survey.rows > 0) refuseKeyless(facts, schema, columns, [...places.keys()].map(shownPath));
  notes.push(...(plan.tables.length > 1 ? ofTable.map((note) => `${schema.name}: ${note}`) : ofTable));
  return {
    table: tableOf(schema, columns),
    places,
    hasRowsIn: (list) => list !== undefined && plan.tablesOf(list).includes(planned),
    rowsOf: (list, value) => plan.rowsOf(planned, list ?? '', value, above),
    above,
  };
}

/** A table for each list without one, and where there is no schema one for what stands beside the lists. */
function inferredTables(
  { reportType }: DocumentFacts,
  { lists, beside }: FoundObjects,
  plan: ObjectPlan | undefined,
  rules: ValueRules,
): ObjectTable[] {
  const surveys = new Map<string | undefined, ObjectSurvey>(lists);
  if (beside !== undefined && !plan) {
    const survey = new ObjectSurvey();
    survey.addRow(leavesOf(beside));
    surveys.set(undefined, survey);
  }
  const base = defaultTableName(reportType);
  const taken = new Set(plan?.tables.map(({ schema }) => schema.name));
  const isEmpty = lists.size > 0 && [...lists.values()].every((survey) => survey.isEmpty());
  return [...surveys].flatMap(([list, survey]) => {
    // By what the document is made of, not by what is in it: a list has the same table whether others are empty or not.
    const isOnly = !plan && (surveys.size === 1 || (lists.size === 1 && list !== undefined));
    const name = isOnly ? base : snakeCaseName(`${base}_${splitWords(list ?? 'header')}`, taken);
    // What stands beside lists of nothing is about nothing.
    if (isEmpty || survey.isEmpty()) return [];
    const { columns, places } = survey.columns(rules);
    return {
      table: { name, rowsPath: shownPath(list ?? '') || '$', load: { mode: 'append', key: [] }, columns },
      places,
      hasRowsIn: (each) => each === list,
      rowsOf: (_, value) => [leavesOf(value)],
      above: [],
    };
  });
}
