import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { purgeFaultPoints } from '../src/runtime/fault-point.js';
import { Random } from '../src/sandbox/random.js';
import { runCrashMatrix } from '../test/ingest/crash-matrix.js';
import { findWords } from '../test/ingest/data-folder.js';
import { crashPurge, makeOldData, oldWords } from '../test/maintenance/old-data.js';
import { runInProcess } from '../test/ingest/world.js';
import { disturbPostgres } from '../test/warehouse/disturb-postgres.js';
import { postgresUrl } from '../test/warehouse/postgres-server.js';
import { numberOption } from './options.js';

/**
 * `npm run crash -- --kills N [--seed N] [--json]`: kills the program N times, and a purge at each
 * of its steps, and compares the results. `scripts/bigquery-emulator npm run crash -- --bigquery …`
 * does the same with the BigQuery emulator. `scripts/postgres npm run crash -- --postgres …` does
 * it with a PostgreSQL server, which readers use meanwhile; `--restarts` also stops the server at
 * random moments, as `pg_ctl restart -m immediate` does. With `--queue URL`, the queue is on the
 * SQS server at that address, and all kills are at any time.
 */
const kills = numberOption('kills', 200);
const random = new Random(numberOption('seed', 1));
const queueServer = await answeringQueueServer();
const startedMs = Date.now();
const postgres = process.argv.includes('--postgres') ? (postgresUrl ?? noServer('postgres')) : undefined;
const disturbance =
  postgres === undefined
    ? undefined
    : await disturbPostgres(postgres, {
        restarts: process.argv.includes('--restarts'),
        random: () => random.next(),
      });
const result = await runCrashMatrix({
  kills,
  random: () => random.next(),
  onKill(done) {
    if (done % 20 === 0) process.stderr.write(`${done} kills\n`);
  },
  queueServer,
  bigQuery: process.argv.includes('--bigquery')
    ? (process.env.BIGQUERY_EMULATOR ?? noServer('bigquery-emulator'))
    : undefined,
  postgres,
});
const disturbed = await disturbance?.stop();
const { matrix, differences, ...kinds } = result;
const counts = { ...kinds, ...disturbed };
// A purge has no queue, and its kills are those of a DuckDB file.
if (queueServer === undefined && postgres === undefined) differences.push(...(await purgeDifferences()));
const seconds = Math.round((Date.now() - startedMs) / 1000);
if (process.argv.includes('--json')) {
  process.stdout.write(`${JSON.stringify({ ...counts, seconds, matrix, differences })}\n`);
} else {
  const modes = ['append', 'merge', 'replace', 'snapshot'];
  const rows = Object.entries(matrix).map(
    ([step, of]) => `| ${[step, ...modes.map((mode) => of[mode] ?? 0)].join(' | ')} |`,
  );
  process.stdout.write(
    [
      `| killed at | ${modes.join(' | ')} |`,
      `|---|${modes.map(() => '---:|').join('')}`,
      ...rows,
      '',
      ...Object.entries({ ...counts, seconds }).map(([name, value]) => `${name}: ${value}`),
      ...differences,
      '',
    ].join('\n'),
  );
}
process.exitCode = counts.lost + counts.twice + counts.leftovers + differences.length > 0 ? 1 : 0;

/** The address after `--queue`. Ends the process if nothing answers there. */
async function answeringQueueServer(): Promise<string | undefined> {
  const at = process.argv.indexOf('--queue');
  if (at < 0) return undefined;
  const url = process.argv[at + 1] ?? '';
  try {
    if (!/^https?:$/.test(new URL(url).protocol)) throw new Error('it is no address of HTTP');
    await fetch(url, { signal: AbortSignal.timeout(5000) });
    return url;
  } catch (error) {
    const { cause, message } = error as Error & { cause?: { code?: string } };
    process.stderr.write(
      `--queue ${url}: no SQS server answers there (${cause?.code ?? message}). Start one, for example moto or ElasticMQ, and pass its address, such as http://127.0.0.1:5000.\n`,
    );
    process.exit(2);
  }
}

function noServer(script: string): never {
  process.stderr.write(`There is no server: run this with scripts/${script}.\n`);
  process.exit(2);
}

/**
 * Kills a purge at each of its steps in turn, repeats it, and returns what is left of old
 * documents.
 */
async function purgeDifferences(): Promise<string[]> {
  const folder = await makeOldData();
  try {
    await crashPurge(folder, purgeFaultPoints);
    await runInProcess(['purge', '--older-than', '30d'], { env: {}, cwd: folder });
    const left = await findWords(join(folder, 'data'), oldWords);
    return [...left.keys()].map((name) => `not purged: ${name}`);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
