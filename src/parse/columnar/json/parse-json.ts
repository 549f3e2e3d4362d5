import { isDeepStrictEqual } from 'node:util';
import { ReportsError } from '../../../errors/reports-error.js';
import { readColumnPath, separator } from '../../../schema/object-path.js';
import type { ReportSchema } from '../../../schema/types.js';
import type { ExaminedDocument } from '../../../source/types.js';
import type { ObjectTable } from '../../objects/object-batches.js';
import { ObjectSurvey } from '../../objects/object-columns.js';
import { ObjectPlan, type PlannedTable } from '../../objects/object-plan.js';
import type { FoundObjects } from '../../objects/object-survey.js';
import { objectLayout, objectRules, parseObjects } from '../../objects/objects.js';
import type { ParsedBatch, ParsedDocument } from '../../types.js';
import type { ValueRules } from '../../values/values.js';
import { readJsonColumns } from './json-columns.js';
import { surveyJson } from './json-survey.js';
import { WrongAssumption } from '../wrong-assumption.js';

/**
 * Parses a JSON document by the columnar engine. Where the schema knows all that its beginning has, that is assumed of the rest, and the
 * document is read in one pass: tables and notes are complete when the batches are. Else, or where the assumption was wrong, a survey of the
 * whole document comes first. `beginningBytes` are looked at for an assumption. What has tables in each other, or is written in a way that is not read here, is left to the reference parser.
 * Errors: HEADER_UNKNOWN, KEY_COLUMN_MISSING, WrongAssumption, NotColumnar.
 */
export async function parseJson(
  document: ExaminedDocument,
  schema: ReportSchema | undefined,
  { known, beginningBytes }: { known: 'whole survey' | undefined; beginningBytes: number },
): Promise<ParsedDocument> {
  const assumed =
    schema?.tables.length && !known ? await assume(document, schema, beginningBytes) : undefined;
  const parsed =
    assumed ??
    (await parseObjects(document, schema, {
      survey: (plan) => surveyJson(document, plan),
      batches: (tables, plan, rules) => readJsonColumns(document, tables, plan, rules),
    }));
  return { ...parsed, engine: 'columnar' };
}

/** Undefined where too little can be assumed. */
async function assume(
  document: ExaminedDocument,
  schema: ReportSchema,
  beginningBytes: number,
): Promise<ParsedDocument | undefined> {
  const { facts } = document.raw;
  const plan = new ObjectPlan(schema);
  if (!plan.tables.every((table) => plan.tableOfItems(listOf(table)) === table)) return undefined;
  const beginning = await surveyJson(document, plan, beginningBytes);
  if (beginning.isWhole) return undefined;
  const rules = objectRules(schema);
  const layoutOf = (found: FoundObjects) => {
    try {
      return objectLayout(facts, plan, found, rules);
    } catch (error) {
      // What is refused is refused for what the whole of it has.
      if (error instanceof ReportsError) return undefined;
      throw error;
    }
  };
  const tables = layoutOf(withAllColumns(beginning, plan, rules))?.tables;
  const isKnown = tables?.every(({ table }) => table.columns.every(({ origin }) => origin === 'schema'));
  if (!tables || !isKnown) return undefined;
  const parsed: ParsedDocument = {
    dialect: { ...rules, preambleLines: 0 },
    tables: tables.map(({ table }) => table),
    notes: [],
    batches: readBatches(),
  };
  return parsed;

  async function* readBatches(): AsyncGenerator<ParsedBatch> {
    const assumed = tables as ObjectTable[];
    let right: ReturnType<typeof layoutOf>;
    yield* readJsonColumns(document, assumed, plan, rules, (found) => {
      right = layoutOf(found);
      const holds = right?.tables.every((table) => isAmong(assumed, table));
      if (!holds) throw new WrongAssumption('whole survey');
    });
    parsed.tables.splice(0, parsed.tables.length, ...(right?.tables.map(({ table }) => table) ?? []));
    parsed.notes.push(...(right?.notes ?? []));
  }
}

function listOf({ names }: PlannedTable): string {
  return names.join(separator);
}

/** What was found, and besides it all that the schema has: it may come yet. */
function withAllColumns(found: FoundObjects, plan: ObjectPlan, rules: ValueRules): FoundObjects {
  const all: FoundObjects = { ...found, tables: new Map() };
  for (const table of plan.tables) {
    const survey = found.tables.get(table)?.survey ?? new ObjectSurvey(table.schema);
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

/** Whether a table as it was found to be is one of those assumed: with the same columns, and its values went there. */
function isAmong(assumed: ObjectTable[], right: ObjectTable): boolean {
  const table = assumed.find((each) => each.table.name === right.table.name);
  if (!table) return false;
  const typed = ({ table: { columns } }: ObjectTable) => columns.map(({ name, type }) => ({ name, type }));
  const values = ({ above }: ObjectTable) => above.filter(({ kind }) => kind !== 'none');
  return (
    isDeepStrictEqual(typed(table), typed(right)) &&
    isDeepStrictEqual(values(table), values(right)) &&
    [...right.places].every(([path, place]) => table.places.get(path) === place)
  );
}
