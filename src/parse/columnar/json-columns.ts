import { type Kernel, takeKernel } from '../../kernel/kernel.js';
import type { ExaminedDocument } from '../../source/types.js';
import { walkJson } from '../json-walk.js';
import { type ObjectTable, readObjectBatches, textFor } from '../object-batches.js';
import { noPaths } from '../object-lists.js';
import type { ObjectPlan } from '../object-plan.js';
import type { ObjectReading } from '../objects.js';
import type { ParsedBatch } from '../types.js';
import type { ValueRules } from '../values.js';
import { JsonBytes } from './json-bytes.js';
import { JsonRows } from './json-rows.js';
import { surveyJson } from './json-survey.js';
import { RowGroupBuilder } from './row-group.js';
import type { Rows } from './rows.js';

/**
 * Reads a JSON document into columns, bytes to values. What has tables in each other, or is written in a way that is not read here, is left to the
 * reference parser.
 * Errors: NotColumnar.
 */
export function jsonColumns(document: ExaminedDocument): ObjectReading {
  return {
    survey: (plan) => surveyJson(document, plan),
    batches: (tables, plan, rules) => readBatches(document, tables, plan, rules),
  };
}

/** Each batch is good until the next is pulled. */
async function* readBatches(
  document: ExaminedDocument,
  tables: ObjectTable[],
  plan: ObjectPlan | undefined,
  rules: ValueRules,
): AsyncGenerator<ParsedBatch> {
  const kernel = takeKernel();
  try {
    const lists = new Map<string, ListReading>();
    const readingOf = (list: string) => {
      const known = lists.get(list);
      if (known) return known;
      const from = tables.find((table) => table.hasRowsIn(list));
      const reading = new ListReading(kernel, from, wholePathsOf(plan, list), rules);
      lists.set(list, reading);
      return reading;
    };
    const source = new JsonBytes(
      document,
      kernel,
      (list) => readingOf(list).rows,
      // They have but null.
      () => {},
    );
    let beside: unknown;
    for await (const { list, value } of walkJson(source, plan?.lists ?? noPaths)) {
      if (list === undefined) beside = value;
      else if (value !== undefined) yield* readingOf(list).add(value);
    }
    for (const reading of lists.values()) yield* reading.rest();
    const ofDocument = tables.filter((table) => table.hasRowsIn(undefined));
    yield* readObjectBatches(only(beside), ofDocument, rules, 1);
  } finally {
    kernel.giveBack();
  }
}

/** Paths of the rows of a list whose values are kept as JSON. */
function wholePathsOf(plan: ObjectPlan | undefined, list: string): Set<string> {
  const table = plan?.tableOfItems(list);
  return table && plan ? plan.wholePaths(table) : new Set();
}

async function* only(value: unknown): AsyncGenerator<{ value: unknown }> {
  yield { value };
}

/** The rows of one list on their way into batches. */
class ListReading {
  readonly rows: JsonRows;
  private readonly group: RowGroupBuilder | undefined;

  constructor(
    kernel: Kernel,
    /** Undefined where nothing stands in any row. */
    private readonly from: ObjectTable | undefined,
    wholePaths: Set<string>,
    rules: ValueRules,
  ) {
    this.rows = new JsonRows(kernel);
    if (!from) return;
    const { places, above } = from;
    const { columns } = from.table;
    this.rows.widen(columns.length);
    for (const [path, place] of places) {
      const isJson = columns[place]?.type.kind === 'json';
      this.rows.tree.set(path, place, wholePaths.has(path) ? 'whole' : isJson ? 'json' : 'text');
    }
    for (const leaf of above) {
      const place = places.get(leaf.path);
      if (place === undefined || leaf.kind === 'none') continue;
      this.rows.setConstant(place, textFor(columns[place], leaf));
    }
    const filled = new Set(places.values());
    this.group = new RowGroupBuilder({
      kernel,
      columns,
      places: columns.map((_, place) => (filled.has(place) ? place * 2 : undefined)),
      form: 'json',
      rules,
      emptyPlaces: [],
    });
  }

  *add(rows: Rows): Generator<ParsedBatch> {
    const { group } = this;
    if (!group) return;
    group.add(rows);
    group.textBytes += this.rows.takeBytesRead();
    if (!group.isFull()) return;
    yield* this.rest();
    group.clear();
  }

  *rest(): Generator<ParsedBatch> {
    const { from, group } = this;
    if (!from || !group || group.isEmpty()) return;
    yield { table: from.table.name, batch: group.batch(), rejects: group.rejects };
  }
}
