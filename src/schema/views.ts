import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { pluralize } from '../text/pluralize.js';
import { describeError, ReportsError } from '../errors/reports-error.js';
import { formatProblem, inOrder, type YamlProblem } from '../yaml/read-yaml.js';
import { lineage } from './lineage.js';
import { type SchemaFolders, shortPath } from './read.js';
import type { ColumnType, ReportSchemas } from './types.js';
import { readViewText, type ViewFile } from './view-file.js';

/** A question answered from tables, as a view of the warehouse. */
export interface View extends Omit<ViewFile, 'tables'> {
  /** Tables in groups: at least one of each group must exist. */
  tables: ViewTable[][];
  /** The file it was read from, for messages. */
  file: string;
}

export interface ViewTable {
  name: string;
  /** All columns including lineage, if a report schema has the table. */
  columns?: { name: string; type: ColumnType }[];
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
  const views = new Map<string, View>();
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
      // A table of the user takes precedence over a packaged view.
      if (owner) continue;
      const tables = view.tables.map((group) =>
        group.map((table): ViewTable => {
          const columns = owners.get(table)?.table.columns;
          return { name: table, columns: columns && [...columns, ...lineage] };
        }),
      );
      views.set(name, { ...view, tables, file: shortPath(file) });
    }
  }
  return {
    views: [...views.values()].sort((a, b) => (a.name < b.name ? -1 : 1)),
    problems: inOrder(problems),
  };
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
