import type { MaskedRelation } from '../privacy/mask-query.js';
import {
  historyColumns,
  historyDescriptions,
  historyLineage,
  historyModeOf,
  tableOfHistory,
} from '../schema/history.js';
import { lineage } from '../schema/lineage.js';
import { looksPersonal, personalColumns } from '../schema/personal-data.js';
import type { ReportSchemas, TableSchema } from '../schema/types.js';
import type { View } from '../schema/views.js';

/** A column as the warehouse has it. */
export interface WarehouseColumn {
  table: string;
  column: string;
  type: string;
}

/** A table or view, as a reader may see it. */
export interface ShownRelation {
  name: string;
  isView: boolean;
  description: string;
  columns: { name: string; type: string; description?: string }[];
  /** Its columns with personal data that the reader may not see. */
  hidden: string[];
}

interface Sources {
  columns: WarehouseColumn[];
  schemas: ReportSchemas;
  views: View[];
  /** Unknown columns of each table in which documents were found to have personal data. */
  found: ReadonlyMap<string, readonly string[]>;
  showsPersonalData: boolean;
}

/**
 * The tables and views of a warehouse in the order of their names, with what they are about. Unless
 * the reader may see personal data, these are left out: columns that schemas mark, unknown columns
 * that are named so or have such contents, columns of that name in any view, and every column of a
 * view whose SQL names one, because the view may show it under another name.
 */
export function shownRelations({
  columns,
  schemas,
  views,
  found,
  showsPersonalData,
}: Sources): ShownRelation[] {
  const relations = new Map<string, WarehouseColumn[]>();
  for (const each of columns) relations.set(each.table, [...(relations.get(each.table) ?? []), each]);
  const viewsByName = new Map(views.map((view) => [view.name.toLowerCase(), view]));
  const hiddenOfTables = new Map(
    [...relations].map(([name, each]) => [name, showsPersonalData ? [] : hiddenOfTable(name, each)]),
  );
  const hiddenNames = new Set([...hiddenOfTables.values()].flat().map((name) => name.toLowerCase()));
  return [...relations].map(([name, each]) => {
    const view = viewsByName.get(name.toLowerCase());
    const hidden = showsPersonalData ? [] : view ? hiddenOfView(view, each) : hiddenElsewhere(name, each);
    return {
      name,
      isView: view !== undefined,
      description: view?.description ?? descriptionOf(name),
      columns: each
        .filter(({ column }) => !hidden.includes(column))
        .map(({ column, type }) => ({ name: column, type, description: columnText(name, column, view) })),
      hidden,
    };
  });

  function hiddenOfTable(name: string, each: WarehouseColumn[]): string[] {
    const names = each.map(({ column }) => column);
    const ofProgram = quoting.get(name.toLowerCase());
    if (ofProgram) return names.filter((column) => ofProgram.has(column));
    return tablesNamed(name).flatMap(({ schema }) =>
      personalColumns(schema, name, names, found.get(name.toLowerCase())),
    );
  }

  /** A table that no schema knows may be a copy of one that a schema knows. */
  function hiddenElsewhere(name: string, each: WarehouseColumn[]): string[] {
    const hidden = hiddenOfTables.get(name) ?? [];
    if (quoting.has(name.toLowerCase()) || tablesNamed(name).length > 0) return hidden;
    return each.map(({ column }) => column).filter(isHiddenName);
  }

  function hiddenOfView({ sql }: View, each: WarehouseColumn[]): string[] {
    const names = each.map(({ column }) => column);
    const words = new Set(sql.toLowerCase().match(/[\p{L}\p{N}_]+/gu));
    return [...hiddenNames].some((hidden) => words.has(hidden)) ? names : names.filter(isHiddenName);
  }

  function isHiddenName(column: string): boolean {
    return hiddenNames.has(column.toLowerCase()) || (!column.startsWith('_') && looksPersonal(column));
  }

  function tablesNamed(name: string) {
    return [...schemas.values()].flatMap((schema) => {
      const table = schema.tables.find((each) => each.name.toLowerCase() === name.toLowerCase());
      return table ? [{ schema, table }] : [];
    });
  }

  function historyOf(name: string) {
    const of = tableOfHistory(name);
    const known = of === undefined ? undefined : tablesNamed(of)[0]?.table.columns;
    const names = new Set(relations.get(name)?.map(({ column }) => column.toLowerCase()));
    const mode = historyModeOf(names);
    if (of === undefined || !known || !mode) return undefined;
    const own = lineage.map((column) => ({
      ...column,
      description: historyLineage[mode]?.[column.name] ?? column.description,
    }));
    return { of, mode, columns: [...historyColumns[mode], ...known, ...own] };
  }

  function descriptionOf(name: string): string {
    const history = historyOf(name);
    if (history) return `${historyDescriptions[history.mode]} ${history.of}.`;
    return descriptions.get(name.toLowerCase()) ?? tablesNamed(name)[0]?.schema.description ?? '';
  }

  function columnText(name: string, column: string, view: View | undefined): string | undefined {
    const known: Pick<TableSchema, 'columns'>['columns'] = tablesNamed(name)[0]?.table.columns ?? [];
    const described = view?.columns ?? historyOf(name)?.columns ?? [...known, ...lineage];
    return described.find((each) => each.name === column)?.description;
  }
}

/** The relations with hidden columns, as a query must not read them. */
export function maskedRelations(relations: ShownRelation[]): MaskedRelation[] {
  return relations
    .filter(({ hidden }) => hidden.length > 0)
    .map(({ name, columns, hidden }) => ({ name, columns: columns.map((column) => column.name), hidden }));
}

/** Columns of the program's own tables that quote documents. */
const quoting = new Map([
  ['_loads', new Set(['reason', 'notes', 'warnings', 'decisions', 'body', 'checks'])],
  ['_rejects', new Set(['raw', 'reason'])],
]);

const descriptions = new Map([
  ['_loads', 'The ledger: one row for each document.'],
  ['_rejects', 'Values that do not fit the type of their column.'],
]);
