import type { Warning } from '../../errors/warnings.js';
import { snakeCaseName } from '../../schema/column-name.js';
import { defaultTableName } from '../../schema/infer.js';
import { shownPath } from '../../schema/object-path.js';
import type { Decision } from '../../schema/findings.js';
import type { ReportSchema } from '../../schema/types.js';
import type { DocumentFacts, ReadableDocument } from '../../source/types.js';
import { type Leaf, leavesOf, memberOf } from './leaves.js';
import { ObjectSurvey, splitWords } from './object-columns.js';
import { type ListPaths, noPaths, type ObjectRow } from './object-plan.js';
import { ObjectPlan, type PlannedTable } from './object-plan.js';
import { type ObjectTable, readObjectBatches } from './object-batches.js';
import { type FoundObjects, surveyObjects } from './object-survey.js';
import { refuseKeyless, refuseUnknown, tableOf } from '../layout/table-layout.js';
import { type DocumentStream, documentStream, type StreamEnd } from '../document-stream.js';
import type { Engine, ParsedBatch } from '../types.js';
import type { ValueRules } from '../values/values.js';

/** How a document of objects is read. */
export interface ObjectReading {
  /** Absent for a format with only one parser, such as XML. */
  engine?: Engine;
  survey(plan: ObjectPlan | undefined): Promise<FoundObjects>;
  batches(tables: ObjectTable[], plan: ObjectPlan | undefined, rules: ValueRules): AsyncIterable<ParsedBatch>;
  /** What reading the batches found besides; for formats in which something may be found. */
  warnings?: () => Warning[];
}

/**
 * Parses a document of lists of objects, JSON or XML, in two passes. A survey finds the paths of
 * its rows and what is beside them, then the rows are read. A schema says which lists are tables. A
 * list that it does not name, and every list if there is no schema, becomes a table with inferred
 * columns: nested objects are flattened by name, lists are kept as JSON.
 * Errors: HEADER_UNKNOWN, KEY_COLUMN_MISSING, and those of the reading.
 */
export async function parseObjects(
  { raw }: Pick<ReadableDocument, 'raw'>,
  schema: ReportSchema | undefined,
  reading: ObjectReading,
): Promise<DocumentStream> {
  const plan = schema?.tables.length ? new ObjectPlan(schema) : undefined;
  const found = await reading.survey(plan);
  const rules = objectRules(schema);
  const { tables, notes, decisions } = objectLayout(raw.facts, plan, found, rules);
  const { engine } = reading;
  return documentStream(
    {
      ...(engine ? { engine } : {}),
      dialect: { ...rules, preambleLines: 0 },
      tables: tables.map(({ table }) => table),
    },
    readBatches(),
  );

  async function* readBatches(): AsyncGenerator<ParsedBatch, StreamEnd> {
    yield* reading.batches(tables, plan, rules);
    return { notes, decisions, warnings: reading.warnings?.() };
  }
}

/** The tables of a document of objects, and the notes on them. */
export interface ObjectLayout {
  tables: ObjectTable[];
  notes: string[];
  decisions: Decision[];
}

/**
 * The tables of what was found, and the notes on them.
 * Errors: HEADER_UNKNOWN, KEY_COLUMN_MISSING.
 */
export function objectLayout(
  facts: DocumentFacts,
  plan: ObjectPlan | undefined,
  found: FoundObjects,
  rules: ValueRules,
): ObjectLayout {
  const planned = plan ? plannedLayout(facts, plan, found, rules) : { tables: [], notes: [] };
  const stated = statedReportType(found.beside);
  const isOther = stated !== undefined && stated.value !== facts.reportType;
  return {
    tables: [...planned.tables, ...inferredTables(facts, found, plan, rules)],
    notes: [...planned.notes, ...(isOther ? [`the document says that it is a ${stated.value}`] : [])],
    decisions: stated ? [stated] : [],
  };
}

/** The report type that a document names beside its rows, as Amazon's JSON does. */
export function statedReportType(beside: unknown): Decision | undefined {
  for (const names of [['reportSpecification', 'reportType'], ['reportType']]) {
    const value = names.reduce(memberOf, beside);
    if (typeof value === 'string' && value !== '')
      return { subject: 'report_type', value, reason: `${names.join('.')} of the document` };
  }
  return undefined;
}

/**
 * Reads a document object by object; `openObjects` streams them from the start.
 * Errors: DOCUMENT_UNPARSABLE.
 */
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

