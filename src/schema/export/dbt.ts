import { stringify } from 'yaml';
import type { ColumnType } from '../types.js';
import type { View } from '../views.js';
import type { ExportColumn, ExportTable } from './tables.js';

/**
 * The sources.yml by which dbt knows the tables, with descriptions and tests: lineage is always filled, and a row without a value in a
 * column of its key is worth a warning. Views are told of behind the tables. `typeOf` tells how the warehouse spells a type.
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
          description: 'Amazon Selling Partner reports, a table for each report type, and views on them.',
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

function testsOf({ filled }: ExportColumn): { data_tests?: unknown[] } {
  if (filled === 'always') return { data_tests: ['not_null'] };
  return filled === 'usually' ? { data_tests: [{ not_null: { config: { severity: 'warn' } } }] } : {};
}
