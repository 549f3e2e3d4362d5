import { defaultKeep, type Histories, type TableHistory } from '../schema/history.js';
import { packagedSchemasFolder, checkSchemas } from '../schema/read.js';
import { personalColumns } from '../schema/personal-data.js';
import type { ReportSchemas, TableSchema } from '../schema/types.js';
import { didYouMean } from '../text/nearest-name.js';
import type { YamlFile, YamlProblem } from '../yaml/read-yaml.js';
import { type HistorySetting, historySpec } from './history-spec.js';

/** The histories to keep, by the report schemas and the settings. */
export function historiesOf(history: HistorySetting, schemas: ReportSchemas): Histories {
  if (history === false) return new Map();
  const { keepDaily = defaultKeep.daily, keepChanges = defaultKeep.changes, tables } = history;
  const settings = new Map(tables.map((each) => [each.name.toLowerCase(), each]));
  const found = new Map<string, TableHistory>();
  for (const schema of schemas.values()) {
    for (const table of schema.tables) {
      const own = settings.get(table.name.toLowerCase());
      const mode = own?.mode ?? table.history ?? 'none';
      if (mode === 'none' || !mayHaveHistory(table)) continue;
      found.set(table.name.toLowerCase(), {
        mode,
        keep: own?.keep ?? (mode === 'daily' ? keepDaily : keepChanges),
        isPersonal: (column) => personalColumns(schema, table.name, [column]).length > 0,
      });
    }
  }
  return found;
}

/** Only of a snapshot it is known which rows are gone. */
function mayHaveHistory({ load }: Pick<TableSchema, 'load'>): boolean {
  return load.mode === 'snapshot';
}

/**
 * Finds tables of `history` that do not exist or cannot have one. `schemasFolder` is the user's.
 */
export function historyProblems(
  { data, problemAt }: YamlFile<unknown>,
  schemasFolder: string,
): YamlProblem[] {
  const written = historySpec.safeParse((data as { history?: unknown } | null | undefined)?.history).data;
  if (!written || written.tables.length === 0) return [];
  const { schemas } = checkSchemas({ folders: [packagedSchemasFolder(), schemasFolder] });
  const tables = new Map(
    [...schemas.values()].flatMap((schema) => schema.tables.map((table) => [table.name, table] as const)),
  );
  return written.tables.flatMap(({ name, mode }, index): YamlProblem[] => {
    const at = ['history', 'tables', index, 'name'];
    const table = tables.get(name);
    if (!table) {
      return [problemAt(at, `no report schema has a table "${name}"${didYouMean(name, tables.keys())}`)];
    }
    if (written.tables.findIndex((each) => each.name === name) < index) {
      return [problemAt(at, `"${name}" is already in the list`)];
    }
    if (mode === 'none' || mayHaveHistory(table)) return [];
    const message = `${name} has the load mode ${table.load.mode}; only tables with \`snapshot\` have a history, as the others keep their rows`;
    return [problemAt(at, message)];
  });
}
