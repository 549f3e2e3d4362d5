import { randomUUID } from 'node:crypto';
import { type Staging, withStagedObject } from '../../store/staging.js';
import { type BigQueryClient, failureOfJob, type Job } from './client.js';
import { BigQueryError, failureError } from './errors.js';
import type { StagingFile } from './stage.js';

/** Staging tables that a crash left behind expire after a day. */
const stagingLifeMs = 24 * 3_600_000;
const maxGenerations = 20;

/**
 * Creates a staging table from a file by a load job, or finds the job of an earlier attempt: the
 * job id is derived from the file's content. An id is used up if its job failed or its table is
 * gone; then the next generation of the id is used. The file is sent to the job, or to a bucket
 * that the job reads. Returns the name of the table.
 */
export async function loadStaging(
  client: BigQueryClient,
  file: StagingFile,
  staging?: Staging,
): Promise<string> {
  const table = `_staging_${file.digest}`;
  const begin = async (jobId: string): Promise<string> => {
    const failure = failureOfJob(await insert(client, file, { table, jobId, staging }));
    if (failure) throw failureError(failure, client.path);
    await expire(client, table);
    return table;
  };
  for (let generation = 0; generation < maxGenerations; generation += 1) {
    const jobId = `sp_reports_${file.digest}_${generation}`;
    const found = await client.findJob(jobId);
    if (!found) return begin(jobId);
    if (!failureOfJob(await client.waitForEnd(found)) && (await isThere(client, table))) return table;
  }
  // An outage of hours uses up all of them. An attempt that finds no job of its own repeats one,
  // which does no harm.
  return begin(`sp_reports_${file.digest}_${randomUUID()}`);
}

/** Drops staging tables. Those that remain expire. */
export async function dropStaging(client: BigQueryClient, tables: string[]): Promise<void> {
  const { dataset } = client.target;
  await Promise.allSettled(
    tables.map((table) => client.request({ method: 'DELETE', uri: `/datasets/${dataset}/tables/${table}` })),
  );
}

function insert(
  client: BigQueryClient,
  { path, fields, digest }: StagingFile,
  { table, jobId, staging }: { table: string; jobId: string; staging?: Staging },
): Promise<Job> {
  if (!staging) return waitForEndOrFind(client, jobId, () => client.insertLoad(path, table, fields, jobId));
  return withStagedObject(staging, path, digest, (url) =>
    waitForEndOrFind(client, jobId, () => client.insertLoadFrom(url, table, fields, jobId)),
  );
}

/**
 * Returns the job as it ended, even if the answer to an earlier attempt was lost or another process
 * began the same job.
 */
async function waitForEndOrFind(
  client: BigQueryClient,
  jobId: string,
  begin: () => Promise<Job>,
): Promise<Job> {
  try {
    return await client.waitForEnd(await begin());
  } catch (error) {
    const isTaken = error instanceof BigQueryError && error.reason === 'duplicate';
    const found = isTaken ? await client.findJob(jobId) : undefined;
    if (!found) throw error;
    return client.waitForEnd(found);
  }
}

async function isThere(client: BigQueryClient, table: string): Promise<boolean> {
  const uri = `/datasets/${client.target.dataset}/tables/${table}` as const;
  return (await client.requestIfThere({ uri })) !== undefined;
}

function expire(client: BigQueryClient, table: string): Promise<unknown> {
  return client.request({
    method: 'PATCH',
    uri: `/datasets/${client.target.dataset}/tables/${table}`,
    json: { expirationTime: String(client.clock.now() + stagingLifeMs) },
  });
}
