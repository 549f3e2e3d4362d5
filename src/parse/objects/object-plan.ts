import { isScalar } from '../../schema/column-type.js';
import { looseHeader } from '../../schema/column-name.js';
import { type ColumnPath, readColumnPath, readRowsPath, separator } from '../../schema/object-path.js';
import type { ReportSchema, TableSchema } from '../../schema/types.js';
import { joinPath, type Leaf, leavesOf, memberOf, type Stops } from './leaves.js';

/**
 * One object of a document that holds objects: a row of the list at the path `list`, which is empty where the document is one list; or what
 * stands beside the lists. The value is undefined where a list begins, be it empty or not.
 */
export type ObjectRow<Item = unknown> =
  | { list: string; value: Item | undefined }
  | { list?: undefined; value: unknown };

/** Where a reader finds the lists of a document, by paths from its top. */
export interface ListPaths {
  /** Whether what stands there is a row, or a list of rows. */
  isRow(path: string): boolean;
  /** Whether rows are to be found further down. */
  leadsToRows(path: string): boolean;
  /** Whether what stands there, be it a list, belongs to the document as a whole. */
  isBeside(path: string): boolean;
}

/** Nothing is known of the document: its lists are those at its top. */
export const noPaths: ListPaths = {
  isRow: () => false,
  leadsToRows: () => false,
  isBeside: () => false,
};

/** A table of a JSON or XML schema, its paths taken apart. */
export interface PlannedTable {
  schema: TableSchema;
  names: string[];
  /** Whether the value is kept as it stands, objects and lists included. */
  paths: (ColumnPath & { isWhole: boolean })[];
  /** The paths as headers are met. */
  known: Set<string>;
}

/** Where the rows of a schema's tables are in a document, and how they are taken out of what a reader gives. */
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

  /** The tables that have rows in the items of a list. */
  tablesOf(list: string): PlannedTable[] {
    return this.tables.filter(({ names }) => isWithin(keyOf(names), list) || keyOf(names) === list);
  }

  /** The table whose rows are the items of a list; undefined where they are deeper in it, or those of several tables. */
  tableOfItems(list: string): PlannedTable | undefined {
    const [table, another] = this.tablesOf(list);
    return table && !another && keyOf(table.names) === list ? table : undefined;
  }

  /** The paths of a table's rows whose values are kept as JSON. */
  wholePaths(table: PlannedTable): Set<string> {
    return this.stopsAt(table, table.names.length).json;
  }

  /** The rows of a table in one item of a list, each as its values; `above` are values that all of them have. */
  *rowsOf(table: PlannedTable, list: string, item: unknown, above: Leaf[] = []): Generator<Leaf[]> {
    yield* this.rowsBelow(table, item, depthOf(list), above);
  }

  /** Of what stands beside the lists, the values that the rows of a table have. */
  leavesAbove(table: PlannedTable, list: string, beside: unknown): Leaf[] {
    const leaves = [...prefixed(leavesOf(beside, this.besideStops()), ['$'])];
    for (let depth = 0; depth < depthOf(list); depth += 1) {
      const holder = digIn(beside, table.names.slice(0, depth));
      leaves.push(...prefixed(leavesOf(holder, this.stopsAt(table, depth)), upFrom(table, depth)));
    }
    return wanted(table, leaves);
  }

  /** What stands beside the lists, by whether columns take it. */
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
   * What the rows of a table have of an object around their list: what the table asks for; and where the object is part of no row, all of
   * it, in the first table that comes by.
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

  /** What isn't taken apart of the object at that depth of a table's path. */
  private stopsAt(table: PlannedTable, depth: number): Stops {
    const base = keyOf(table.names.slice(0, depth));
    const key = `${this.tables.indexOf(table)} ${depth}`;
    const known = this.stops.get(key);
    if (known) return known;
    const up = table.names.length - depth;
    const json = table.paths.filter((path) => path.isWhole && path.from === 'row' && path.up === up);
    const inner = this.tables.filter(({ names }) => isWithin(keyOf(names), base));
    // Of an object that is part of a row all but the lists is in that row; else each level down the path brings its own.
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
   * How deep in the path of a table the items lie that are read whole. In XML, where only the path tells what repeats, it is the highest
   * element that a row asks of.
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

/** The paths from the top down to a value that belongs to the document as a whole. */
function besideKeys({ from, names }: ColumnPath): string[] {
  return from === 'root' ? names.map((_, index) => keyOf(names.slice(0, index + 1))) : [];
}

/** Where a column's path leads from the top, if its row is not on the way. */
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

/** Whether a path goes on below another. */
function isWithin(path: string, above: string): boolean {
  return above === '' ? path !== '' : path.startsWith(`${above}${separator}`);
}

function digIn(value: unknown, names: string[]): unknown {
  return names.reduce(memberOf, value);
}

function* prefixed(leaves: Iterable<Leaf>, prefix: string[]): Generator<Leaf> {
  for (const leaf of leaves) yield { ...leaf, path: joinPath(keyOf(prefix), leaf.path) };
}

/** How a row names what lies at that depth of the way to it. */
function upFrom({ names }: PlannedTable, depth: number): string[] {
  return Array<string>(names.length - depth).fill('^');
}

/** The values that columns of a table ask for, by the same rule by which headers are met. */
function wanted({ known }: PlannedTable, leaves: Leaf[]): Leaf[] {
  return leaves.filter(({ path }) => known.has(looseHeader(path)));
}
