import { isScalar } from '../../schema/column-type.js';
import { looseHeader } from '../../schema/column-name.js';
import {
  type ColumnPath,
  joinPath,
  readColumnPath,
  readRowsPath,
  separator,
} from '../../schema/object-path.js';
import type { ReportSchema, TableSchema } from '../../schema/types.js';
import { type Leaf, leavesOf, memberOf, type Stops } from './leaves.js';

/**
 * One object of a document of objects: a row of the list at the path `list` (empty if the document
 * is one list), or what is beside the lists. At the beginning of a list, also of an empty one, the
 * value is undefined.
 */
export type ObjectRow<Item = unknown> =
  | { list: string; value: Item | undefined }
  | { list?: undefined; value: unknown };

/** Where a reader finds the lists of a document, by paths from its top. */
export interface ListPaths {
  /** Whether the value at this path is a row, or a list of rows. */
  isRow(path: string): boolean;
  /** Whether there are rows below this path. */
  leadsToRows(path: string): boolean;
  /** Whether the value at this path, even a list, belongs to the document as a whole. */
  isBeside(path: string): boolean;
}

/** Nothing is known about the document: its lists are those at its top. */
export const noPaths: ListPaths = {
  isRow: () => false,
  leadsToRows: () => false,
  isBeside: () => false,
};

/** A table of a JSON or XML schema with its paths parsed. */
export interface PlannedTable {
  schema: TableSchema;
  names: string[];
  /** Whether the value is kept as it is, including objects and lists. */
  paths: (ColumnPath & { isWhole: boolean })[];
  /** The paths in the loose spelling in which headers are matched. */
  known: Set<string>;
}

/** A table with rows in the items of a list. */
export interface TableInItems {
  table: PlannedTable;
  /** The names that lead from an item to the rows. */
  steps: string[];
  /** Paths of its rows that belong to other tables. */
  leftOut: Set<string>;
  /** Whether its rows take the value at a path: of those around them, only what columns name. */
  takes(path: string): boolean;
}

/**
 * Where the rows of a schema's tables are in a document, and how they are taken from what a reader
 * returns.
 */
export class ObjectPlan {
  readonly tables: PlannedTable[];
  readonly lists: ListPaths;
  private readonly isXml: boolean;
  private readonly stops = new Map<string, Stops>();

  constructor({ tables, format }: Pick<ReportSchema, 'tables' | 'format'>) {
    this.isXml = format === 'xml';
    this.tables = tables.map(planned);
    const rows = new Set(this.tables.map((table) => keyOf(table.names.slice(0, this.unitDepth(table)))));
    const beside = new Set(this.tables.flatMap(({ paths }) => paths.flatMap(besideKeys)));
    this.lists = {
      isRow: (path) => rows.has(path),
      leadsToRows: (path) => [...rows].some((row) => isWithin(row, path)),
      isBeside: (path) => beside.has(path),
    };
  }

  /** The tables with rows in the items of a list. */
  tablesOf(list: string): PlannedTable[] {
    return this.tables.filter(({ names }) => isWithin(keyOf(names), list) || keyOf(names) === list);
  }

  /**
   * The table whose rows are the items of a list. Undefined if its rows are deeper, or if several
   * tables have rows there.
   */
  tableOfItems(list: string): PlannedTable | undefined {
    const [table, another] = this.tablesOf(list);
    return table && !another && keyOf(table.names) === list ? table : undefined;
  }

  /**
   * The tables with rows in the items of a list. Undefined if a row needs more of the objects
   * around it than their single values, or if tables are beside each other in an item.
   */
  tablesInItems(list: string): TableInItems[] | undefined {
    const depth = depthOf(list);
    const tables = this.tablesOf(list);
    const isNested = tables.length > 1 || tables.some(({ names }) => names.length > depth);
    if (isNested && (list === '' || !tables.every((table) => this.isInLine(table, depth)))) return undefined;
    return tables.map((table) => {
      const steps = table.names.slice(depth);
      const takes = (path: string) =>
        steps.length === 0 || !path.startsWith('^') || table.known.has(looseHeader(path));
      return { table, steps, leftOut: this.stopsAt(table, table.names.length).leftOut, takes };
    });
  }

