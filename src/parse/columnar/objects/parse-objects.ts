import { isDeepStrictEqual } from 'node:util';
import type { DocumentLimits } from '../../../config/documents-spec.js';
import { ReportsError } from '../../../errors/reports-error.js';
import { joinFindings } from '../../../schema/findings.js';
import { readColumnPath, separator } from '../../../schema/object-path.js';
import type { ReportSchema } from '../../../schema/types.js';
import type { ReadableDocument } from '../../../source/types.js';
import { type DocumentStream, documentStream, type StreamEnd } from '../../document-stream.js';
import { readJsonObjects } from '../../objects/json.js';
import { JsonFindings } from '../../objects/json-findings.js';
import { type ObjectTable, readObjectTexts } from '../../objects/object-batches.js';
import { ObjectSurvey } from '../../objects/object-columns.js';
import { noPaths, ObjectPlan, type PlannedTable } from '../../objects/object-plan.js';
import type { FoundObjects } from '../../objects/object-survey.js';
import {
  confirmed,
  objectBasis,
  type ObjectDecision,
  objectDialect,
  type ObjectLayout,
  objectLayout,
  type ObjectReading,
  parseObjects,
} from '../../objects/objects.js';
import { readXmlObjects } from '../../objects/xml/xml.js';
import { wrongAssumption } from '../../parse-hint.js';
import type { ParsedBatch } from '../../types.js';
import { usualRules } from '../../values/decide-rules.js';
import { Evidence } from '../../values/evidence.js';
import type { ValueRules } from '../../values/values.js';
import type { ObjectFormat } from './object-source.js';
import { readColumnar } from './read-objects.js';
import { surveyColumnar } from './survey-objects.js';

/**
 * Parses a document of objects by the columnar engine. If the schema knows everything that the
 * first `beginningBytes` have, the same is assumed of the rest and the document is read in one
 * pass. Otherwise, or with `wholeSurvey` after that assumption was wrong, a survey of the whole
 * document comes first. Documents that the kernel does not read, because of how they are written
 * or how their tables are nested, are left to the reference parser.
 * Errors: HEADER_UNKNOWN, KEY_COLUMN_MISSING, and ReadAgain<ParseHint>, from here or from the
 * batches.
 */
export async function parseColumnarObjects(
  document: ReadableDocument,
  format: ObjectFormat,
  schema: ReportSchema | undefined,
  {
    wholeSurvey,
    beginningBytes,
    decision,
  }: { wholeSurvey: boolean; beginningBytes: number; decision: ObjectDecision },
): Promise<DocumentStream> {
  const assumed =
    schema?.tables.length && !wholeSurvey
      ? await assume(document, format, schema, { beginningBytes, decision })
      : undefined;
  if (assumed) return assumed;
  const findings = new JsonFindings();
  const reading: ObjectReading = {
    engine: 'columnar',
    survey: (plan) => surveyColumnar(document, format, plan),
    batches: (tables, plan, rules, evidence) =>
      readColumnar(document, tables, plan, { format, rules, evidence, findings }),
    texts: (tables, plan) => textsOf(document, format, tables, plan),
    warnings: () => findings.warnings(),
  };
  return parseObjects(document, schema, reading, decision);
}

function textsOf(
  document: ReadableDocument,
  format: ObjectFormat,
  tables: ObjectTable[],
  plan: ObjectPlan | undefined,
) {
  const paths = plan?.lists ?? noPaths;
  const objects = format === 'XML' ? readXmlObjects(document, paths) : readJsonObjects(document, paths);
  return readObjectTexts(objects, tables);
}

