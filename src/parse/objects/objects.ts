import { isDeepStrictEqual } from 'node:util';
import type { DocumentLimits } from '../../config/documents-spec.js';
import type { Warning } from '../../errors/warnings.js';
import { snakeCaseName } from '../../schema/column-name.js';
import { defaultTableName } from '../../schema/infer.js';
import { shownPath } from '../../schema/object-path.js';
import { type Decision, joinFindings } from '../../schema/findings.js';
import type { ReportSchema } from '../../schema/types.js';
import type { DocumentMetadata, ReadableDocument } from '../../source/types.js';
import { type Leaf, leavesOf } from './leaves.js';
import { ObjectSurvey, splitWords } from './object-columns.js';
import { type ListPaths, noPaths, type ObjectRow } from './object-plan.js';
import { ObjectPlan, type PlannedTable } from './object-plan.js';
import { type ObjectTable, readObjectBatches, readObjectTexts } from './object-batches.js';
import { type FoundObjects, surveyObjects } from './object-survey.js';
import { statedReportType } from './stated-type.js';
import { refuseKeyless, refuseUnknown, tableOf } from '../layout/table-layout.js';
import { type DocumentStream, documentStream, type StreamEnd } from '../document-stream.js';
import { wrongAssumption } from '../parse-hint.js';
import type { Dialect, Engine, ParsedBatch } from '../types.js';
import {
  type DecidedRules,
  type DecisionBasis,
  decideRules,
  type EarlierDecisions,
  type TextOf,
  usualRules,
} from '../values/decide-rules.js';
import { Evidence } from '../values/evidence.js';
import type { ValueRules } from '../values/values.js';

/** How a document of objects is read. */
export interface ObjectReading {
  engine: Engine;
  survey(plan: ObjectPlan | undefined): Promise<FoundObjects>;
  /** `evidence` receives what the values show. */
  batches(
    tables: ObjectTable[],
    plan: ObjectPlan | undefined,
    rules: ValueRules,
    evidence: Evidence,
  ): AsyncIterable<ParsedBatch>;
  /** The rows as texts. */
  texts(tables: ObjectTable[], plan: ObjectPlan | undefined): AsyncIterable<TextOf>;
  /** What reading the batches found besides; for formats in which something may be found. */
  warnings?: () => Warning[];
}

/** What the values of a document of objects are decided by. */
export interface ObjectDecision {
  earlier: EarlierDecisions;
  /** What an earlier attempt decided. */
  decided?: DecidedRules;
  /** Why the columnar parser cannot read the document. */
  referenceReason?: string;
}

/**
 * Parses a document of lists of objects, JSON or XML, in two passes. A survey finds the paths of
 * its rows and what is beside them, then the rows are read. A schema says which lists are tables. A
 * list that it does not name, and every list if there is no schema, becomes a table with inferred
 * columns: nested objects are flattened by name, lists are kept as JSON.
 * Errors: HEADER_UNKNOWN, KEY_COLUMN_MISSING, and those of the reading.
 */
export async function parseObjects(
  document: Pick<ReadableDocument, 'raw' | 'limits'>,
  schema: ReportSchema | undefined,
  reading: ObjectReading,
  decision: ObjectDecision,
): Promise<DocumentStream> {
  const plan = schema?.tables.length ? new ObjectPlan(schema) : undefined;
  const found = await reading.survey(plan);
  const rules = decision.decided?.rules ?? usualRules(objectBasis(document.raw.metadata, schema, decision));
  const { tables, notes, decisions } = objectLayout(document, plan, found, rules);
  const { engine } = reading;
  return documentStream(
    {
      engine,
      dialect: objectDialect(rules),
      tables: tables.map(({ table }) => table),
    },
    readBatches(),
  );

  async function* readBatches(): AsyncGenerator<ParsedBatch, StreamEnd> {
    const evidence = new Evidence();
    yield* reading.batches(tables, plan, rules, evidence);
    const basis = objectBasis(document.raw.metadata, schema, decision);
    const texts = () => reading.texts(tables, plan);
    const ofReading = { notes, decisions, warnings: reading.warnings?.() };
    const ofValues = await confirmed(evidence, { rules, tables, basis, texts }, decision);
    return joinFindings(ofReading, { ...ofValues, notes: [] });
  }
}

/** What the rows of a document of objects were read by. */
interface ObjectRead {
  rules: ValueRules;
  tables: ObjectTable[];
  basis: DecisionBasis;
  texts: () => AsyncIterable<TextOf>;
}

/**
 * What was found about the rules by which rows were read, if they are those that the rows show.
 * Errors: ReadAgain<ParseHint>.
 */
