import { snakeCaseName } from '../schema/column-name.js';
import { defaultTableName } from '../schema/infer.js';
import type { ColumnType, ResolvedColumn } from '../schema/types.js';
import { BatchBuilder } from './batch-builder.js';
import { TypeInference } from './infer-types.js';
import { LongNumber, type ObjectRow } from './json.js';
import type { ParsedBatch, ParsedDocument, ParsedTable } from './types.js';
import { readerOf, type Value } from './values.js';

const rules = { decimalMark: '.', dateOrder: 'mdy' } as const;

/** A value found at a path of an object, as text, with what JSON says it is. */
interface Leaf {
  path: string;
  text: string;
  kind: 'text' | 'number' | 'bool' | 'json';
}

/**
 * Parses a document that holds lists of objects, JSON or XML, with inferred columns: a table for each list, one for what stands beside
 * the lists. Nested objects are flattened by name, lists are kept as JSON. `openObjects` streams the objects from the start, twice.
 */
export async function parseObjects(
  reportType: string,
  openObjects: () => AsyncIterable<ObjectRow>,
  batchRows: number,
): Promise<ParsedDocument> {
  const surveys = new Map<string | undefined, ListSurvey>();
  for await (const { list, value } of openObjects()) {
    const survey = surveys.get(list) ?? new ListSurvey();
    surveys.set(list, survey);
    for (const leaf of leavesOf(value)) survey.add(leaf);
  }
  const lists = [...surveys.keys()].filter((list) => list !== undefined);
  const isEmpty = lists.length > 0 && lists.every((list) => surveys.get(list)?.isEmpty());
  const base = defaultTableName(reportType);
  const taken = new Set<string>();
  const tables = new Map<string | undefined, ParsedTable & { paths: string[] }>();
  for (const [list, survey] of surveys) {
    // By what the document is made of, not by what is in it: a list has the same table whether others are empty or not.
    const isOnly = surveys.size === 1 || (lists.length === 1 && list !== undefined);
    const name = isOnly ? base : snakeCaseName(`${base}_${splitWords(list ?? 'header')}`, taken);
    // What stands beside lists of nothing is about nothing.
    if (isEmpty || survey.isEmpty()) continue;
    tables.set(list, { name, load: { mode: 'append', key: [] }, ...survey.columns() });
  }
  return {
    dialect: { ...rules, preambleLines: 0 },
    tables: [...tables.values()].map(({ paths: _, ...table }) => table),
    notes: [],
    batches: readBatches(openObjects, tables, batchRows),
  };
}

async function* readBatches(
  openObjects: () => AsyncIterable<ObjectRow>,
  tables: Map<string | undefined, ParsedTable & { paths: string[] }>,
  batchRows: number,
): AsyncGenerator<ParsedBatch> {
  const builders = new Map(
    [...tables].map(([list, { name, columns, paths }]) => {
      const readers = columns.map(({ type }) => readerOf(type));
      const places = new Map(paths.map((path, index) => [path, index]));
      return [list, { name, places, readers, builder: new BatchBuilder(columns), row: 0 }];
    }),
  );
  for await (const { list, value } of openObjects()) {
    const table = builders.get(list);
    if (!table || value === undefined) continue;
    table.row += 1;
    const cells: (Value | null)[] = table.readers.map(() => null);
    for (const { path, text } of leavesOf(value)) {
      const index = table.places.get(path);
      if (index !== undefined) cells[index] = table.readers[index]?.(text, rules) ?? null;
    }
    table.builder.add(table.row, cells);
    if (table.builder.length >= batchRows)
      yield { table: table.name, batch: table.builder.take(), rejects: [] };
  }
  for (const { name, builder } of builders.values()) {
    if (builder.length > 0) yield { table: name, batch: builder.take(), rejects: [] };
  }
}

/** What the objects of one list have. */
class ListSurvey {
  private readonly found = new Map<string, { kinds: Set<Leaf['kind']>; inference: TypeInference }>();

  add({ path, text, kind }: Leaf): void {
    const column = this.found.get(path) ?? { kinds: new Set(), inference: new TypeInference('') };
    this.found.set(path, column);
    column.kinds.add(kind);
    column.inference.add(text);
  }

  isEmpty(): boolean {
    return this.found.size === 0;
  }

  columns(): { columns: ResolvedColumn[]; paths: string[] } {
    const taken = new Set<string>();
    const columns = [...this.found].map(([path, { kinds, inference }]): ResolvedColumn => {
      const name = snakeCaseName(splitWords(path), taken);
      return {
        name,
        header: path.replaceAll(separator, '.'),
        type: typeOf(kinds, inference),
        origin: 'inferred',
      };
    });
    return { columns, paths: [...this.found.keys()] };
  }
}

/** Text is a date where all of it is, else text, however much it looks like a number. */
function typeOf(kinds: Set<Leaf['kind']>, inference: TypeInference): ColumnType {
  const [kind] = kinds;
  if (kinds.size !== 1 || kind === undefined) return { kind: 'string' };
  if (kind === 'bool' || kind === 'json') return { kind };
  const type = inference.type(rules.decimalMark, rules.dateOrder);
  if (kind === 'number') return type;
  return type.kind === 'date' || type.kind === 'timestamp' ? type : { kind: 'string' };
}

/** Between the names of a path: no name has it. */
const separator = '\u0000';

/** All values of an object, nested ones by their path; null is no value. */
function* leavesOf(value: unknown, path = ''): Generator<Leaf> {
  if (value === null || value === undefined) return;
  if (value instanceof LongNumber) yield { path: path || 'value', text: value.text, kind: 'number' };
  else if (Array.isArray(value)) yield { path: path || 'value', text: jsonText(value), kind: 'json' };
  else if (typeof value === 'object') {
    for (const [key, member] of Object.entries(value))
      yield* leavesOf(member, path === '' ? key : `${path}${separator}${key}`);
  } else {
    const kind = typeof value === 'number' ? 'number' : typeof value === 'boolean' ? 'bool' : 'text';
    yield { path: path || 'value', text: String(value), kind };
  }
}

/** JSON text in which long numbers stand as the document wrote them. */
function jsonText(value: unknown): string {
  if (value instanceof LongNumber) return value.text;
  if (Array.isArray(value)) return `[${value.map(jsonText).join(',')}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  const members = Object.entries(value).map(([key, member]) => `${JSON.stringify(key)}:${jsonText(member)}`);
  return `{${members.join(',')}}`;
}

/** `salesByDate` is three words. */
function splitWords(name: string): string {
  return name.replace(/([a-z0-9])([A-Z])/g, '$1_$2').replace(/([A-Z]+)([A-Z][a-z])/g, '$1_$2');
}
