import assert from 'node:assert/strict';
import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gsEndpoint, makeGsBucket, type BucketEmulator, startS3 } from '../store/emulators.js';
import { bigQueryEndpoint, emulatorLacks } from '../warehouse/bigquery-emulator.js';
import {
  bigQuerySettings,
  compareWithDuckDb,
  crashTypes,
  makeCrashWorld,
  runUntilEmpty,
} from './crash-matrix.js';
import { type Ran, runInChild, sellerId, type World } from './world.js';

const documents = 12;

describe('replicas on one queue, one bucket and one BigQuery dataset, without a shared disk', () => {
  let world: World;
  let alone: World;
  let folders: string[];
  let emulator: BucketEmulator;

  before(function () {
    if (!bigQueryEndpoint) {
      console.warn('    skipped: BIGQUERY_EMULATOR is not set; see scripts/bigquery-emulator');
      this.skip();
    }
    if (emulatorLacks('conflicts')) this.skip();
  });
  beforeEach(async () => {
    // Without the emulator of Google Cloud Storage, they share a bucket of S3.
    emulator = gsEndpoint ? await makeGsBucket(gsEndpoint) : await startS3();
    const { url } = emulator;
    const stores = { lake: `${url}/lake`, raw: `${url}/raw`, bucket: { endpoint: emulator.endpoint } };
    world = await makeCrashWorld({ settings: { ...bigQuerySettings(bigQueryEndpoint ?? ''), ...stores } });
    alone = await makeCrashWorld();
    // Each has its own disk, with nothing but the settings.
    folders = Array.from({ length: 4 }, () => mkdtempSync(join(tmpdir(), 'replica-')));
    for (const folder of folders) cpSync(world.folder, folder, { recursive: true });
  });
  afterEach(async () => {
    await Promise.all([world?.close(), alone?.close()]);
    await emulator?.close();
    for (const folder of folders ?? []) rmSync(folder, { recursive: true, force: true });
  });

  it('load each document once despite duplicate notifications and a killed replica, into the same tables as DuckDB', async () => {
    for (let number = 0; number < documents; number += 1) {
      const rows = [0, 1, 2].map(
        (row) => `${(number + row) % 5}\t${number}.${row}5\t${row === 1 ? 'many' : row}`,
      );
      for (const each of [world, alone]) {
        const report = each.sandbox.addReport({
          sellerId,
          reportType: crashTypes[number % crashTypes.length] ?? '',
          reportId: String(1000 + number),
          documentId: `amzn1.spdoc.1.4.na.replica-${number}`,
          createdAt: new Date(Date.UTC(2026, 9, 1) + ((number * 7) % 50) * 60_000),
          body: Buffer.from(`id\tamount\tquantity\n${rows.join('\n')}\n`),
        });
        await each.sandbox.notify(report);
        await each.sandbox.notify(report);
      }
    }
    const run = (cwd: string, more: Record<string, string> = {}) =>
      runInChild(
        ['run', '--log-level', 'warn'],
        { env: { ...world.env, ...more }, cwd },
        () => {},
        () => {},
      );
    const killed = await run(folders[0] ?? '', { SP_REPORTS_CRASH_AT: 'rows-in:1' });
    assert.equal(killed.code, null, killed.stderr);
    await world.sandbox.returnMessages();
    const ran = await Promise.all(folders.map((cwd) => run(cwd)));
    assert.deepEqual(ran.map(codeOf), [0, 0, 0, 0]);
    // The messages of the killed one become visible again after their timeout.
    await world.sandbox.returnMessages();
    await runUntilEmpty(world);
    assert.equal(codeOf(await alone.run('run')), 0);
    const compared = await compareWithDuckDb(world, alone);
    assert.deepEqual(compared.differences, []);
    assert.ok(compared.rows > documents, `${compared.rows} rows to compare`);
    const names = await emulator.bucket.list('');
    const bytes = names.filter((name) => name.startsWith('raw/') && !name.endsWith('.json'));
    const records = names.filter((name) => name.startsWith('lake/_loads/'));
    assert.deepEqual([bytes.length, records.length], [documents, documents]);
    assert.ok(!names.some((name) => name.startsWith('lake/_staging/')), names.join());
  });
});

function codeOf({ code, stderr }: Ran): number | null {
  if (code !== 0) console.warn(stderr.slice(0, 2000));
  return code;
}
