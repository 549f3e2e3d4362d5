import type { DocumentLimits } from '../../../config/documents-spec.js';
import { type Kernel, takeKernel } from '../../../kernel/kernel.js';
import type { ReadableDocument } from '../../../source/types.js';
import { JsonFindings } from '../../objects/json-findings.js';
import { emptyObject, walkJson } from '../../objects/json-walk.js';
import { ObjectSurvey } from '../../objects/object-columns.js';
import { noPaths } from '../../objects/object-plan.js';
import type { ObjectPlan } from '../../objects/object-plan.js';
import type { FoundObjects } from '../../objects/object-survey.js';
import { JsonBytes } from './json-bytes.js';
import { JsonRows } from './json-rows.js';
import { BufferedInference } from '../columns/buffered-inference.js';
import type { PathTree } from './path-tree.js';
import { cellsOf, type Rows } from '../rows.js';
import { notColumnar } from '../../parse-hint.js';
import { ReadAgain } from '../../../source/read-again.js';

/**
 * Finds out what a JSON document has, or what its first `maxBytes` have, as `surveyObjects` does.
 * Values are inspected only if no column of the schema declares their type.
 * Errors: ReadAgain<ParseHint>, also if tables of the schema are nested.
 */
export async function surveyJson(
  document: ReadableDocument,
  plan: ObjectPlan | undefined,
  maxBytes?: number,
): Promise<FoundObjects & { isWhole: boolean }> {
  const found: FoundObjects = { tables: new Map(), lists: new Map(), beside: undefined };
  const { maxLists } = document.limits;
  const kernel = takeKernel();
  try {
    const lists = new Map<string, ListSurvey>();
    const surveyOf = (list: string) => {
      const known = lists.get(list);
      if (known) return known;
      if (lists.size >= maxLists) throw notColumnar(`it has more than ${maxLists} lists`);
      const opened = openSurvey(kernel, list, { plan, found, limits: document.limits });
      lists.set(list, opened);
      return opened;
    };
    const source = new JsonBytes(
      document,
      kernel,
      (list) => surveyOf(list).rows,
      (list) => surveyOf(list).takeNewPaths(),
      // What reading the rows finds is reported.
      new JsonFindings(),
      maxBytes,
    );
    const beside = emptyObject();
    try {
      for await (const { list, value } of walkJson(source, plan?.lists ?? noPaths, beside)) {
        if (list === undefined) continue;
        const survey = surveyOf(list);
        if (value !== undefined) survey.add(value);
      }
    } catch (error) {
      // A document that is cut off on purpose looks malformed.
      const isMalformed = error instanceof ReadAgain && error.hint.kind === 'reference-parser';
      if (!source.isCut() || !isMalformed) throw error;
    }
    if (Object.keys(beside).length > 0) found.beside = beside;
    for (const survey of lists.values()) survey.end();
    return { ...found, isWhole: !source.isCut() };
  } finally {
    kernel.release();
  }
}

function openSurvey(
  kernel: Kernel,
  list: string,
  { plan, found, limits }: { plan: ObjectPlan | undefined; found: FoundObjects; limits: DocumentLimits },
): ListSurvey {
  const table = plan?.tableOfItems(list);
  if (plan && table) {
    const survey = new ObjectSurvey(limits, table.schema);
    found.tables.set(table, { survey, list });
    return new ListSurvey(kernel, survey, plan.wholePaths(table));
  }
  if (plan && plan.tablesOf(list).length > 0) throw notColumnar('its tables are in each other');
  const survey = new ObjectSurvey(limits);
  found.lists.set(list, survey);
  return new ListSurvey(kernel, survey, new Set());
}

/** What the rows of one list have. */
class ListSurvey {
  readonly rows: JsonRows;
  /** Paths whose texts are inspected, with the index of their column. */
  private readonly looked = new Map<string, { index: number; texts: BufferedInference }>();

  constructor(
    private readonly kernel: Kernel,
    private readonly survey: ObjectSurvey,
    wholePaths: Set<string>,
  ) {
    this.rows = new JsonRows(kernel, new JsonFindings());
    for (const path of wholePaths) this.rows.tree.set(path, -1, 'whole');
    this.takeNewPaths();
  }

  /** Assigns a column to each new path that the schema does not declare. */
  takeNewPaths(): void {
    for (const { path } of this.rows.tree.met()) {
      if (this.survey.isDeclared(path) || this.looked.has(path)) continue;
      const index = this.looked.size;
      this.rows.tree.set(path, index, 'text');
      const look = (text: string) => {
        this.survey.infer(path, text);
        return !this.survey.isText(path);
      };
      this.looked.set(path, { index, texts: new BufferedInference(this.kernel, look) });
    }
    this.rows.widen(this.looked.size);
  }

  add(rows: Rows): void {
    this.survey.rows += rows.count;
    noteMet(this.rows.tree, this.survey);
    for (const { index, texts } of this.looked.values()) texts.add(cellsOf(rows, index * 2, 'json'));
  }

  end(): void {
    noteMet(this.rows.tree, this.survey);
    for (const { texts } of this.looked.values()) texts.flush();
  }
}

/**
 * Records what the paths of rows hold.
 * Errors: ReadAgain<ParseHint>.
 */
export function noteMet(tree: PathTree, survey: ObjectSurvey): void {
  for (const { path, kinds } of tree.met()) {
    if (path === '.' && kinds.includes('json')) throw notColumnar('its rows are lists');
    if (path === '.' && kinds.length > 0 && !survey.takesScalars())
      throw notColumnar('some of its rows are not objects');
    for (const kind of kinds) survey.note(path, kind);
  }
}
