import type { Logger } from 'pino';
import type { ExportTable } from '../../schema/export/tables.js';
import type { BigQueryClient } from './client.js';
import { createSql, readDataset } from './dataset.js';
import type { TableState } from './state.js';
import { columnsSql, tableSql } from './table-sql.js';

/** The tables of the report schemas by name, for descriptions. */
export type Descriptions = ReadonlyMap<string, ExportTable>;

/** Creates a table, unless it exists. */
export async function createTable(
  client: BigQueryClient,
  table: TableState,
  described: ExportTable | undefined,
): Promise<void> {
  const { name } = table;
  const [columns, rest] = [columnsSql(table, described), tableSql(table, described)];
  const create = 'CREATE TABLE IF NOT EXISTS';
  await client.run(createSql(client, await readDataset(client), { create, name, columns, rest }));
}

/** As `createTable`, for a table that loads filled and somebody dropped. */
export async function recreateTable(
  client: BigQueryClient,
  table: TableState,
  described: ExportTable | undefined,
  log?: Logger,
): Promise<void> {
  await createTable(client, table, described);
  log?.warn(
    { table: table.name },
    `${table.name} was dropped, and is created again without rows; \`sp-reports reload ${table.name}\` loads its documents again`,
  );
}
