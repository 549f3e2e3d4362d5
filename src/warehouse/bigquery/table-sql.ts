import { ReportsError } from '../../errors/reports-error.js';
import type { ExportTable } from '../../schema/export/tables.js';
import { lineage } from '../../schema/lineage.js';
import type { ColumnType } from '../../schema/types.js';
import { bigQueryType } from './column-types.js';
import { identifier, literal } from './sql.js';
import type { TableState } from './state.js';

/** The columns of a new table, followed by the lineage, as SQL after its name. */
export function columnsSql(table: TableState, described: ExportTable | undefined): string {
  return [...table.columns, ...lineage].map((column) => columnSql(column, described)).join(', ');
}

export function columnSql(
  { name, type }: { name: string; type: ColumnType },
  described?: ExportTable,
): string {
  const description = described?.columns.find((column) => column.name === name)?.description;
  const options = description ? ` OPTIONS (description = ${literal(description)})` : '';
  return `${identifier(name)} ${bigQueryType(type)}${options}`;
}

/** Partitions, clusters and options of a new table. */
export function tableSql(table: TableState, described?: ExportTable): string {
  const { partitionBy, clusterBy } = table;
  const kind = partitionBy === null ? undefined : typeIn(table, partitionBy).kind;
  const column = identifier(partitionBy ?? '');
  const partition =
    kind === 'date'
      ? `PARTITION BY DATE_TRUNC(${column}, MONTH) `
      : kind === 'timestamp'
        ? `PARTITION BY TIMESTAMP_TRUNC(${column}, MONTH) `
        : '';
  const clusters = clusterBy.filter((name) => {
    const type = name === '_seller_id' ? 'string' : typeIn(table, name).kind;
    return !['float64', 'json', 'list'].includes(type);
  });
  const options = [
    ...(described ? [`description = ${literal(described.description)}`] : []),
    "labels = [('program', 'sp-reports')]",
  ];
  return `${partition}CLUSTER BY ${clusters.map(identifier).join(', ')} OPTIONS (${options.join(', ')})`;
}

export function typeIn({ name, columns }: TableState, column: string): ColumnType {
  const found = columns.find((each) => each.name === column);
  if (!found)
    throw new ReportsError('WAREHOUSE_REFUSED', { thing: name, path: name, found: `no column ${column}` });
  return found.type;
}
