import assert from 'node:assert/strict';
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { parse } from 'yaml';
import { startProxy } from '../faults/proxy.js';
import { s3Environment, type BucketEmulator } from '../store/emulators.js';
import { makeOldData, oldWords, youngWords } from '../maintenance/old-data.js';
import { listings, listingsType, makeWorld, runInProcess, sellerId, type World } from './world.js';

/** Settings with lake and raw documents in a bucket. */
const settingsOf = ({ url, endpoint }: BucketEmulator) => ({
  lake: `${url}/amazon/lake`,
  raw: `${url}/amazon/raw`,
  bucket: { endpoint },
});

/**
 * What a lake and raw documents in a bucket promise: `use` is what each run needs, `failure` is a
 * bucket that fails, and purges.
 */
export function describeBucket(
  kind: string,
  start: () => Promise<BucketEmulator>,
  parts: ('use' | 'failure')[] = ['use', 'failure'],
): void {
  const { use, failure } = {
    use: parts.includes('use') ? it : undefined,
    failure: parts.includes('failure') ? it : undefined,
  };
  describe(`a lake in a bucket of ${kind}`, () => {
    let emulator: BucketEmulator;
    let world: World;
    let usual: World;
    beforeEach(async () => {
      emulator = await start();
      world = await makeWorld({ settings: settingsOf(emulator) });
      usual = await makeWorld();
    });
    afterEach(async () => {
      await Promise.all([world.close(), usual.close()]);
      await emulator.close();
    });

    async function addListings(rows: number, documentId: string): Promise<void> {
      for (const { sandbox } of [world, usual]) {
        const report = {
          sellerId,
          reportType: listingsType,
          body: listings(rows),
          createdAt: new Date(1e12),
        };
        await sandbox.notify(sandbox.addReport({ ...report, documentId, reportId: `7${rows}` }));
      }
    }

    async function runBoth(): Promise<void> {
      for (const each of [usual, world]) {
        const { code, stdout, stderr } = await each.run('run');
        assert.equal(code, 0, stdout + stderr);
      }
    }

    /**
     * The files below a folder of the settings, `lake` or `raw`, and in the bucket under the same
     * name.
     */
    async function names() {
      const below = (folder: string) =>
        readdirSync(join(usual.folder, folder), { recursive: true, encoding: 'utf8' })
          .filter((name) => /\.(parquet|json)$|amzn1/.test(name))
          .map((name) => `amazon/${folder}/${name}`);
      return {
        inFolders: [...below('lake'), ...below('raw')].sort(),
        inBucket: await emulator.bucket.list(''),
      };
    }

    use?.(
      'has the same files as one in folders and makes the same tables, without a local copy',
      async () => {
        await addListings(3, 'amzn1.spdoc.1');
        await addListings(2, 'amzn1.spdoc.2');
        await runBoth();
        assert.deepEqual(await world.contents(), await usual.contents());
        const { inFolders, inBucket } = await names();
        assert.deepEqual(inBucket, inFolders);
        assert.ok(inBucket.some((name) => name.startsWith('amazon/lake/listings/seller=A1TESTSELLER/')));
        const here = readdirSync(world.folder, { recursive: true, encoding: 'utf8' });
        assert.deepEqual(
          here.filter((name) => /amzn1|parquet/.test(name)),
          [],
        );
        assert.deepEqual(readdirSync(join(world.folder, 'state', 'scratch')), []);
      },
    );

    use?.(
      'is enough for another machine to rebuild the warehouse, reload from raw, and inspect a file',
      async () => {
        await addListings(3, 'amzn1.spdoc.1');
        await runBoth();
        const before = await world.contents();
        for (const name of ['warehouse.duckdb', 'state']) {
          rmSync(join(world.folder, name), { recursive: true });
        }
        const rebuilt = JSON.parse((await world.run('rebuild', '--json')).stdout) as Record<string, unknown>;
        assert.deepEqual([rebuilt.fromLake, rebuilt.fromRaw], [1, 0]);
        assert.deepEqual(await world.contents(), before);
        const again = JSON.parse((await world.run('reload', 'listings', '--json')).stdout) as Record<
          string,
          unknown
        >;
        assert.deepEqual(again.outcomes, { loaded: 1 });
        assert.equal(world.sandbox.state.calls.filter(({ operation }) => operation === 'download').length, 1);
        const parquet = `${emulator.url}/amazon/lake/listings/seller=${sellerId}/amzn1.spdoc.1.parquet`;
        assert.equal(JSON.parse((await world.run('inspect', parquet, '--json')).stdout).rows, 3);
        const [record] = await emulator.bucket.list('amazon/lake/_loads/');
        await emulator.bucket.remove(record ?? '');
        const fromRaw = JSON.parse((await world.run('rebuild', '--json')).stdout) as Record<string, unknown>;
        assert.deepEqual([fromRaw.fromLake, fromRaw.fromRaw], [0, 1]);
      },
    );

    failure?.(
      'whose files cannot be read during a rebuild leaves the warehouse unchanged, and no document without its rows',
      async () => {
        await addListings(3, 'amzn1.spdoc.1');
        await runBoth();
        const before = await world.contents();
        const names = await emulator.bucket.list('amazon/raw/');
        for (const name of names) await emulator.bucket.remove(name);
        const wrong = {
          what: 'answer' as const,
          status: 403,
          body: '<Error><Code>AccessDenied</Code></Error>',
        };
        const proxy = await startProxy('bucket', emulator.endpoint, [
          { service: 'bucket', of: /^GET .*parquet/, wrong, times: 100 },
        ]);
        const settings = join(world.folder, 'pipelines.yaml');
        const text = readFileSync(settings, 'utf8');
        writeFileSync(settings, text.replaceAll(emulator.endpoint, proxy.base));
        const { code, stderr } = await world.run('rebuild');
        writeFileSync(settings, text);
        await proxy.close();
        assert.equal(code, 1);
        assert.match(stderr, /BUCKET_/);
        assert.deepEqual(await world.contents(), before);
      },
    );

    failure?.(
      'that cannot be reached makes a drain leave all messages on the queue, and a later run loads them',
      async () => {
        await addListings(3, 'amzn1.spdoc.1');
        const away = { ...settingsOf(emulator), bucket: { endpoint: 'http://127.0.0.1:9' } };
        const folder = mkdtempSync(join(tmpdir(), 'sp-reports-away-'));
        cpSync(world.folder, folder, { recursive: true });
        const settings = parse(readFileSync(join(folder, 'pipelines.yaml'), 'utf8'));
        writeFileSync(join(folder, 'pipelines.yaml'), JSON.stringify({ ...settings, ...away }));
        const ran = await runInProcess(['run'], { env: world.env, cwd: folder });
        assert.equal(ran.code, 1);
        assert.match(ran.stderr, /working on (s3|gs):/);
        // Receives count towards the dead-letter queue.
        assert.deepEqual(await world.sandbox.queueDepth(), { visible: 1, inFlight: 0 });
        rmSync(folder, { recursive: true });
        await runBoth();
        assert.deepEqual(await world.contents(), await usual.contents());
      },
    );

    use?.('is checked by doctor', async () => {
      const { stdout } = await world.run('doctor', '--json');
      const findings = stdout
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line) as { check: string; about?: string; status: string })
        .filter(({ check }) => check === 'bucket');
      assert.deepEqual(
        findings.map(({ about, status }) => [about, status]),
        [
          [`${emulator.url}/amazon/raw`, 'ok'],
          [`${emulator.url}/amazon/lake`, 'ok'],
        ],
      );
    });
  });

  describe(`purge of a lake in a bucket of ${kind}`, () => {
    failure?.('removes every byte of personal data in old documents, and keeps young documents', async () => {
      const emulator = await start();
      Object.assign(process.env, s3Environment);
      const folder = await makeOldData(settingsOf(emulator));
      try {
        const run = (...args: string[]) => runInProcess(args, { env: {}, cwd: folder });
        const before = await wordsIn(emulator);
        assert.ok(before.old.length > 10 && before.young.length > 0, JSON.stringify(before));
        const rows = async () =>
          (await run('query', '--json', 'SELECT count(*) FROM orders_shipping')).stdout;
        const rowsBefore = await rows();
        const { code, stdout, stderr } = await run('purge', '--older-than', '30d', '--json');
        assert.equal(code, 0, stderr);
        assert.equal(JSON.parse(stdout).documents.length, 6);
        assert.deepEqual(await wordsIn(emulator), { old: [], young: before.young });
        assert.equal(await rows(), rowsBefore);
        assert.equal((await run('rebuild')).code, 0);
        assert.equal(await rows(), rowsBefore);
      } finally {
        rmSync(folder, { recursive: true });
        await emulator.close();
      }
    });
  });
}

/** The objects whose bytes contain words of old buyers, and of the young one. */
async function wordsIn({ bucket }: BucketEmulator): Promise<{ old: string[]; young: string[] }> {
  const folder = mkdtempSync(join(tmpdir(), 'sp-reports-words-'));
  const found: { old: string[]; young: string[] } = { old: [], young: [] };
  try {
    for (const [index, name] of (await bucket.list('')).entries()) {
      await bucket.get(name, join(folder, String(index)));
      const bytes = readFileSync(join(folder, String(index)));
      const text = (bytes[0] === 0x1f ? gunzipSync(bytes) : bytes).toString('latin1');
      if (oldWords.some((word) => text.includes(word))) found.old.push(name);
      if (youngWords.some((word) => text.includes(word))) found.young.push(name);
    }
  } finally {
    rmSync(folder, { recursive: true });
  }
  return found;
}
