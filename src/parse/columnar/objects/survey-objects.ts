import type { DocumentLimits } from '../../../config/documents-spec.js';
import { type Kernel, takeKernel } from '../../../kernel/kernel.js';
import type { ReadableDocument } from '../../../source/types.js';
import { JsonFindings } from '../../objects/json-findings.js';
import { ObjectSurvey } from '../../objects/object-columns.js';
import { noPaths, type ObjectPlan, type TableInItems } from '../../objects/object-plan.js';
import { type FoundObjects, takeSingles } from '../../objects/object-survey.js';
import { JsonRows } from './json-rows.js';
import { ListReader } from './list-reader.js';
import { type ObjectFormat, openSource } from './object-source.js';
import { BufferedInference } from '../columns/buffered-inference.js';
import type { PathTree } from './path-tree.js';
import { cellsOf, type Rows } from '../rows.js';
import { notColumnar } from '../../parse-hint.js';
import { ReadAgain } from '../../../source/read-again.js';

/**
 * Finds out what a document of objects has, or what its first `maxBytes` have, as `surveyObjects`
 * does. Values are inspected only if no column of the schema declares their type.
 * Errors: ReadAgain<ParseHint>, also if tables of the schema are nested in an unusual way.
 */
export async function surveyColumnar(
  document: ReadableDocument,
  format: ObjectFormat,
  plan: ObjectPlan | undefined,
  maxBytes?: number,
): Promise<FoundObjects & { isWhole: boolean }> {
  const found: FoundObjects = { tables: new Map(), lists: new Map(), beside: undefined };
  const { maxLists } = document.limits;
  const kernel = takeKernel();
  try {
    const lists = new Map<string, ListSurvey[]>();
    const surveysOf = (list: string) => {
      const known = lists.get(list);
      if (known) return known;
      if (lists.size >= maxLists) throw notColumnar(`it has more than ${maxLists} lists`);
      const opened = openSurveys(kernel, list, { format, plan, found, limits: document.limits });
      lists.set(list, opened);
      return opened;
    };
    const source = openSource(format, {
      document,
      kernel,
      paths: plan?.lists ?? noPaths,
      readersOf: (list) => surveysOf(list).map(({ reader }) => reader),
      // What reading the rows finds is reported.
      findings: new JsonFindings(),
      maxBytes,
    });
    try {
      for await (const { list, value } of source.rows) {
        if (list === undefined) continue;
        const surveys = surveysOf(list);
        if (value !== undefined) surveys.find(({ reader }) => reader === value.reader)?.add(value.rows);
      }
    } catch (error) {
      // A document that is cut off on purpose looks malformed.
      const isMalformed = error instanceof ReadAgain && error.hint.kind === 'reference-parser';
      if (!source.isCut() || !isMalformed) throw error;
    }
    found.beside = source.beside();
    for (const survey of [...lists.values()].flat()) survey.end();
    if (plan && source.firsts) takeSingles(found, source.firsts);
    return { ...found, isWhole: !source.isCut() };
  } finally {
    kernel.release();
  }
}

function openSurveys(
  kernel: Kernel,
  list: string,
  {
    format,
    plan,
    found,
    limits,
  }: { format: ObjectFormat; plan: ObjectPlan | undefined; found: FoundObjects; limits: DocumentLimits },
): ListSurvey[] {
  const tables = plan?.tablesInItems(list) ?? [];
  if (plan && plan.tablesOf(list).length > tables.length) throw notColumnar('its tables are in each other');
  if (!plan || tables.length === 0) {
    const survey = new ObjectSurvey(limits);
    found.lists.set(list, survey);
    return [new ListSurvey(kernel, survey, format)];
  }
  return tables.map((inItems) => {
    const survey = new ObjectSurvey(limits, inItems.table.schema);
    found.tables.set(inItems.table, { survey, list });
    return new ListSurvey(kernel, survey, format, { ...inItems, wholePaths: plan.wholePaths(inItems.table) });
  });
}

/** XML does not tell a list of one from a value. */
export const wholeForms = { JSON: 'whole', XML: 'list' } as const;

/** What the rows of one table in a list have. */
class ListSurvey {
  readonly reader: ListReader;
  /** Paths whose texts are inspected, with the index of their column. */
  private readonly looked = new Map<string, { index: number; texts: BufferedInference }>();

  constructor(
    private readonly kernel: Kernel,
    private readonly survey: ObjectSurvey,
    format: ObjectFormat,
    private readonly inItems?: TableInItems & { wholePaths: Set<string> },
  ) {
    const rows = new JsonRows(kernel, new JsonFindings(), format === 'XML');
    this.reader = new ListReader(kernel, rows, inItems?.steps ?? [], () => this.takeNewPaths());
    for (const path of inItems?.wholePaths ?? []) rows.tree.set(path, -1, wholeForms[format]);
    for (const path of inItems?.leftOut ?? []) rows.tree.set(path, -1, 'whole');
    this.takeNewPaths();
  }

  /** Assigns a column to each new path that the schema does not declare. */
  takeNewPaths(): void {
    const { rows } = this.reader;
    for (const { path } of rows.tree.met()) {
      if (this.inItems && !isTaken(path, this.inItems)) continue;
      if (this.survey.isDeclared(path) || this.looked.has(path)) continue;
      const index = this.looked.size;
      rows.tree.set(path, index, 'text');
      const look = (text: string) => {
        this.survey.infer(path, text);
        return !this.survey.isText(path);
      };
      this.looked.set(path, { index, texts: new BufferedInference(this.kernel, look) });
    }
    rows.widen(this.looked.size);
  }

  add(rows: Rows): void {
    this.survey.rows += rows.count;
    noteMet(this.reader.rows.tree, this.survey, this.inItems);
    for (const { index, texts } of this.looked.values()) texts.add(cellsOf(rows, index * 2, 'json'));
  }

  end(): void {
    noteMet(this.reader.rows.tree, this.survey, this.inItems);
    for (const { texts } of this.looked.values()) texts.flush();
  }
}

/**
 * Records what the paths of rows hold.
 * Errors: ReadAgain<ParseHint>.
 */
export function noteMet(tree: PathTree, survey: ObjectSurvey, inItems?: TableInItems): void {
  const met = tree.met().filter(({ path }) => !inItems || isTaken(path, inItems));
  for (const { path, kinds } of met) {
    if (path === '.' && kinds.includes('json')) throw notColumnar('its rows are lists');
    if (path === '.' && kinds.length > 0 && !survey.takesScalars())
      throw notColumnar('some of its rows are not objects');
    for (const kind of kinds) if (kind !== 'none') survey.note(path, kind);
  }
  const withNulls = met.filter(({ kinds }) => kinds.includes('none'));
  for (const { path } of withNulls.sort((a, b) => a.nullOrder - b.nullOrder)) survey.note(path, 'none');
}

function isTaken(path: string, { takes, leftOut }: TableInItems): boolean {
  return takes(path) && !leftOut.has(path);
}
