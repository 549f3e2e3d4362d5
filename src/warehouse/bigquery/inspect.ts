import { randomUUID } from 'node:crypto';
import type { Inspection } from '../types.js';
import type { BigQueryClient } from './client.js';
import { type Dataset, readDataset } from './dataset.js';
import { identifier } from './sql.js';
import { listTables, type ListedTable } from './list-tables.js';

const ledgerTables = new Set(['_loads', '_rejects', '_costs', '_state']);

/**
 * Looks at the dataset: whether it is in the location of the settings, whether this account may do
 * all that a commit does, and whether rows stay.
 * Errors: those of `failureRows`, for example WAREHOUSE_ACCESS_DENIED.
 */
export async function inspectDataset(client: BigQueryClient): Promise<Inspection> {
  const { location, dataset: name } = client.target;
  await client.dryRun('SELECT 1');
  const dataset = await readDataset(client);
  if (!dataset)
    return { found: `there is no dataset ${name} yet: the first commit creates it in ${location}` };
  if (dataset.location.toLowerCase() !== location.toLowerCase()) {
    return {
      found: `the dataset is in ${dataset.location}, and the settings say ${location}`,
      next: `Set \`warehouse.location\` to ${dataset.location} in pipelines.yaml.`,
    };
  }
  await writeAndDrop(client);
  const expiring = (await listTables(client)).filter(isExpiring);
  const found = ['writable', ...notesOn(dataset)].join('; ');
  if (expiring.length === 0) return { found };
  const statements = expiring.map((table) => keepSql(client, table));
  return {
    found: `${found}; rows will be lost, because tables expire: ${expiring.map(nameOf).join(', ')}`,
    next: `Run in BigQuery: ${statements.join(' ')}`,
  };
}

/** Does once what commits do, with a table of its own, which expires if it can't be dropped. */
async function writeAndDrop(client: BigQueryClient): Promise<void> {
  const table = client.table(`_doctor_${randomUUID().replaceAll('-', '')}`);
  const hour = 'TIMESTAMP_ADD(CURRENT_TIMESTAMP(), INTERVAL 1 HOUR)';
  await client.run(
    [
      `CREATE TABLE ${table} (a INT64) OPTIONS (expiration_timestamp = ${hour})`,
      `INSERT INTO ${table} (a) VALUES (1)`,
      `DELETE FROM ${table} WHERE a = 1`,
      `DROP TABLE ${table}`,
    ].join(';\n'),
  );
}

/** What the dataset does that the program's tables do not take over, or that is worth knowing. */
function notesOn(dataset: Dataset): string[] {
  const { defaultTableExpirationMs, defaultPartitionExpirationMs, defaultCollation } = dataset;
  const key = dataset.defaultEncryptionConfiguration?.kmsKeyName;
  const days = (ms: string) => `${Math.round(Number(ms) / 86_400_000)} days`;
  return [
    ...(defaultTableExpirationMs
      ? [`new tables override its default expiration of ${days(defaultTableExpirationMs)}`]
      : []),
    ...(defaultPartitionExpirationMs
      ? [`new partitions override its default expiration of ${days(defaultPartitionExpirationMs)}`]
      : []),
    ...(defaultCollation ? [`new tables override its default collation ${defaultCollation}`] : []),
    ...(key ? [`tables are encrypted with ${key}`] : []),
  ];
}

/** Whether it is a table of this program whose rows will be lost. */
function isExpiring(table: ListedTable): boolean {
  const isOwn = ledgerTables.has(nameOf(table)) || table.labels?.program === 'sp-reports';
  // Others are there for the time of a commit.
  const isLasting = isOwn && !/^_(staging|widened|replaced)_/.test(nameOf(table));
  return isLasting && (table.expirationTime ?? table.timePartitioning?.expirationMs) !== undefined;
}

function keepSql({ target }: BigQueryClient, table: ListedTable): string {
  const options = [
    ...(table.expirationTime ? ['expiration_timestamp = NULL'] : []),
    ...(table.timePartitioning?.expirationMs ? ['partition_expiration_days = NULL'] : []),
  ];
  const name = identifier(`${target.project}.${target.dataset}.${nameOf(table)}`);
  return `ALTER TABLE ${name} SET OPTIONS (${options.join(', ')});`;
}

function nameOf({ tableReference }: ListedTable): string {
  return tableReference.tableId;
}