  /** Whether the objects around the rows of a table, from a depth on, only lead to them. */
  private isInLine(table: PlannedTable, depth: number): boolean {
    const { names, paths } = table;
    const { json } = this.stopsAt(table, names.length);
    const others = this.tables.filter((other) => other !== table);
    const isAlone = names.every((name, at) => {
      const base = keyOf(names.slice(0, at));
      const besides = others.filter(
        (other) => isWithin(keyOf(other.names), base) && other.names[at] !== name,
      );
      return at < depth || (besides.length === 0 && this.isPartOfRow(base));
    });
    const isKeptWhole = others.some((other) => json.has(keyOf(other.names.slice(names.length))));
    const isSingle = ({ from, up, isWhole, names: [first = ''] }: PlannedTable['paths'][number]) =>
      from === 'root' ||
      up === 0 ||
      (!isWhole && looseHeader(first) !== looseHeader(names[names.length - up] ?? ''));
    return isAlone && !isKeptWhole && paths.every(isSingle);
  }

  /** The paths of a table's rows whose values are kept as JSON. */
  wholePaths(table: PlannedTable): Set<string> {
    return this.stopsAt(table, table.names.length).json;
  }

  /**
   * The rows of a table in one item of a list, each as its values. All of them have the values
   * `above`.
   */
  *rowsOf(table: PlannedTable, list: string, item: unknown, above: Leaf[] = []): Generator<Leaf[]> {
    yield* this.rowsBelow(table, item, depthOf(list), above);
  }

  /** Of the values beside the lists, those that the rows of a table have. */
  leavesAbove(table: PlannedTable, list: string, beside: unknown): Leaf[] {
    const leaves = [...prefixed(leavesOf(beside, this.besideStops()), ['$'])];
    for (let depth = 0; depth < depthOf(list); depth += 1) {
      const holder = digIn(beside, table.names.slice(0, depth));
      leaves.push(...prefixed(leavesOf(holder, this.stopsAt(table, depth)), upFrom(table, depth)));
    }
    return wanted(table, leaves);
  }

  /** The values beside the lists, split by whether columns take them. */
  besideLeaves(beside: unknown): { taken: Leaf[]; left: Leaf[] } {
    const paths = this.tables.flatMap((table) => table.paths.flatMap((path) => pathFromRoot(table, path)));
    const known = new Set(paths.map(looseHeader));
    const leaves = [...leavesOf(beside, this.besideStops())].filter(({ kind }) => kind !== 'none');
    return {
      taken: leaves.filter(({ path }) => known.has(looseHeader(path))),
      left: leaves.filter(({ path }) => !known.has(looseHeader(path))),
    };
  }

  private *rowsBelow(table: PlannedTable, value: unknown, depth: number, above: Leaf[]): Generator<Leaf[]> {
    const name = table.names[depth];
    if (Array.isArray(value)) {
      for (const item of value) yield* this.rowsBelow(table, item, depth, above);
    } else if (name === undefined) {
      yield [...above, ...leavesOf(value, this.stopsAt(table, depth))];
    } else {
      const member = memberOf(value, name);
      if (member === undefined || member === null) return;
      yield* this.rowsBelow(table, member, depth + 1, [...above, ...this.carried(table, value, depth)]);
    }
  }

  /**
   * What the rows of a table take from an object around their list: the values that the table
   * needs. If the object is part of no row, the first such table takes all of it.
   */
  private carried(table: PlannedTable, value: unknown, depth: number): Leaf[] {
    const leaves = [...prefixed(leavesOf(value, this.stopsAt(table, depth)), upFrom(table, depth))];
    const base = keyOf(table.names.slice(0, depth));
    const isFirst = this.tables.find(({ names }) => isWithin(keyOf(names), base)) === table;
    return isFirst && !this.isPartOfRow(base) ? leaves : wanted(table, leaves);
  }

  private isPartOfRow(base: string): boolean {
    return this.tables.some(({ names }) => keyOf(names) === base || isWithin(base, keyOf(names)));
  }

