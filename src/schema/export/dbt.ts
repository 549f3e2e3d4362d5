import { stringify } from 'yaml';
import type { ColumnType } from '../types.js';
import type { ExportColumn, ExportTable } from './tables.js';

/**
 * The sources.yml by which dbt knows the tables, with descriptions and tests: lineage is always filled, and a row without a value in a
 * column of its key is worth a warning. `typeOf` tells how the warehouse spells a type.
 */
export function dbtSources(tables: ExportTable[], typeOf: (type: ColumnType) => string): string {
  return stringify(
    {
      version: 2,
      sources: [
        {
          name: 'sp_reports',
          description:
            'Amazon Selling Partner reports, a table for each report type, and the ledger of documents.',
          schema: 'main',
          tables: tables.map(({ name, description, columns }) => ({
            name,
            description,
            columns: columns.map((column) => ({
              name: column.name,
              description: column.description,
              data_type: typeOf(column.type),
              ...testsOf(column),
            })),
          })),
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
