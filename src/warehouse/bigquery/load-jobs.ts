import { createHash, randomUUID } from 'node:crypto';
import { type Staging, withStagedObject } from '../../store/staging.js';
import { type BigQueryClient, failureOfJob, type Job, labels } from './client.js';
import { failureError, isTaken } from './errors.js';
import type { StagingFile } from './stage.js';

/** Staging tables that a crash left behind expire after a day. */
const stagingLifeMs = 24 * 3_600_000;
const maxGenerations = 20;

/**
 * Creates a staging table from a file by a load job, or finds the job of an earlier attempt: the
 * job id is derived from the account and the file's content. An id is used up if its job failed or
 * its table is gone; then the next generation of the id is used. The file is sent to the job, or to
 * a bucket that the job reads. Returns the name of the table.
 */
export async function loadStaging(
  client: BigQueryClient,
  file: StagingFile,
  staging?: Staging,
): Promise<string> {
  const table = `_staging_${file.digest}`;
  const ids = `sp_reports_${file.digest}${accountSuffix(client)}`;
  /** Returns undefined if the id is taken by a job that can't be read. */
  const begin = async (jobId: string): Promise<string | undefined> => {
    if (await createStaging(client, file, table)) return table;
    const job = await insert(client, file, { table, jobId, staging });
    const failure = job && failureOfJob(job);
    if (failure && !(failure.reason === 'duplicate' && (await hasRows(client, table)))) {
      throw failureError(failure, client.path);
    }
    return job && table;
  };
  for (let generation = 0; generation < maxGenerations; generation += 1) {
    const jobId = `${ids}_${generation}`;
    const found = await client.findJob(jobId);
    if (found) {
      if (!failureOfJob(await client.waitForEnd(found)) && (await hasRows(client, table))) return table;
    } else if (await begin(jobId)) return table;
  }
  // An outage of hours uses up all of them. An attempt that finds no job of its own repeats one,
  // which does no harm.
  await begin(`${ids}_${randomUUID()}`);
  return table;
}

/** Drops staging tables. Those that remain expire. */
export async function dropStaging(client: BigQueryClient, tables: string[]): Promise<void> {
  await Promise.allSettled(
    tables.map((table) => client.request({ method: 'DELETE', uri: client.tableUri(table) })),
  );
}

/** An account can neither read nor repeat the jobs of another one. */
function accountSuffix({ account }: BigQueryClient): string {
  return account === undefined ? '' : `_${createHash('sha256').update(account).digest('hex').slice(0, 8)}`;
}

/**
 * Creates a staging table, empty, so that it has its expiration before anything is in it. Returns
 * whether it was there already, with its rows: a load job adds all of them or none, and the name
 * stands for the rows.
 */
async function createStaging(
  client: BigQueryClient,
  { fields }: StagingFile,
  table: string,
): Promise<boolean> {
  const { project: projectId, dataset: datasetId } = client.target;
  const json = {
    tableReference: { projectId, datasetId, tableId: table },
    schema: { fields },
    labels,
    // Text is compared exactly, whatever the dataset's default is.
    defaultCollation: '',
    expirationTime: String(client.clock.now() + stagingLifeMs),
  };
  try {
    await client.request({ method: 'POST', uri: `/datasets/${datasetId}/tables`, json });
    return false;
  } catch (error) {
    if (!isTaken(error)) throw error;
    return hasRows(client, table);
  }
}

function insert(
  client: BigQueryClient,
  { path, fields, digest }: StagingFile,
  { table, jobId, staging }: { table: string; jobId: string; staging?: Staging },
): Promise<Job | undefined> {
  if (!staging) return waitForEndOrFind(client, jobId, () => client.insertLoad(path, table, fields, jobId));
  return withStagedObject(staging, path, digest, (url) =>
    waitForEndOrFind(client, jobId, () => client.insertLoadFrom(url, table, fields, jobId)),
  );
}

/**
 * Returns the job as it ended, even if the answer to an earlier attempt was lost or another process
 * began the same job. Returns undefined if the id is taken by a job that can't be read.
 */
async function waitForEndOrFind(
  client: BigQueryClient,
  jobId: string,
  begin: () => Promise<Job>,
): Promise<Job | undefined> {
  try {
    return await client.waitForEnd(await begin());
  } catch (error) {
    if (!isTaken(error)) throw error;
    const found = await client.findJob(jobId);
    return found && client.waitForEnd(found);
  }
}

/** Whether there is a table with rows of that name. */
async function hasRows(client: BigQueryClient, table: string): Promise<boolean> {
  const found = await client.requestIfThere<{ numRows?: string }>({ uri: client.tableUri(table) });
  return found !== undefined && found.numRows !== '0';
}
