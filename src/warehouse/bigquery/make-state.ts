import { ledgerColumns, rejectColumns } from '../ledger/ledger-columns.js';
import type { BigQueryClient } from './client.js';
import { bigQueryType, columnTypeOfKind } from './column-types.js';
import { createSql, type Dataset, type NewTable, readDataset } from './dataset.js';
import { identifier, literal } from './sql.js';

/**
 * Creates the dataset, the ledger and the state if they are missing. Replicas may do so at the same
 * time.
 */
export async function makeState(client: BigQueryClient): Promise<void> {
  const { project: projectId, dataset: datasetId, location } = client.target;
  let dataset = await readDataset(client);
  if (!dataset) {
    const json = { datasetReference: { projectId, datasetId }, location };
    const made = client.request<Dataset>({ method: 'POST', uri: '/datasets', json });
    dataset = await made.catch(async (error: unknown) => {
      const others = await readDataset(client);
      // Another process may have created it in the meantime.
      if (!others) throw error;
      return others;
    });
  }
  const columns = (spec: typeof rejectColumns) =>
    spec
      .map(({ column, kind }) => `${identifier(column)} ${bigQueryType(columnTypeOfKind(kind))}`)
      .join(', ');
  const options = (description: string) =>
    `OPTIONS (description = ${literal(description)}, labels = [('program', 'sp-reports')])`;
  const tables: Omit<NewTable, 'create'>[] = [
    {
      name: '_loads',
      columns: `${columns(ledgerColumns)}, version STRING`,
      rest: `CLUSTER BY key ${options('The ledger: one row per document.')}`,
    },
    {
      name: '_rejects',
      columns: columns(rejectColumns),
      rest: `CLUSTER BY seller_id, document_id ${options('Values that are not of the type of their column, with their raw text.')}`,
    },
    {
      name: '_costs',
      columns:
        'key STRING, loaded_at TIMESTAMP, job_id STRING, loads INT64, bytes_billed INT64, slot_ms INT64',
      rest: options('What each load cost: its share of the commit it was part of.'),
    },
    {
      name: '_state',
      columns: 'name STRING, version INT64, writer STRING, body STRING',
      rest: options('What the processes that commit share.'),
      // Created together with its row, so that there is exactly one.
      query: "SELECT '' AS name, 0 AS version, '' AS writer, '' AS body",
    },
  ];
  const statements = tables.map((table) =>
    createSql(client, dataset, { create: 'CREATE TABLE IF NOT EXISTS', ...table }),
  );
  await client.run(statements.join(';\n'));
}
