import type { DocumentLimits } from '../../../config/documents-spec.js';
import { type Kernel, takeKernel } from '../../../kernel/kernel.js';
import { isScalar } from '../../../schema/column-type.js';
import type { ReadableDocument } from '../../../source/types.js';
import type { JsonFindings } from '../../objects/json-findings.js';
import { type ObjectTable, readObjectBatches, textFor } from '../../objects/object-batches.js';
import { noPaths } from '../../objects/object-plan.js';
import type { ObjectPlan } from '../../objects/object-plan.js';
import { ObjectSurvey } from '../../objects/object-columns.js';
import { type FoundObjects, takeSingles } from '../../objects/object-survey.js';
import { notColumnar } from '../../parse-hint.js';
import type { ParsedBatch } from '../../types.js';
import type { Evidence } from '../../values/evidence.js';
import type { ValueRules } from '../../values/values.js';
import { JsonRows } from './json-rows.js';
import { type ObjectFormat, type ObjectSource, openSource } from './object-source.js';
import { noteMet, wholeForms } from './survey-objects.js';
import { RowGroupBuilder } from '../columns/row-group.js';
import type { Rows } from '../rows.js';

interface ReadBy {
  format: ObjectFormat;
  rules: ValueRules;
  /** Receives what the values show. */
  evidence: Evidence;
  /** Receives what is odd in the JSON. */
  findings: JsonFindings;
  /** Receives what was found so far, with each full batch and at the end. */
  check?: (found: FoundObjects) => void;
}

/**
 * Reads the rows of the tables of a document of objects from bytes into columns. Each batch is
 * valid until the next is pulled.
 * Errors: ReadAgain<ParseHint>, and those of `check`.
 */
export async function* readColumnar(
  document: ReadableDocument,
  tables: ObjectTable[],
  plan: ObjectPlan | undefined,
  { format, rules, evidence, findings, check }: ReadBy,
): AsyncGenerator<ParsedBatch> {
  const { limits } = document;
  const { maxLists } = limits;
  const kernel = takeKernel();
  try {
    const lists = new Map<string, ListReading>();
    const readingOf = (list: string) => {
      const known = lists.get(list);
      if (known) return known;
      if (lists.size >= maxLists) throw notColumnar(`it has more than ${maxLists} lists`);
      const reading = new ListReading(kernel, list, tables, plan, { format, rules, evidence, findings });
      lists.set(list, reading);
      return reading;
    };
    const source = openSource(format, {
      document,
      kernel,
      paths: plan?.lists ?? noPaths,
      rowsOf: (list) => readingOf(list).rows,
      // New names have only nulls, or `check` reports them.
      onNewNames: () => {},
      findings,
    });
    for await (const { list, value } of source.rows) {
      if (list === undefined) continue;
      const reading = readingOf(list);
      if (value === undefined) continue;
      reading.add(value);
      if (!reading.isFull()) continue;
      check?.(foundIn(lists, source, { plan, limits }));
      yield* reading.rest();
      reading.clear();
    }
    check?.(foundIn(lists, source, { plan, limits }));
    for (const reading of lists.values()) yield* reading.rest();
    const ofDocument = tables.filter((table) => table.hasRowsIn(undefined));
    yield* readObjectBatches(only(source.beside()), ofDocument, { rules, evidence, batchRows: 1 });
  } finally {
    kernel.release();
  }
}

/** What was read so far, as a survey would find it, but without types. */
function foundIn(
  lists: Map<string, ListReading>,
  source: ObjectSource,
  { plan, limits }: { plan: ObjectPlan | undefined; limits: DocumentLimits },
): FoundObjects {
  const found: FoundObjects = { tables: new Map(), lists: new Map(), beside: source.beside() };
  for (const [list, { rows }] of lists) {
    const table = plan?.tableOfItems(list);
    const survey = new ObjectSurvey(limits, table?.schema);
    survey.rows = rows.count;
    noteMet(rows.tree, survey);
    if (table) found.tables.set(table, { survey, list });
    else found.lists.set(list, survey);
  }
  if (plan && source.firsts) takeSingles(found, source.firsts);
  return found;
}

async function* only(value: unknown): AsyncGenerator<{ value: unknown }> {
  yield { value };
}

/** Collects the rows of one list into batches. */
class ListReading {
  readonly rows: JsonRows;
  private readonly group: RowGroupBuilder | undefined;

  /** Undefined if no row of the list has a value. */
  private readonly from: ObjectTable | undefined;

  constructor(
    kernel: Kernel,
    list: string,
    tables: ObjectTable[],
    plan: ObjectPlan | undefined,
    { format, rules, evidence, findings }: ReadBy,
  ) {
    this.rows = new JsonRows(kernel, findings, format === 'XML');
    this.from = tables.find((table) => table.hasRowsIn(list));
    if (!this.from) return;
    const planned = plan?.tableOfItems(list);
    const wholePaths = planned && plan ? plan.wholePaths(planned) : new Set();
    const { columnIndexes, above } = this.from;
    const { columns } = this.from.table;
    this.rows.widen(columns.length);
    for (const [path, index] of columnIndexes) {
      const column = columns[index];
      const form = column && isScalar(column.type) ? 'text' : 'json';
      this.rows.tree.set(path, index, wholePaths.has(path) ? wholeForms[format] : form);
    }
    for (const leaf of above) {
      const index = columnIndexes.get(leaf.path);
      if (index === undefined || leaf.kind === 'none') continue;
      this.rows.setConstant(index, textFor(columns[index], leaf));
    }
    const filled = new Set(columnIndexes.values());
    this.group = new RowGroupBuilder({
      kernel,
      columns,
      cellIndexes: columns.map((_, index) => (filled.has(index) ? index * 2 : undefined)),
      form: 'json',
      rules,
      evidence,
      emptyCells: [],
    });
  }

  add(rows: Rows): void {
    this.group?.add(rows);
    if (this.group) this.group.textBytes += this.rows.takeBytesRead();
  }

  isFull(): boolean {
    return this.group?.isFull() ?? false;
  }

  clear(): void {
    this.group?.clear();
  }

  async *rest(): AsyncGenerator<ParsedBatch> {
    const { from, group } = this;
    if (!from || !group || group.isEmpty()) return;
    yield { table: from.table.name, batch: await group.batch(), rejects: group.rejects };
  }
}
