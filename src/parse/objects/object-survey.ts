import type { DocumentLimits } from '../../config/documents-spec.js';
import { leavesOf } from './leaves.js';
import { ObjectSurvey } from './object-columns.js';
import type { ObjectRow } from './object-plan.js';
import type { ObjectPlan, PlannedTable } from './object-plan.js';
import { checkLists } from '../limits.js';

/** What a document of objects has, known before its rows are read. */
export interface FoundObjects {
  /**
   * Tables of the schema whose list the document has, even an empty one, with the path of the list.
   */
  tables: Map<PlannedTable, { survey: ObjectSurvey; list: string }>;
  /** Lists that no table names. */
  lists: Map<string, ObjectSurvey>;
  /** What is beside the lists; undefined if there is nothing. */
  beside: unknown;
  /** What the first item has that has no row of any table, if the whole document is a list. */
  rowless?: unknown;
}

/**
 * Reads a document of objects once. One object at a time is in memory, and what is beside the
 * lists.
 * Errors: LimitExceeded, and those of `objects`.
 */
export async function surveyObjects(
  objects: AsyncIterable<ObjectRow>,
  plan: ObjectPlan | undefined,
  limits: DocumentLimits,
): Promise<FoundObjects> {
  const found: FoundObjects = { tables: new Map(), lists: new Map(), beside: undefined };
  const firsts = new Map<string, unknown>();
  const declaredLists = new Set<string>();
  for await (const { list, value } of objects) {
    if (list === undefined) {
      found.beside = value;
      continue;
    }
    const tables = plan?.tablesOf(list) ?? [];
    for (const table of tables) {
      const { survey } = found.tables.get(table) ?? { survey: new ObjectSurvey(limits, table.schema) };
      found.tables.set(table, { survey, list });
      if (value === undefined) continue;
      for (const leaves of plan?.rowsOf(table, list, value) ?? []) survey.addRow(leaves);
    }
    if (
      list === '' &&
      value !== undefined &&
      tables.every((table) => found.tables.get(table)?.survey.rows === 0)
    )
      found.rowless ??= value;
    if (tables.length > 0) continue;
    const survey = found.lists.get(list) ?? new ObjectSurvey(limits);
    found.lists.set(list, survey);
    checkLists(found.lists.size, limits);
    if (value === undefined) declaredLists.add(list);
    else {
      if (!firsts.has(list)) firsts.set(list, value);
      survey.addRow(leavesOf(value));
    }
  }
  if (plan) takeSingles(found, firsts, declaredLists);
  return found;
}

/**
 * XML does not declare its lists: an element that occurs once belongs to the document as a whole.
 * `firsts` has the first row of each list.
 */
export function takeSingles(
  found: FoundObjects,
  firsts: Map<string, unknown>,
  declaredLists = new Set<string>(),
): void {
  for (const [list, survey] of found.lists) {
    if (declaredLists.has(list) || survey.rows > 1) continue;
    found.lists.delete(list);
    found.beside = { ...(found.beside ?? {}), [list]: firsts.get(list) };
  }
}
