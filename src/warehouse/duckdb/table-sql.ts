import type { ExportColumn, ExportTable } from '../../schema/export/tables.js';
import type { ColumnType } from '../../schema/types.js';
import { duckDbType, lineageColumns } from '../staging/column-types.js';
import { identifier, literal } from '../staging/sql.js';

/** The statement that creates a table with these columns, followed by the lineage. */
export function createTable(name: string, columns: { name: string; type: ColumnType }[]): string {
  const own = columns.map((column) => `${identifier(column.name)} ${duckDbType(column.type)}`);
  const lineage = lineageColumns.map(([column, typeText]) => `${column} ${typeText}`);
  return `CREATE TABLE ${identifier(name)} (\n  ${[...own, ...lineage].join(',\n  ')}\n)`;
}

/** The statements that create a table as its first load would, with its descriptions. */
export function tableDdl({ name, description, columns }: ExportTable): string {
  const isLineage = ({ name: column }: ExportColumn) =>
    lineageColumns.some(([lineage]) => lineage === column);
  const table = identifier(name);
  const statements = [
    createTable(
      name,
      columns.filter((column) => !isLineage(column)),
    ),
    `COMMENT ON TABLE ${table} IS ${literal(description)}`,
    ...columns.map(
      (column) => `COMMENT ON COLUMN ${table}.${identifier(column.name)} IS ${literal(column.description)}`,
    ),
  ];
  return `${statements.join(';\n')};\n`;
}
