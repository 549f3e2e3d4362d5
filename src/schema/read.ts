import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { pluralize } from '../text/pluralize.js';
import { describeError, ReportsError } from '../errors/reports-error.js';
import { formatProblem, inOrder, type YamlProblem, readYaml } from '../yaml/read-yaml.js';
import { checkReportSchema } from './check.js';
import { compiledSchema, rememberSchema } from './compiled.js';
import { withEarlierFacts } from './request-facts.js';
import { reportSchemaSpec, toReportSchema } from './spec.js';
import type { ReportSchema, ReportSchemas } from './types.js';

/** The folders of report schemas. */
export interface SchemaFolders {
  /**
   * The packaged folder, then the user's. A schema in a later folder replaces an earlier one of the
   * same type, except for facts on requests that only the earlier one states. A missing folder
   * counts as empty.
   */
  folders: string[];
}

/**
 * Reads all `*.yaml` and `*.yml` files of the folders and returns the report schemas by report
 * type. Errors: SCHEMA_INVALID with every problem of every file.
 */
export function readSchemas(where: SchemaFolders): ReportSchemas {
  const { schemas, problems } = checkSchemas(where);
  if (problems.length === 0) return schemas;
  throw new ReportsError('SCHEMA_INVALID', {
    count: pluralize(problems.length, 'mistake'),
    problems: problems.map(formatProblem).join('\n'),
  });
}

/** Reads all report schemas; returns the valid ones, and every problem by file and line. */
export function checkSchemas({ folders }: SchemaFolders): {
  schemas: ReportSchemas;
  problems: YamlProblem[];
} {
  const problems: YamlProblem[] = [];
  const read = new Map<string, ReadSchema>();
  for (const folder of new Set(folders.map((name) => path.resolve(name)))) {
    const inFolder = new Map<string, ReadSchema>();
    for (const file of schemaFiles(folder, problems)) {
      const found = readSchema(file, problems);
      if (!found) continue;
      const { reportType } = found.schema;
      const earlier = inFolder.get(reportType);
      if (earlier) {
        problems.push(
          found.problemAt(['reportType'], `${reportType} already has a schema, in ${earlier.schema.file}`),
        );
      } else {
        inFolder.set(reportType, found);
      }
    }
    for (const [reportType, found] of inFolder) {
      const earlier = read.get(reportType);
      const schema = earlier ? withEarlierFacts(found.schema, earlier.schema) : found.schema;
      read.set(reportType, { ...found, schema });
    }
  }
  problems.push(...sharedTables([...read.values()]));
  const schemas = new Map<string, ReportSchema>();
  for (const [reportType, { schema }] of [...read].sort(([a], [b]) => (a < b ? -1 : 1))) {
    schemas.set(reportType, schema);
  }
  return { schemas, problems: inOrder(problems) };
}

/** Reads one report schema in any folder; `schema` is absent if there are problems. */
export function checkSchemaFile(file: string): { schema?: ReportSchema; problems: YamlProblem[] } {
  const problems: YamlProblem[] = [];
  const found = readSchema(path.resolve(file), problems);
  return { schema: found?.schema, problems: inOrder(problems) };
}

/**
 * Returns the folder of the packaged report schemas; from `src` and `dist` alike, in the package
 * root.
 */
export function packagedSchemasFolder(): string {
  return fileURLToPath(new URL('../../schemas', import.meta.url));
}

interface ReadSchema {
  schema: ReportSchema;
  problemAt: ReturnType<typeof readYaml>['problemAt'];
}

function readSchema(absolute: string, problems: YamlProblem[]): ReadSchema | undefined {
  let text: string;
  try {
    text = readFileSync(absolute, 'utf8');
  } catch (error) {
    problems.push(unreadable(absolute, error));
    return undefined;
  }
  const file = shortPath(absolute);
  const read = () => readYaml({ text, file, spec: reportSchemaSpec });
  const compiled = compiledSchema(text);
  if (compiled) {
    return { schema: { ...compiled, file }, problemAt: (...path) => read().problemAt(...path) };
  }
  const yaml = read();
  const found = [...yaml.problems, ...checkReportSchema(yaml)];
  problems.push(...found);
  const { problemAt } = yaml;
  if (!yaml.value || found.length > 0) return undefined;
  const schema = toReportSchema(yaml.value, file);
  rememberSchema(text, schema);
  return { schema, problemAt };
}

/** Finds tables of two report types, whose loads would replace each other's rows. */
function sharedTables(read: ReadSchema[]): YamlProblem[] {
  const owners = new Map<string, ReportSchema>();
  return read.flatMap(({ schema, problemAt }) =>
    schema.tables.flatMap(({ name }, index) => {
      const owner = owners.get(name);
      if (!owner) owners.set(name, schema);
      return owner
        ? [
            problemAt(
              ['tables', index, 'name'],
              `"${name}" is already the table of ${owner.reportType}, in ${owner.file}`,
            ),
          ]
        : [];
    }),
  );
}

function schemaFiles(folder: string, problems: YamlProblem[]): string[] {
  try {
    return readdirSync(folder, { withFileTypes: true })
      .filter((entry) => !entry.isDirectory() && /\.ya?ml$/i.test(entry.name))
      .map((entry) => path.join(folder, entry.name))
      .sort();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    problems.push(unreadable(folder, error));
    return [];
  }
}

function unreadable(absolute: string, error: unknown): YamlProblem {
  return {
    file: shortPath(absolute),
    line: 1,
    column: 1,
    path: '',
    message: `cannot be read: ${describeError(error)}`,
  };
}

/** Returns a path as a user would write it: relative, if the file is below the current folder. */
export function shortPath(absolute: string): string {
  const relative = path.relative(process.cwd(), absolute);
  return relative.startsWith('..') ? absolute : relative;
}