  /** What is not flattened in the object at this depth of a table's path. */
  private stopsAt(table: PlannedTable, depth: number): Stops {
    const base = keyOf(table.names.slice(0, depth));
    const key = `${this.tables.indexOf(table)} ${depth}`;
    const known = this.stops.get(key);
    if (known) return known;
    const up = table.names.length - depth;
    const json = table.paths.filter((path) => path.isWhole && path.from === 'row' && path.up === up);
    const inner = this.tables.filter(({ names }) => isWithin(keyOf(names), base));
    // If the object is part of a row, everything but its lists is in that row. Otherwise each level
    // of the path brings its own values.
    const wholePaths = this.isPartOfRow(base);
    const leftOut = inner.map(({ names }) =>
      keyOf(wholePaths ? names.slice(depth) : names.slice(depth, depth + 1)),
    );
    const jsonKeys = new Set(json.map(({ names }) => keyOf(names)));
    const stops = {
      json: jsonKeys,
      leftOut: new Set(leftOut.filter((path) => !jsonKeys.has(path))),
      listsOnly: this.isXml,
    };
    this.stops.set(key, stops);
    return stops;
  }

  private besideStops(): Stops {
    const json = this.tables.flatMap(({ paths }) =>
      paths.filter((path) => path.isWhole && path.from === 'root').map(({ names }) => keyOf(names)),
    );
    return { json: new Set(json), leftOut: new Set(), listsOnly: this.isXml };
  }

  /**
   * Depth in a table's path of the items that are read as a whole. In XML only the path tells what
   * repeats: there it is the highest element that a row refers to.
   */
  private unitDepth({ names, paths }: PlannedTable): number {
    if (!this.isXml) return names.length;
    const up = Math.max(0, ...paths.map((path) => path.up));
    return Math.max(names.length - up, Math.min(names.length, 1));
  }
}

function planned(schema: TableSchema): PlannedTable {
  const froms = schema.columns.flatMap(({ from, type }) =>
    from.map((text) => ({ text, isWhole: !isScalar(type) })),
  );
  return {
    schema,
    names: readRowsPath(schema.rows ?? '$') ?? [],
    paths: froms.flatMap(({ text, isWhole }) => {
      const path = readColumnPath(text);
      return path ? [{ ...path, isWhole }] : [];
    }),
    known: new Set(froms.map(({ text }) => looseHeader(text.replaceAll('.', separator)))),
  };
}

/** All paths from the top to a value that belongs to the document as a whole. */
function besideKeys({ from, names }: ColumnPath): string[] {
  return from === 'root' ? names.map((_, index) => keyOf(names.slice(0, index + 1))) : [];
}

/** The path from the top that a column refers to, if it is not inside the row. */
function pathFromRoot({ names }: PlannedTable, path: ColumnPath): string[] {
  if (path.from === 'root') return [keyOf(path.names)];
  return path.up > 0 ? [keyOf([...names.slice(0, names.length - path.up), ...path.names])] : [];
}

function keyOf(names: string[]): string {
  return names.join(separator);
}

function depthOf(list: string): number {
  return list === '' ? 0 : list.split(separator).length;
}

/** Whether a path is below another one. */
function isWithin(path: string, above: string): boolean {
  return above === '' ? path !== '' : path.startsWith(`${above}${separator}`);
}

function digIn(value: unknown, names: string[]): unknown {
  return names.reduce(memberOf, value);
}

function* prefixed(leaves: Iterable<Leaf>, prefix: string[]): Generator<Leaf> {
  for (const leaf of leaves) yield { ...leaf, path: joinPath(keyOf(prefix), leaf.path) };
}

/** How a row refers to what is at this depth of its path. */
function upFrom({ names }: PlannedTable, depth: number): string[] {
  return Array<string>(names.length - depth).fill('^');
}

/** The values that columns of a table take, by the rule that matches headers. */
function wanted({ known }: PlannedTable, leaves: Leaf[]): Leaf[] {
  return leaves.filter(({ path }) => known.has(looseHeader(path)));
}