/** Undefined if the beginning does not allow an assumption. */
async function assume(
  document: ReadableDocument,
  format: ObjectFormat,
  schema: ReportSchema,
  { beginningBytes, decision }: { beginningBytes: number; decision: ObjectDecision },
): Promise<DocumentStream | undefined> {
  const plan = new ObjectPlan(schema);
  if (!plan.tables.every((table) => plan.tableOfItems(listOf(table)) === table)) return undefined;
  const beginning = await surveyColumnar(document, format, plan, beginningBytes);
  if (beginning.isWhole) return undefined;
  const basis = objectBasis(document.raw.metadata, schema, decision);
  const rules = usualRules(basis);
  const layoutOf = (found: FoundObjects) => {
    try {
      return objectLayout(document, plan, found, rules);
    } catch (error) {
      // Only the whole document may be refused for what it has or lacks.
      if (error instanceof ReportsError) return undefined;
      throw error;
    }
  };
  const assumed = layoutOf(withAllColumns(beginning, { plan, rules, limits: document.limits }))?.tables;
  const isKnown = assumed?.every(({ table }) => table.columns.every(({ origin }) => origin === 'schema'));
  if (!assumed || !isKnown) return undefined;
  return documentStream(
    {
      engine: 'columnar',
      dialect: objectDialect(rules),
      tables: assumed.map(({ table }) => table),
    },
    readBatches(assumed),
  );

  async function* readBatches(assumed: ObjectTable[]): AsyncGenerator<ParsedBatch, StreamEnd> {
    let right: ObjectLayout = { tables: [], notes: [], decisions: [] };
    const evidence = new Evidence();
    const findings = new JsonFindings();
    const check = (found: FoundObjects) => {
      const layout = layoutOf(found);
      const holds = layout?.tables.every((table) => isAmong(assumed, table));
      if (!layout || !holds) throw wrongAssumption({ kind: 'whole-survey' });
      right = layout;
    };
    yield* readColumnar(document, assumed, plan, { format, rules, evidence, findings, check });
    const { tables } = right;
    const read = { rules, tables, basis, texts: () => textsOf(document, format, tables, plan) };
    const { notes, decisions } = right;
    const ofReading = { notes, decisions, warnings: findings.warnings() };
    const ofValues = await confirmed(evidence, read, decision);
    return {
      tables: tables.map(({ table }) => table),
      ...joinFindings(ofReading, { ...ofValues, notes: [] }),
    };
  }
}

function listOf({ names }: PlannedTable): string {
  return names.join(separator);
}

/** What was found, extended by everything that the schema has: the rest may have it. */
function withAllColumns(
  found: FoundObjects,
  { plan, rules, limits }: { plan: ObjectPlan; rules: ValueRules; limits: DocumentLimits },
): FoundObjects {
  const all: FoundObjects = { ...found, tables: new Map() };
  for (const table of plan.tables) {
    const survey = found.tables.get(table)?.survey ?? new ObjectSurvey(limits, table.schema);
    const seen = survey.columns(rules).columns;
    table.schema.columns.forEach(({ from }, index) => {
      const path = readColumnPath(from[0] ?? '');
      const isOfRow = path?.from === 'row' && path.up === 0;
      if (isOfRow && seen[index]?.header === undefined)
        survey.note(path.names.join(separator) || '.', 'text');
    });
    survey.rows = Math.max(1, survey.rows);
    all.tables.set(table, { survey, list: listOf(table) });
  }
  return all;
}

/**
 * Whether the table as found is one of those assumed: it has the same columns, and its values went
 * to them.
 */
function isAmong(assumed: ObjectTable[], right: ObjectTable): boolean {
  const table = assumed.find((each) => each.table.name === right.table.name);
  if (!table) return false;
  const typed = ({ table: { columns } }: ObjectTable) => columns.map(({ name, type }) => ({ name, type }));
  const values = ({ above }: ObjectTable) => above.filter(({ kind }) => kind !== 'none');
  return (
    isDeepStrictEqual(typed(table), typed(right)) &&
    isDeepStrictEqual(values(table), values(right)) &&
    [...right.columnIndexes].every(([path, index]) => table.columnIndexes.get(path) === index)
  );
}
