import { randomUUID } from 'node:crypto';
import { type Staging, withStagedObject } from '../../store/staging.js';
import { type BigQueryClient, failureOfJob, type Job } from './client.js';
import { BigQueryError, failureError } from './errors.js';
import type { StagingFile } from './stage.js';

/** Staging tables that nobody has taken away, after a crash, are gone after a day. */
const stagingLifeMs = 24 * 3_600_000;
const maxGenerations = 20;

/**
 * Makes a staging table of a file by a load job, or finds the job of an earlier try: its id comes from what is in the file. An id whose
 * job ended in an error is burnt, as is one whose table is gone, and the next generation of it is taken. The file is sent to the job, or to a
 * bucket that the job reads. Gives the name of the table.
 */
export async function loadStaging(
  client: BigQueryClient,
  file: StagingFile,
  staging?: Staging,
): Promise<string> {
  const table = `_staging_${file.digest}`;
  const begin = async (jobId: string): Promise<string> => {
    const failure = failureOfJob(await insert(client, file, { table, jobId, ...(staging && { staging }) }));
    if (failure) throw failureError(failure, client.path);
    await expire(client, table);
    return table;
  };
  for (let generation = 0; generation < maxGenerations; generation += 1) {
    const jobId = `sp_reports_${file.digest}_${generation}`;
    const found = await client.findJob(jobId);
    if (!found) return begin(jobId);
    if (!failureOfJob(await client.ended(found)) && (await isThere(client, table))) return table;
  }
  // An outage of hours burns them all. A try that finds no job of its own repeats one, which does no harm.
  return begin(`sp_reports_${file.digest}_${randomUUID()}`);
}

/** Takes staging tables away; what stays expires. */
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
  if (!staging) return endedOrFound(client, jobId, () => client.insertLoad(path, table, fields, jobId));
  return withStagedObject(staging, path, digest, (url) =>
    endedOrFound(client, jobId, () => client.insertLoadFrom(url, table, fields, jobId)),
  );
}

/** The job as it ended; also where the answer to an earlier try was lost, or another process has begun the same. */
async function endedOrFound(client: BigQueryClient, jobId: string, begin: () => Promise<Job>): Promise<Job> {
  try {
    return await client.ended(await begin());
  } catch (error) {
    const isTaken = error instanceof BigQueryError && error.reason === 'duplicate';
    const found = isTaken ? await client.findJob(jobId) : undefined;
    if (!found) throw error;
    return client.ended(found);
  }
}

async function isThere(client: BigQueryClient, table: string): Promise<boolean> {
  const uri = `/datasets/${client.target.dataset}/tables/${table}`;
  return (await client.requestIfThere({ uri })) !== undefined;
}

function expire(client: BigQueryClient, table: string): Promise<unknown> {
  return client.request({
    method: 'PATCH',
    uri: `/datasets/${client.target.dataset}/tables/${table}`,
    json: { expirationTime: String(client.clock.now() + stagingLifeMs) },
  });
}
