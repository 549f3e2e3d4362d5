import { exportHistories } from '../schema/export/tables.js';
import { type Histories, historyName, noHistories } from '../schema/history.js';
import { lineage } from '../schema/lineage.js';
import type { ReportSchemas } from '../schema/types.js';
import { type View, waitsFor } from '../schema/views.js';
import type { StatusSnapshot } from './types.js';

/** A table or a view that can be queried. */
export interface NamedRelation {
  name: string;
  isView: boolean;
  /** What a row is about. */
  description: string;
  /** Descriptions of columns, by name; a column without a description is absent. */
  columns: Record<string, string>;
}

/**
 * The views that exist, then the tables with their histories, then those of the program. Known from
 * the ledger and the settings alone: a view exists as soon as its tables have rows, and a history
 * that is kept as soon as its table has.
 */
export function relationsOf(
  { tables, warehouse }: Pick<StatusSnapshot, 'tables' | 'warehouse'>,
  schemas: ReportSchemas,
  views: View[],
  histories: Histories = noHistories,
): NamedRelation[] {
  if (!warehouse.ledger) return [];
  const withRows = tables.filter(({ rows }) => rows > 0);
  const filled = new Map(withRows.map(({ table, reportType }) => [table, reportType]));
  const schemaOf = (reportType: string | null | undefined) => schemas.get(reportType ?? '');
  const kept = new Map(exportHistories(schemas.values(), histories).map((each) => [each.name, each]));
  const existing = views.filter((view) => waitsFor(view, (table) => filled.has(table)).length === 0);
  return [
    ...existing.map(({ name, description, columns }) => ({
      name,
      isView: true,
      description,
      columns: Object.fromEntries(columns.map((column) => [column.name, column.description])),
    })),
    ...[...filled].sort(byName).flatMap(([name, reportType]) => {
      const history = kept.get(historyName(name));
      const table = {
        name,
        isView: false,
        description: schemaOf(reportType)?.description ?? reportType ?? '',
        columns: descriptionsOf(schemaOf(reportType)?.tables.find((table) => table.name === name)?.columns),
      };
      return history
        ? [table, { ...history, isView: false, columns: descriptionsOf(history.columns) }]
        : [table];
    }),
    ...ofProgram,
  ];
}

const ofProgram: NamedRelation[] = [
  { name: '_loads', isView: false, description: 'The ledger: one row for each document.', columns: {} },
  {
    name: '_rejects',
    isView: false,
    description: 'Values that do not fit the type of their column, with their original text.',
    columns: {},
  },
];

/** The descriptions of the columns that have one, and of the lineage columns. */
function descriptionsOf(columns: { name: string; description?: string }[] = []): Record<string, string> {
  return Object.fromEntries(
    [...lineage, ...columns].flatMap(({ name, description }) =>
      description === undefined ? [] : [[name, description]],
    ),
  );
}

function byName([a]: [string, unknown], [b]: [string, unknown]): number {
  return a < b ? -1 : 1;
}
