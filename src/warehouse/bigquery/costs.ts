import type { Logger } from 'pino';
import type { LedgerRow } from '../types.js';
import type { BigQueryClient, Job } from './client.js';
import { literal } from './sql.js';

/**
 * Records what a commit cost, with a share for each load. Runs after the commit, because BigQuery
 * only knows then; what is lost here is still in BigQuery's own list of jobs.
 */
export async function writeCosts(
  client: BigQueryClient,
  rows: LedgerRow[],
  job: Job,
  log?: Logger,
): Promise<void> {
  const { statistics, jobReference } = job;
  const share = (text: string | undefined) => Math.round(Number(text ?? 0) / rows.length);
  const values = rows.map(
    ({ key, loadedAt }) =>
      `(${literal(key)}, TIMESTAMP ${literal(loadedAt)}, ${literal(jobReference.jobId)}, ${rows.length}, ${share(statistics?.query?.totalBytesBilled)}, ${share(statistics?.totalSlotMs)})`,
  );
  await client
    .run(
      `INSERT INTO ${client.table('_costs')} (key, loaded_at, job_id, loads, bytes_billed, slot_ms) VALUES ${values.join(', ')}`,
    )
    .catch((error: unknown) => log?.warn(`recording the cost of a commit: ${String(error)}`));
}
