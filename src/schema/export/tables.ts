import {
  type Histories,
  historyColumnNames,
  historyColumns,
  historyDescriptions,
  historyLineage,
  historyName,
} from '../history.js';
import { lineage } from '../lineage.js';
import type { ColumnSchema, ColumnType, ReportSchema, TableSchema } from '../types.js';

/** A table as exported to other tools: the columns of its report schema, then the lineage. */
export interface ExportTable {
  name: string;
  description: string;
  columns: ExportColumn[];
}

export interface ExportColumn {
  name: string;
  type: ColumnType;
  /**
   * `always`: each row has a value. `usually`: a missing value is a warning, because it is a key.
   */
  filled: 'always' | 'usually' | 'maybe';
  description: string;
}

/** Returns the tables of report schemas. A type whose columns are unknown has none. */
export function exportTables(schemas: Iterable<ReportSchema>): ExportTable[] {
  return [...schemas].flatMap((schema) => schema.tables.map((table) => exportTable(schema, table)));
}

/** Returns the histories of tables of report schemas, as they are kept. */
export function exportHistories(schemas: Iterable<ReportSchema>, histories: Histories): ExportTable[] {
  return exportTables(schemas).flatMap(({ name, columns }): ExportTable[] => {
    const history = histories.get(name.toLowerCase());
    if (!history) return [];
    const { mode, isPersonal } = history;
    const own = historyColumns[mode].map((column) => ({ ...column, filled: 'maybe' as const }));
    const kept = columns.filter(
      (column) => !isPersonal(column.name) && !historyColumnNames.has(column.name.toLowerCase()),
    );
    const lineageTexts = historyLineage[mode];
    return [
      {
        name: historyName(name),
        description: `${historyDescriptions[mode]} ${name}, without personal data.`,
        columns: [
          ...own,
          ...kept.map((column) => ({
            ...column,
            filled: 'maybe' as const,
            description: lineageTexts?.[column.name] ?? column.description,
          })),
        ],
      },
    ];
  });
}

function exportTable({ reportType, description }: ReportSchema, table: TableSchema): ExportTable {
  const { mode, key, why } = table.load;
  const load = `Load: ${mode}${key.length > 0 ? ` by ${key.join(', ')}` : ''}.`;
  return {
    name: table.name,
    description: [description, `Report type ${reportType}.`, load, why].filter(Boolean).join(' '),
    columns: [
      ...table.columns.map((column) => ({
        name: column.name,
        type: column.type,
        filled: key.includes(column.name) ? ('usually' as const) : ('maybe' as const),
        description: columnDescription(column),
      })),
      ...lineage.map(({ name, type, isFilled, description: text }) => ({
        name,
        type,
        filled: isFilled ? ('always' as const) : ('maybe' as const),
        description: text,
      })),
    ],
  };
}

function columnDescription({ from, description }: ColumnSchema): string {
  const source = `Amazon's name: ${from[0]}.`;
  return description ? `${description.replace(/[^.!?]$/, '$&.')} ${source}` : source;
}
