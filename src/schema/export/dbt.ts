import { stringify } from 'yaml';
import type { ColumnType } from '../types.js';
import type { View } from '../views.js';
import type { ExportColumn, ExportTable } from './tables.js';

/**
 * Returns the sources.yml that describes the tables to dbt, with tests: lineage columns are always
 * filled, and a missing value in a key column is a warning. Views follow the tables. `typeOf`
 * returns a type in the spelling of the warehouse.
 */
export function dbtSources(
  tables: ExportTable[],
  views: View[],
  typeOf: (type: ColumnType) => string,
): string {
  return stringify(
    {
      version: 2,
      sources: [
        {
          name: 'sp_reports',
          description:
            'Amazon Selling Partner reports: a table for each report type, and views on these tables.',
          schema: 'main',
          tables: [
            ...tables.map(({ name, description, columns }) => ({
              name,
              description,
              columns: columns.map((column) => ({
                name: column.name,
                description: column.description,
                data_type: typeOf(column.type),
                ...testsOf(column),
              })),
            })),
            ...views.map(({ name, description, caveats, columns }) => ({
              name,
              description: [description, caveats].filter(Boolean).join(' '),
              columns,
            })),
          ],
        },
      ],
    },
    { lineWidth: 0 },
  );
}

export function testsOf({ filled }: Pick<ExportColumn, 'filled'>): { data_tests?: unknown[] } {
  if (filled === 'always') return { data_tests: ['not_null'] };
  return filled === 'usually' ? { data_tests: [{ not_null: { config: { severity: 'warn' } } }] } : {};
}