export async function confirmed(
  evidence: Evidence,
  { rules, tables, basis, texts }: ObjectRead,
  { decided, referenceReason }: ObjectDecision,
): Promise<DecidedRules> {
  if (decided) return decided;
  const columns = tables.flatMap(({ table }) => table.columns);
  const right = await decideRules(evidence, basis, columns, texts);
  if (isDeepStrictEqual(right.rules, rules)) return right;
  throw wrongAssumption({ kind: 'object-rules', decided: right, referenceReason });
}

/** Numbers in JSON and XML have a decimal point. */
export function objectBasis(
  metadata: DocumentMetadata,
  schema: ReportSchema | undefined,
  { earlier }: Pick<ObjectDecision, 'earlier'>,
): DecisionBasis {
  const tables = schema?.tables ?? [];
  const declared = tables.flatMap(({ columns }) =>
    columns.filter(({ dateOrder }) => dateOrder !== undefined),
  );
  return { metadata, declared, periodColumn: tables[0]?.partitionBy, earlier, decimalMark: '.' };
}

export function objectDialect({ decimalMark, dateOrder }: ValueRules): Dialect {
  return { decimalMark, dateOrder, preambleLines: 0 };
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
  { raw: { metadata }, limits }: Pick<ReadableDocument, 'raw' | 'limits'>,
  plan: ObjectPlan | undefined,
  found: FoundObjects,
  rules: ValueRules,
): ObjectLayout {
  const planned = plan ? plannedLayout(metadata, plan, found, rules) : { tables: [], notes: [] };
  const stated = statedReportType(found.beside);
  return {
    tables: [...planned.tables, ...inferredTables(metadata, found, { plan, rules, limits })],
    notes: planned.notes,
    decisions: stated ? [stated] : [],
  };
}

/**
 * Reads a document object by object; `openObjects` streams them from the start.
 * Errors: DOCUMENT_UNPARSABLE.
 */
export function oneByOne(
  openObjects: (paths: ListPaths) => AsyncIterable<ObjectRow>,
  { batchRows, limits }: { batchRows: number; limits: DocumentLimits },
): ObjectReading {
  const open = (plan: ObjectPlan | undefined) => openObjects(plan?.lists ?? noPaths);
  return {
    engine: 'reference',
    survey: (plan) => surveyObjects(open(plan), plan, limits),
    batches: (tables, plan, rules, evidence) =>
      readObjectBatches(open(plan), tables, { rules, batchRows, evidence }),
    texts: (tables, plan) => readObjectTexts(open(plan), tables),
  };
}

/** Members that identify the kind of a document. The ledger already has it. */
const kindOfDocument = /(^|\.)(reportType|MessageType|DocumentVersion)$/;

/**
 * The tables of the schema whose lists the document has, in the schema's order.
 * Errors: HEADER_UNKNOWN if the document has something, but no list that the schema knows, and no
 * value; KEY_COLUMN_MISSING.
 */
function plannedLayout(
  metadata: DocumentMetadata,
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
    const { table, notes: ofTable } = plannedTable(metadata, { plan, planned, above, rules }, seen.survey);
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
  if (!isEmpty) refuseUnknown(metadata, ofRows, paths);
  const isOther = found.tables.size === 0 && taken.length === 0;
  const hasOtherRows = found.tables.size === 0 && [...found.lists.values()].some((list) => !list.isEmpty());
  if (hasOtherRows || (isOther && otherLists.length + others.length > 0)) {
    refuseUnknown(metadata, [], [...otherLists, ...others]);
  }
  if (isEmpty && found.rowless !== undefined) {
    const inItems = [...leavesOf(found.rowless)].map(({ path }) => `[].${shownPath(path)}`);
    refuseUnknown(metadata, [], inItems);
  }
  return { tables, notes };
}

/** Errors: KEY_COLUMN_MISSING. */
function plannedTable(
  metadata: DocumentMetadata,
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
  if (survey.rows > 0) refuseKeyless(metadata, schema, columns, [...columnIndexes.keys()].map(shownPath));
  const table: ObjectTable = {
    table: tableOf(schema, columns),
    columnIndexes,
    hasRowsIn: (list) => list !== undefined && plan.tablesOf(list).includes(planned),
    rowsOf: (list, value) => plan.rowsOf(planned, list ?? '', value, above),
    takesScalars: survey.takesScalars(),
    above,
  };
  return { table, notes };
}

/**
 * A table for each list that the schema does not name. Without a schema, also one for what is
 * beside the lists.
 */
function inferredTables(
  { reportType }: DocumentMetadata,
  { lists, beside }: FoundObjects,
  { plan, rules, limits }: { plan: ObjectPlan | undefined; rules: ValueRules; limits: DocumentLimits },
): ObjectTable[] {
  const surveys = new Map<string | undefined, ObjectSurvey>(lists);
  if (beside !== undefined && !plan) {
    const survey = new ObjectSurvey(limits);
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
      takesScalars: true,
      above: [],
    };
  });
}