/** Numbers in JSON and XML have a decimal point, and dates start with the year. */
export function objectRules(schema: ReportSchema | undefined): ValueRules {
  const columns = schema?.tables.flatMap((table) => table.columns) ?? [];
  const declared = columns.find(({ dateOrder }) => dateOrder)?.dateOrder;
  return { decimalMark: '.', dateOrder: declared ?? 'mdy' };
}

/** Members that identify the kind of a document. The ledger already has it. */
const kindOfDocument = /(^|\.)(reportType|MessageType|DocumentVersion)$/;

/**
 * The tables of the schema whose lists the document has, in the schema's order.
 * Errors: HEADER_UNKNOWN if the document has something, but nothing that the schema knows;
 * KEY_COLUMN_MISSING.
 */
function plannedLayout(
  facts: DocumentFacts,
  plan: ObjectPlan,
  found: FoundObjects,
  rules: ValueRules,
): Omit<ObjectLayout, 'decisions'> {
  const { taken, left } = plan.besideLeaves(found.beside);
  const otherLists = [...found.lists.keys()].map(shownPath);
  const others = left.map(({ path }) => shownPath(path)).filter((path) => !kindOfDocument.test(path));
  const notes: string[] = [];
  if (otherLists.length > 0) notes.push(`lists that the schema does not know: ${otherLists.join(', ')}`);
  if (others.length > 0) notes.push(`values outside the rows that no column uses: ${others.join(', ')}`);
  const tables: ObjectTable[] = [];
  for (const planned of plan.tables) {
    const seen = found.tables.get(planned);
    if (!seen) continue;
    const above = plan.leavesAbove(planned, seen.list, found.beside);
    const { table, notes: ofTable } = plannedTable(facts, { plan, planned, above, rules }, seen.survey);
    tables.push(table);
    const { name } = planned.schema;
    notes.push(...(plan.tables.length > 1 ? ofTable.map((note) => `${name}: ${note}`) : ofTable));
  }
  const isEmpty = tables.every(({ columnIndexes }) => columnIndexes.size === 0);
  // Documents of other types have the members beside the rows too: they identify nothing.
  const ofRows = tables.flatMap(({ table }) =>
    table.columns.filter(({ header }) => !header?.startsWith('$.')),
  );
  const paths = tables.flatMap(({ columnIndexes }) => [...columnIndexes.keys()].map(shownPath));
  if (!isEmpty) refuseUnknown(facts, ofRows, paths);
  const isOther = found.tables.size === 0 && taken.length === 0;
  if (isOther && otherLists.length + others.length > 0) {
    refuseUnknown(facts, [], [...otherLists, ...others]);
  }
  return { tables, notes };
}

/** Errors: KEY_COLUMN_MISSING. */
function plannedTable(
  facts: DocumentFacts,
  {
    plan,
    planned,
    above,
    rules,
  }: { plan: ObjectPlan; planned: PlannedTable; above: Leaf[]; rules: ValueRules },
  survey: ObjectSurvey,
): { table: ObjectTable; notes: string[] } {
  const { schema } = planned;
  if (survey.rows > 0) for (const leaf of above) survey.add(leaf);
  const { columns, columnIndexes, notes } = survey.columns(rules);
  if (survey.rows > 0) refuseKeyless(facts, schema, columns, [...columnIndexes.keys()].map(shownPath));
  const table: ObjectTable = {
    table: tableOf(schema, columns),
    columnIndexes,
    hasRowsIn: (list) => list !== undefined && plan.tablesOf(list).includes(planned),
    rowsOf: (list, value) => plan.rowsOf(planned, list ?? '', value, above),
    above,
  };
  return { table, notes };
}

/**
 * A table for each list that the schema does not name. Without a schema, also one for what is
 * beside the lists.
 */
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
    // Decided by which lists there are, not by their rows: a list keeps its table when others are
    // empty.
    const isOnly = !plan && (surveys.size === 1 || (lists.size === 1 && list !== undefined));
    const name = isOnly ? base : snakeCaseName(`${base}_${splitWords(list ?? 'header')}`, taken);
    // Values beside empty lists describe nothing.
    if (isEmpty || survey.isEmpty()) return [];
    const { columns, columnIndexes } = survey.columns(rules);
    return {
      table: { name, rowsPath: shownPath(list ?? '') || '$', load: { mode: 'append', key: [] }, columns },
      columnIndexes,
      hasRowsIn: (each) => each === list,
      rowsOf: (_, value) => [leavesOf(value)],
      above: [],
    };
  });
}
