import type { DocumentLimits } from '../../../config/documents-spec.js';
import { type Kernel, takeKernel } from '../../../kernel/kernel.js';
import { isScalar } from '../../../schema/column-type.js';
import type { ReadableDocument } from '../../../source/types.js';
import { JsonFindings } from '../../objects/json-findings.js';
import { type ObjectTable, readObjectBatches, textFor } from '../../objects/object-batches.js';
import { noPaths, type ObjectPlan, type TableInItems } from '../../objects/object-plan.js';
import { ObjectSurvey } from '../../objects/object-columns.js';
import { type FoundObjects, takeSingles } from '../../objects/object-survey.js';
import { notColumnar } from '../../parse-hint.js';
import type { ParsedBatch } from '../../types.js';
import type { Evidence } from '../../values/evidence.js';
import type { ValueRules } from '../../values/values.js';
import { JsonRows } from './json-rows.js';
import { ListReader } from './list-reader.js';
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
    const lists = new Map<string, ListReading[]>();
    const readingsOf = (list: string) => {
      const known = lists.get(list);
      if (known) return known;
      if (lists.size >= maxLists) throw notColumnar(`it has more than ${maxLists} lists`);
      const readBy = { format, rules, evidence, findings };
      const readings = openReadings(kernel, list, tables, plan, readBy);
      lists.set(list, readings);
      return readings;
    };
    const source = openSource(format, {
      document,
      kernel,
      paths: plan?.lists ?? noPaths,
      readersOf: (list) => readingsOf(list).map(({ reader }) => reader),
      findings,
    });
    for await (const { list, value } of source.rows) {
      if (list === undefined) continue;
      const readings = readingsOf(list);
      const reading = readings.find(({ reader }) => reader === value?.reader);
      if (!value || !reading) continue;
      reading.add(value.rows);
      if (!reading.isFull()) continue;
      check?.(foundIn(lists, source, { plan, limits }));
      yield* reading.rest();
      reading.clear();
    }
    check?.(foundIn(lists, source, { plan, limits }));
    for (const reading of [...lists.values()].flat()) yield* reading.rest();
    const ofDocument = tables.filter((table) => table.hasRowsIn(undefined));
    yield* readObjectBatches(only(source.beside()), ofDocument, { rules, evidence, batchRows: 1 });
  } finally {
    kernel.release();
  }
}

/** What was read so far, as a survey would find it, but without types. */
function foundIn(
  lists: Map<string, ListReading[]>,
  source: ObjectSource,
  { plan, limits }: { plan: ObjectPlan | undefined; limits: DocumentLimits },
): FoundObjects {
  const found: FoundObjects = { tables: new Map(), lists: new Map(), beside: source.beside() };
  for (const [list, readings] of lists) {
    for (const { reader, inItems } of readings) {
      const survey = new ObjectSurvey(limits, inItems?.table.schema);
      survey.rows = reader.rows.count;
      noteMet(reader.rows.tree, survey, inItems);
      if (inItems) found.tables.set(inItems.table, { survey, list });
      else found.lists.set(list, survey);
    }
  }
  if (plan && source.firsts) takeSingles(found, source.firsts);
  return found;
}

async function* only(value: unknown): AsyncGenerator<{ value: unknown }> {
  yield { value };
}

/** What reads the rows in a list: of each table in its items, or of the one that was inferred. */
function openReadings(
  kernel: Kernel,
  list: string,
  tables: ObjectTable[],
  plan: ObjectPlan | undefined,
  readBy: ReadBy,
): ListReading[] {
  const inItems = plan?.tablesInItems(list) ?? [];
  if (!plan || inItems.length === 0) {
    const from = tables.find((table) => table.hasRowsIn(list));
    return [new ListReading(kernel, from, readBy)];
  }
  return inItems.map((each) => {
    const { name } = each.table.schema;
    const from = tables.find(({ table, hasRowsIn }) => table.name === name && hasRowsIn(list));
    const wholePaths = plan.wholePaths(each.table);
    const copies = inItems.length > 1 ? new JsonFindings() : undefined;
    return new ListReading(kernel, from, { ...readBy, copies }, { ...each, wholePaths });
  });
}

/** Collects the rows of one table in a list into batches. */
class ListReading {
  readonly reader: ListReader;
  /** What is odd in items that several tables read: it would be counted for each of them. */
  private readonly copies: JsonFindings | undefined;
  private readonly group: RowGroupBuilder | undefined;

  constructor(
    kernel: Kernel,
    /** Undefined if no row has a value. */
    private readonly from: ObjectTable | undefined,
    { format, rules, evidence, findings, copies }: ReadBy & { copies?: JsonFindings },
    /** Undefined for a table that was inferred. */
    readonly inItems?: TableInItems & { wholePaths: Set<string> },
  ) {
    const rows = new JsonRows(kernel, copies ?? findings, format === 'XML');
    this.copies = copies;
    // New names have only nulls, or `check` reports them.
    this.reader = new ListReader(kernel, rows, inItems?.steps ?? [], () => {});
    for (const path of inItems?.leftOut ?? []) rows.tree.set(path, -1, 'whole');
    if (!from) return;
    const { columnIndexes, above } = from;
    const { columns } = from.table;
    rows.widen(columns.length);
    for (const [path, index] of columnIndexes) {
      const column = columns[index];
      const form = column && isScalar(column.type) ? 'text' : 'json';
      rows.tree.set(path, index, inItems?.wholePaths.has(path) ? wholeForms[format] : form);
    }
    for (const leaf of above) {
      const index = columnIndexes.get(leaf.path);
      if (index === undefined || leaf.kind === 'none') continue;
      rows.setConstant(index, textFor(columns[index], leaf));
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

  /** Errors: ReadAgain<ParseHint>. */
  add(rows: Rows): void {
    if (this.copies && this.copies.loneSurrogates > 0)
      throw notColumnar('texts in its nested rows have half a character');
    this.group?.add(rows);
    if (this.group) this.group.textBytes += this.reader.rows.takeBytesRead();
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
