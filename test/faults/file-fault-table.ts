import { readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { isMachinesError } from '../../src/errors/reports-error.js';
import { openQueue } from '../../src/source/sqs.js';
import { pino } from 'pino';
import { crashTypes, makeCrashWorld } from '../ingest/crash-matrix.js';
import { sellerId, type World } from '../ingest/world.js';
import { type FileFault, withFileFault } from './file-faults.js';

/** The folders that the program writes, by their names in the settings of the test. */
export const writtenFolders = ['raw', 'lake', 'state', 'warehouse'] as const;

/** The errors that the system reports, in turn over the calls. */
const codes = [
  'EIO',
  'ENOSPC',
  'EROFS',
  'EACCES',
  'EMFILE',
  'ENOENT',
  'ESTALE',
  'EPERM',
  'EDQUOT',
  'ENOTDIR',
  'EBUSY',
  'ENFILE',
  'ENOMEM',
];

export interface FileFaultRow {
  /** Runs in which a call failed. */
  faults: number;
  /** Runs in which the program did not need the call. */
  harmless: number;
  /** What is not as it must be. */
  problems: string[];
}

/**
 * Loads a document again and again, each time another one, while one call of the file system fails:
 * each time the next one, every `step`-th. Then loads the document without a failure. Ends with a
 * run that makes fewer calls.
 */
export async function tryFileFaults(
  folder: (typeof writtenFolders)[number],
  { lasts, step = 1, first = 1 }: { lasts: FileFault['lasts']; step?: number; first?: number },
): Promise<FileFaultRow> {
  const row: FileFaultRow = { faults: 0, harmless: 0, problems: [] };
  const world = await makeCrashWorld({
    // A failure that is blamed on a document quarantines it at once.
    pipelines: [{ limits: { waitTimeSeconds: 0, maxReceives: 2 } }],
    settings: { warehouse: { path: 'warehouse/warehouse.duckdb' } },
  });
  try {
    for (let at = first, tries = 0; ; at += step, tries += 1) {
      await addDocument(world, tries);
      const code = codes[tries % codes.length] as string;
      const { done, failed } = await withFileFault(
        { folder: join(world.folder, folder), at, lasts, code },
        () => world.run('run', '--json'),
      );
      if (failed !== undefined) {
        row.faults += 1;
        if (done.code === 0) row.harmless += 1;
        for (const problem of problemsOf(done)) row.problems.push(`${at}: ${code}: ${failed}: ${problem}`);
      }
      await world.sandbox.returnMessages();
      const { code: exit, stdout, stderr } = await world.run('run', '--json');
      const { visible, inFlight } = await world.sandbox.queueDepth();
      if (exit !== 0 || visible + inFlight > 0)
        row.problems.push(`${at}: ${code}: ${failed}: the next run does not load it: ${stdout} ${stderr}`);
      removePartials(world);
      if (at > maxCalls) row.problems.push(`there are more than ${maxCalls} calls`);
      if (failed === undefined || at > maxCalls) {
        row.problems.push(...(await differences(world, tries + 1)));
        return row;
      }
    }
  } finally {
    await world.close();
  }
}

/** A document that was received before, so that the crash journal records it. */
async function addDocument({ sandbox }: World, index: number): Promise<void> {
  const reportType = crashTypes[0] as string;
  const report = sandbox.addReport({
    sellerId,
    reportType,
    reportId: String(1000 + index),
    documentId: documentId(index),
    createdAt: new Date(Date.UTC(2026, 9, 1, 0, index)),
    body: Buffer.from(`id\tamount\tquantity\n${index}\t1.50\t1\nx${index}\t2.50\tmany\n`),
  });
  await sandbox.notify(report);
  const queue = openQueue({
    url: sandbox.queueUrl,
    endpoint: sandbox.sqsEndpoint,
    visibilityTimeoutSeconds: 60,
    log: pino({ level: 'silent' }),
  });
  await queue.receive({ maxMessages: 1, waitTimeSeconds: 1, signal: new AbortController().signal });
  await queue.close();
}

/**
 * What could not be removed is removed, as by a run a day later: until then each run looks at it,
 * and makes more calls.
 */
function removePartials({ folder }: World): void {
  for (const name of readdirSync(folder, { recursive: true, encoding: 'utf8' }))
    if (/\.(part|part\.json|lock)$/.test(name)) rmSync(join(folder, name), { force: true });
}

/** More calls than one document makes. */
const maxCalls = 150;

const documentId = (index: number) => `amzn1.spdoc.1.4.na.file-fault-${index}`;

/** A run ends well, or reports by the catalogue what the machine did to it. */
function problemsOf({ code, stdout, stderr }: Awaited<ReturnType<World['run']>>): string[] {
  const problems: string[] = [];
  if (/This is a bug|UNEXPECTED/.test(stderr + stdout)) problems.push(`not in the catalogue: ${stderr}`);
  if (/quarantined/.test(stdout)) problems.push(`quarantined: ${stdout}`);
  if (code === 0) return problems;
  const failures = stdout === '' ? [] : (JSON.parse(stdout) as { failures: { code: string }[] }).failures;
  const found = [/^error ([A-Z_]+):/m.exec(stderr)?.[1], ...failures.map((each) => each.code)];
  const isNamed = found.some((each) => each !== undefined && (isMachinesError(each) || mayFollow.has(each)));
  if (code !== 1 || !isNamed) problems.push(`exit code ${code}: ${stdout} ${stderr}`);
  return problems;
}

/** A lock file that cannot be read may belong to another process. */
const mayFollow = new Set(['DOCUMENT_BUSY']);

/** No row is lost, none is loaded twice, and nothing is quarantined. */
async function differences(world: World, documents: number): Promise<string[]> {
  const problems: string[] = [];
  const loads = await world.query('SELECT document_id, status, reason_code FROM _loads');
  for (const { document_id, status, reason_code } of loads)
    if (status !== 'loaded') problems.push(`${document_id} is ${status}: ${reason_code}`);
  if (loads.length !== documents) problems.push(`${loads.length} of ${documents} documents in the ledger`);
  for (const [table, each] of [
    ['crash_append', 2],
    ['_rejects', 1],
  ] as const) {
    const rows = await world.query(
      `SELECT _document_id AS id, count(*)::INT AS found FROM (SELECT COLUMNS('_?document_id') AS _document_id FROM ${table}) GROUP BY 1`,
    );
    const found = new Map(rows.map(({ id, found: count }) => [id, count]));
    for (let index = 0; index < documents; index += 1) {
      const count = found.get(documentId(index));
      if (count !== each) problems.push(`${documentId(index)} has ${count ?? 0} rows of ${each} in ${table}`);
    }
  }
  return problems;
}
