import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { pluralize } from '../text/pluralize.js';
import { describeError, ReportsError } from '../errors/reports-error.js';
import { formatProblem, inOrder, type YamlProblem } from '../yaml/read-yaml.js';
import { asOf } from './as-of.js';
import { type FactRow, facts } from './facts.js';
import { lineage } from './lineage.js';
import { type SchemaFolders, shortPath } from './read.js';
import type { ColumnType, ReportSchemas } from './types.js';
import { readViewText, type ViewFile } from './view-file.js';

/** A question answered from tables, as a view of the warehouse. */
export interface View extends Omit<ViewFile, 'tables'> {
  /** What it reads, in groups: at least one of each group must exist. */
  tables: ViewTable[][];
  /** The file it was read from, for messages. */
  file: string;
}

/** A table of reports, another view, or facts that the program knows. */
export interface ViewTable {
  name: string;
  /** Whether the view is made without it; it then counts as empty. */
  isOptional?: boolean;
  /** All columns including lineage and `_as_of`, if a report schema has the table. */
  columns?: { name: string; type: ColumnType }[];
  view?: View;
  facts?: FactRow[];
}

/** The tables that a view cannot be made without, each as `a or b`, in the order of its file. */
export function waitsFor(view: View, isThere: (table: string) => boolean): string[] {
  const waits = view.tables.map((group) => {
    const each = group.map((table) => waitsForTable(table, isThere));
    return each.some((missing) => missing.length === 0) ? [] : [joinAlternatives(each)];
  });
  return [...new Set(waits.flat())];
}

function waitsForTable(table: ViewTable, isThere: (name: string) => boolean): string[] {
  if (table.isOptional || table.facts) return [];
  if (table.view) return waitsFor(table.view, isThere);
  return isThere(table.name) ? [] : [table.name];
}

function joinAlternatives(alternatives: string[][]): string {
  return alternatives.map((each) => each.join(' and ')).join(' or ');
}

/**
 * Reads the views of the folders `views/` in the folders of report schemas. A later view replaces
 * an earlier one of the same name. Errors: SCHEMA_INVALID with every problem.
 */
export function readViews(where: SchemaFolders, schemas: ReportSchemas): View[] {
  const { views, problems } = checkViews(where, schemas);
  if (problems.length === 0) return views;
  throw new ReportsError('SCHEMA_INVALID', {
    count: pluralize(problems.length, 'mistake'),
    problems: problems.map(formatProblem).join('\n'),
  });
}

/** Reads all views; returns the valid ones, and every problem. */
export function checkViews(
  { folders }: SchemaFolders,
  schemas: ReportSchemas,
): { views: View[]; problems: YamlProblem[] } {
  const problems: YamlProblem[] = [];
  const owners = new Map(
    [...schemas.values()].flatMap((schema) =>
      schema.tables.map((table) => [table.name, { schema, table }] as const),
    ),
  );
  const read = new Map<string, ReadView>();
  const unique = [...new Set(folders.map((name) => path.resolve(name)))];
  for (const [index, folder] of unique.entries()) {
    for (const file of viewFiles(path.join(folder, 'views'), problems)) {
      const name = path.basename(file).replace(/\.sql$/i, '');
      const view = readView(name, file, problems);
      if (!view) continue;
      const owner = owners.get(name);
      if (owner && index > 0) {
        const message = `${name} is already the table of ${owner.schema.reportType}, in ${owner.schema.file}; choose another name for the view`;
        problems.push({ file: shortPath(file), line: 1, column: 1, path: '', message });
      }
      if (facts.has(name)) {
        const message = `${name} are facts that views can read; choose another name for the view`;
        problems.push({ file: shortPath(file), line: 1, column: 1, path: '', message });
        continue;
      }
      // A table of the user takes precedence over a packaged view.
      if (owner) continue;
      read.set(name, { ...view, file: shortPath(file) });
    }
  }
  const columnsOf = (table: string) => {
    const columns = owners.get(table)?.table.columns;
    return columns && [...columns, ...lineage, asOf];
  };
  const views = resolveViews(read, columnsOf, problems);
  return {
    views: views.sort((a, b) => (a.name < b.name ? -1 : 1)),
    problems: inOrder(problems),
  };
}

type ReadView = ViewFile & Pick<View, 'file'>;

/** Finds what each view reads. A view that would read itself is a problem. */
function resolveViews(
  read: Map<string, ReadView>,
  columnsOf: (table: string) => ViewTable['columns'],
  problems: YamlProblem[],
): View[] {
  const views = new Map<string, View>();
  const begun: string[] = [];
  const resolve = (name: string): View | undefined => {
    const known = views.get(name);
    const found = read.get(name);
    if (known || !found) return known;
    if (begun.includes(name)) {
      const message = `the view reads itself: ${[...begun.slice(begun.indexOf(name)), name].join(', ')}`;
      problems.push({ file: found.file, line: 1, column: 1, path: '', message });
      return undefined;
    }
    begun.push(name);
    const tables = found.tables.map((group) =>
      group.map((table): ViewTable => {
        const columns = columnsOf(table.name);
        if (columns) return { ...table, columns };
        return { ...table, facts: facts.get(table.name), view: resolve(table.name) };
      }),
    );
    begun.pop();
    const view = { ...found, tables };
    views.set(name, view);
    return view;
  };
  return [...read.keys()].flatMap((name) => resolve(name) ?? []);
}

function readView(name: string, file: string, problems: YamlProblem[]): ViewFile | undefined {
  try {
    const read = readViewText(name, readFileSync(file, 'utf8'), shortPath(file));
    problems.push(...read.problems);
    return read.view;
  } catch (error) {
    problems.push(unreadable(file, error));
    return undefined;
  }
}

function viewFiles(folder: string, problems: YamlProblem[]): string[] {
  try {
    return readdirSync(folder)
      .filter((name) => /\.sql$/i.test(name))
      .map((name) => path.join(folder, name))
      .sort();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    problems.push(unreadable(folder, error));
    return [];
  }
}

function unreadable(file: string, error: unknown): YamlProblem {
  const message = `cannot be read: ${describeError(error)}`;
  return { file: shortPath(file), line: 1, column: 1, path: '', message };
}
