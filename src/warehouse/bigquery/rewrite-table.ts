import { createHash } from 'node:crypto';
import type { Logger } from 'pino';
import { ReportsError } from '../../errors/reports-error.js';
import { columnTypeText } from '../../schema/column-type.js';
import type { ExportTable } from '../../schema/export/tables.js';
import { lineage } from '../../schema/lineage.js';
import type { ColumnType } from '../../schema/types.js';
import type { BigQueryClient } from './client.js';
import { columnTypeOfField, type Field, widenedSql } from './column-types.js';
import { createSql, readDataset } from './dataset.js';
import { identifier, literal } from './sql.js';
import { outcomeOf, rowOfTable, type TableState } from './state.js';
import { columnsSql, tableSql, typeIn } from './table-sql.js';

/** The columns of a table as they are in BigQuery, by name in lower case. */
export type FoundColumns = Map<string, ColumnType | undefined>;

/** A table before and after a change, and who makes it. */
export interface Rewrite {
  was: TableState;
  table: TableState;
  /** `PendingChange.by`, as recorded in the state. */
  by: string;
}

/** Whether BigQuery can widen a column without reading its values. */
export function isWidenedInPlace({ was, table }: Pick<Rewrite, 'was' | 'table'>, column: string): boolean {
  const [from, to] = [typeIn(was, column).kind, typeIn(table, column).kind];
  // Its documentation does not say that it can for a column that the table is clustered by.
  if (was.clusterBy.includes(column)) return false;
  return to === 'decimal' && (from === 'decimal' || from === 'int64');
}

/** Whether a column changes its type. */
export function isWidened({ was, table }: Pick<Rewrite, 'was' | 'table'>, column: string): boolean {
  return columnTypeText(typeIn(was, column)) !== columnTypeText(typeIn(table, column));
}

/** Whether a column changes its type so that all rows must be rewritten. */
export function isRewritten(change: Pick<Rewrite, 'was' | 'table'>): boolean {
  return change.was.columns.some(({ name }) => isWidened(change, name) && !isWidenedInPlace(change, name));
}

/**
 * Rewrites a table with wider columns, because BigQuery changes no type to text, and none from date
 * to timestamp: a copy is filled, and takes the name of the table. `CREATE OR REPLACE TABLE` would
 * need no copy, but BigQuery refuses it if the partitions change, and if it took longer than others
 * wait for a change, it would remove the rows that they added.
 * Returns false if somebody else makes the change by now.
 * `found` has the columns of the table: an interrupted change may have been made already.
 */
export async function rewriteTable(
  client: BigQueryClient,
  change: Rewrite,
  found: FoundColumns,
  described?: ExportTable,
  log?: Logger,
): Promise<boolean> {
  const { table } = change;
  const [copy, replaced] = [copyOf(table.name), replacedBy(table.name)];
  // The table is there with all rows, so what an interrupted change left is of no use.
  for (const name of [copy, replaced]) await dropTable(client, name);
  const values = valuesOf(change, found, log);
  if (!values) return true;
  const sql = createSql(client, await readDataset(client), {
    create: 'CREATE TABLE',
    name: copy,
    columns: columnsSql(table, described),
    rest: tableSql(table, described),
    query: `SELECT ${values.join(', ')} FROM ${client.table(table.name)}`,
  });
  await client.run(sql, { jobId: copyJob(change) });
  const isSwapped = await swap(client, change);
  await dropTable(client, isSwapped ? replaced : copy);
  return isSwapped;
}

/**
 * Returns the columns of a table, after giving it its name back if an interrupted change took it.
 * Returns undefined if there is no such table.
 */
export async function restoreTable(client: BigQueryClient, name: string): Promise<FoundColumns | undefined> {
  const found = await columnsOf(client, name);
  if (found) return found;
  const replaced = replacedBy(name);
  if (!(await columnsOf(client, replaced))) return undefined;
  await client.run(`ALTER TABLE ${client.table(replaced)} RENAME TO ${identifier(name)}`);
  return columnsOf(client, name);
}

/** Whether the copy of a table is still being filled, whoever began it. */
export async function isBeingCopied(
  client: BigQueryClient,
  change: Pick<Rewrite, 'table' | 'by'>,
): Promise<boolean> {
  try {
    const job = await client.findJob(copyJob(change));
    return job !== undefined && job.status.state !== 'DONE';
  } catch (error) {
    // The job of another account. That its copy is not used any more, `swap` makes sure.
    if (error instanceof ReportsError && error.code === 'WAREHOUSE_ACCESS_DENIED') return false;
    throw error;
  }
}

/** The id of the job that fills the copy. */
function copyJob({ table, by }: Pick<Rewrite, 'table' | 'by'>): string {
  const name = createHash('sha256').update(rowOfTable(table.name)).digest('hex');
  return `sp_reports_copy_${by}_${name.slice(0, 8)}`;
}

/** Where the rows of a table are written with wider columns. */
function copyOf(table: string): string {
  return `_widened_${table}`;
}

/** The name of a table after its copy took its own. */
function replacedBy(table: string): string {
  return `_replaced_${table}`;
}

/** SQL for all columns of the rewritten table; undefined if all of them are as wide already. */
function valuesOf(change: Rewrite, found: FoundColumns, log?: Logger): string[] | undefined {
  const { was, table } = change;
  let isDone = true;
  const values = [...table.columns, ...lineage].map(({ name }) => {
    const column = identifier(name);
    const from = was.columns.find((each) => each.name === name)?.type;
    if (!from || !isWidened(change, name) || isWidenedInPlace(change, name)) return column;
    const to = typeIn(table, name);
    const now = found.get(name.toLowerCase());
    if (now?.kind === to.kind && now.kind !== from.kind) return column;
    isDone = false;
    log?.info(
      { table: table.name, column: name, from: columnTypeText(from), to: columnTypeText(to) },
      'column widened',
    );
    return `${widenedSql(column, from, to)} AS ${column}`;
  });
  return isDone ? undefined : values;
}

/**
 * Renames the copy to its table. A process that was stopped for long must not do so after
 * others made the change and added rows: the state says whose change it is.
 */
async function swap(client: BigQueryClient, { table, by }: Rewrite): Promise<boolean> {
  const [name, copy] = [client.table(table.name), client.table(copyOf(table.name))];
  const isOurs = `SELECT COUNT(*) FROM ${client.table('_state')} WHERE name = ${literal(rowOfTable(table.name))} AND STRPOS(body, ${literal(by)}) > 0`;
  const job =
    await client.run(`IF (${isOurs}) = 1 AND (SELECT COUNT(*) FROM ${copy}) = (SELECT COUNT(*) FROM ${name}) THEN
ALTER TABLE ${name} RENAME TO ${identifier(replacedBy(table.name))};
ALTER TABLE ${copy} RENAME TO ${identifier(table.name)};
SELECT 'swapped' AS outcome;
ELSE
SELECT 'changed' AS outcome;
END IF;`);
  return (await outcomeOf(client, job)) === 'swapped';
}

async function columnsOf(client: BigQueryClient, table: string): Promise<FoundColumns | undefined> {
  const found = await client.requestIfThere<{ schema?: { fields?: Field[] } }>({
    uri: client.tableUri(table),
  });
  return (
    found &&
    new Map((found.schema?.fields ?? []).map((field) => [field.name.toLowerCase(), columnTypeOfField(field)]))
  );
}

async function dropTable(client: BigQueryClient, table: string): Promise<void> {
  await client.requestIfThere({ method: 'DELETE', uri: client.tableUri(table) });
}
