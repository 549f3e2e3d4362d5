import { readColumnType } from '../../src/schema/column-type.js';
import type { ColumnType, ReportSchema } from '../../src/schema/types.js';

/** A schema of one table with columns `header: type`. */
export function delimitedSchema(
  columns: Record<string, string>,
  { table = 'test', ...more }: Partial<ReportSchema> & { table?: string } = {},
): ReportSchema {
  return {
    reportType: 'GET_TEST',
    description: '',
    format: 'tsv',
    quoting: 'none',
    restricted: false,
    file: '',
    tables: [
      {
        name: table,
        load: { mode: 'append', key: [] },
        columns: Object.entries(columns).map(([header, type]) => ({
          name: header.toLowerCase().replaceAll(/\W+/g, '_'),
          from: [header],
          type: readColumnType(type) as ColumnType,
        })),
      },
    ],
    ...more,
  };
}
