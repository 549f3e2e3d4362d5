import assert from 'node:assert/strict';
import { existsSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Damage, damageFile, damages, flipBit, withoutHashes } from './damaged-files.js';
import { assertDownloadedAgain, downloadsOf } from './downloaded-again.js';
import { describeDamages, documents, documentsFolder, metadataDamages } from './integrity-damages.js';
import { runOneReport } from './load-orders.js';
import { startS3 } from '../store/emulators.js';
import { listings, listingsType, makeWorld, sellerId, type World } from '../ingest/world.js';

describe('the integrity check', () => {
  const { path, run, query, loadAll, tables, ledger, assertSame } = documentsFolder();

  it('uses sizes and hashes that are in the ledger, beside raw documents and in load records', async () => {
    const ids = await loadAll();
    const rows = (await query('SELECT * FROM _loads ORDER BY key')) as Record<string, unknown>[];
    assert.equal(rows.length, 2);
    for (const row of rows) {
      const [name] = Object.entries(ids).find(([, id]) => id === row.document_id) ?? assert.fail();
      const metadata = JSON.parse(readFileSync(path('raw', `${row.raw_path}.json`), 'utf8'));
      assert.equal(metadata.sha256, row.raw_sha256);
      assert.equal(metadata.bytes, documents[name]?.length);
      assert.match(String(row.document_id), new RegExp(`^file-${String(row.raw_sha256).slice(0, 32)}$`));
      const files = row.files as { path: string; bytes: number }[];
      assert.deepEqual(
        files.map(({ path: at, bytes }) => [existsSync(path('lake', at)), bytes]),
        files.map(({ path: at }) => [true, readFileSync(path('lake', at)).length]),
      );
      assert.equal(files.length, 1);
    }
  });

  it('refuses a rebuild if both copies of a document are gone and keeps the file, or reports a loss that is accepted', async () => {
    const ids = await loadAll();
    const before = [await tables(), await ledger()];
    const id = ids['plain.txt'] ?? '';
    const flip = damages[2] as Damage;
    damageFile(path('lake'), `${id}.parquet`, flip);
    damageFile(path('raw'), id, flip);
    const warehouse = readFileSync(path('warehouse.duckdb'));
    const ran = await run('rebuild');
    assert.equal(ran.code, 1);
    assert.match(ran.stderr, /REBUILD_INCOMPLETE/);
    assert.ok(ran.stderr.includes(id));
    assert.ok(readFileSync(path('warehouse.duckdb')).equals(warehouse));
    await assertSame(ran, before);
    const accepted = await run('rebuild', '--accept-loss', '--json');
    assert.equal(accepted.code, 1);
    const { fromLake, fromRaw, lost, failures } = JSON.parse(accepted.stdout);
    assert.deepEqual([fromLake, fromRaw], [1, 0]);
    assert.equal(lost.length, 1);
    assert.deepEqual(
      failures.map(({ code }: { code: string }) => code),
      ['RAW_DAMAGED'],
    );
    const statuses = await query('SELECT status, reason_code FROM _loads ORDER BY ALL');
    assert.deepEqual(statuses, [
      { status: 'loaded', reason_code: null },
      { status: 'quarantined', reason_code: 'RAW_DAMAGED' },
    ]);
  });

  it('stops inspect from showing a damaged file of the lake', async () => {
    const ids = await loadAll();
    const at = damageFile(path('lake'), `${ids['plain.txt']}.parquet`, { damage: (bytes) => bytes });
    assert.equal((await run('inspect', at)).code, 0);
    damageFile(path('lake'), `${ids['plain.txt']}.parquet`, damages[2] as Damage);
    const { code, stdout, stderr } = await run('inspect', at);
    assert.deepEqual([code, stdout], [1, '']);
    assert.match(stderr, /PARQUET_DAMAGED/);
  });

  it('takes the hashes from the ledger if a crash came between a commit and its load record', async () => {
    const ids = await loadAll();
    const before = [await tables(), await ledger()];
    const older = (bytes: Buffer) =>
      Buffer.from(bytes.toString().replace(/"sha256":"[0-9a-f]{64}"/g, `"sha256":"${'0'.repeat(64)}"`));
    damageFile(path('lake', '_loads'), `${ids['plain.txt']}.json`, { damage: older });
    rmSync(path('raw'), { recursive: true });
    const ran = await run('rebuild', '--json');
    assert.equal(ran.code, 0, ran.stderr);
    assert.equal(JSON.parse(ran.stdout).fromLake, 2);
    assert.deepEqual(await tables(), before[0]);
  });

  describe('of files that a version without hashes wrote', () => {
    it('lets them load and be rebuilt as before, with one note', async () => {
      await loadAll();
      await withoutHashes(path);
      const before = await tables();
      const rebuilt = await run('rebuild', '--json');
      assert.equal(rebuilt.code, 0, rebuilt.stderr);
      assert.equal(JSON.parse(rebuilt.stdout).fromLake, 2);
      assert.equal(rebuilt.stderr.match(/2 files of an earlier version/g)?.length, 1, rebuilt.stderr);
      assert.deepEqual(await tables(), before);
      const reloaded = await run('reload', '--status', 'loaded');
      assert.equal(reloaded.code, 0, reloaded.stderr);
      assert.equal(reloaded.stderr.match(/2 files of an earlier version/g)?.length, 1, reloaded.stderr);
      assert.deepEqual(await tables(), before);
    });

    for (const damage of damages.slice(0, 2)) {
      it(`goes by the sizes in the ledger: the rows stay if ${damage.what}`, async () => {
        const ids = await loadAll();
        await withoutHashes(path);
        const before = await tables();
        damageFile(path('raw'), ids['plain.txt'] ?? '', damage);
        const ran = await run('reload', '--status', 'loaded', '--json');
        assert.equal(ran.code, 1);
        assert.equal(JSON.parse(ran.stdout).notLoaded[0].reasonCode, 'RAW_DAMAGED');
        assert.deepEqual(await tables(), before);
      });
    }

    it('refuses them if they have fewer rows than the ledger says, unless that loss is accepted', async () => {
      const ids = await loadAll();
      await withoutHashes(path);
      const before = await tables();
      const shorter = (bytes: Buffer) => {
        const lines = bytes.toString().trimEnd().split('\n');
        const last = lines.pop() ?? '';
        return Buffer.from(
          `${lines.join('\n')}\n${' '.repeat(last.length - 1)}\n\n`
            .padEnd(bytes.length, '\n')
            .slice(0, bytes.length),
        );
      };
      damageFile(path('raw'), ids['plain.txt'] ?? '', { damage: shorter });
      const ran = await run('reload', ids['plain.txt'] ?? '', '--json');
      assert.equal(ran.code, 1);
      assert.equal(JSON.parse(ran.stdout).notLoaded[0].reasonCode, 'ROWS_MISSING');
      assert.deepEqual(await tables(), before);
      // Its Parquet did not change either.
      const rebuilt = await run('rebuild');
      assert.equal(rebuilt.code, 0);
      assert.deepEqual(await tables(), before);
      const accepted = await run('reload', ids['plain.txt'] ?? '', '--accept-loss');
      assert.equal(accepted.code, 0, accepted.stdout + accepted.stderr);
      assert.equal(((await tables()) as unknown[]).length, 5);
    });
  });
});

// integrity.slow.test.ts has all damages.
describeDamages('damage that the integrity check finds', {
  damages: damages.slice(1, 3),
  metadataDamages: metadataDamages.slice(2, 3),
});

describe('damaged documents that Amazon still has', () => {
  let world: World;
  afterEach(() => world.close());

  const load = () => runOneReport(world);
  const downloads = () => downloadsOf(world);

  it('are downloaded again by a reload and by a rebuild if one bit of the raw document is flipped', async () => {
    world = await makeWorld();
    await assertDownloadedAgain(world, damages[2] as Damage);
  });

  it('are downloaded again if their metadata is unreadable', async () => {
    world = await makeWorld();
    const before = await load();
    damageFile(join(world.folder, 'raw'), 'amzn1.spdoc.1.json', { damage: () => Buffer.alloc(0) });
    const reloaded = await world.run('reload', 'amzn1.spdoc.1');
    assert.equal(reloaded.code, 0, reloaded.stdout + reloaded.stderr);
    assert.equal(downloads(), 2);
    assert.deepEqual(await world.contents(), before);
    damageFile(join(world.folder, 'raw'), 'amzn1.spdoc.1.json', { damage: () => Buffer.from('}') });
    rmSync(join(world.folder, 'lake'), { recursive: true });
    const rebuilt = await world.run('rebuild');
    assert.equal(rebuilt.code, 0, rebuilt.stdout + rebuilt.stderr);
    assert.equal(downloads(), 3);
    assert.deepEqual(await world.contents(), before);
  });

  it('keep their rows once Amazon no longer has them, and the reason says both', async () => {
    world = await makeWorld();
    const before = await load();
    damageFile(join(world.folder, 'raw'), 'amzn1.spdoc.1', damages[0] as Damage);
    world.sandbox.state.reports.length = 0;
    const { code, stdout } = await world.run('reload', 'amzn1.spdoc.1', '--json');
    assert.equal(code, 1);
    const [{ reasonCode, reason }] = JSON.parse(stdout).notLoaded;
    assert.equal(reasonCode, 'RAW_DAMAGED');
    assert.match(reason, /has 0 bytes.*downloading it again/);
    assert.deepEqual(await world.contents(), before);
  });

  it('are downloaded again by the next run after a killed one left them', async () => {
    world = await makeWorld();
    const before = await load();
    for (const name of ['warehouse.duckdb', 'lake']) rmSync(join(world.folder, name), { recursive: true });
    truncateSync(join(world.folder, 'raw', sellerId, listingsType, 'amzn1.spdoc.1'), 100);
    const report = world.sandbox.state.reports[0] ?? assert.fail();
    await world.sandbox.notify(report);
    const { code, stderr } = await world.run('run');
    assert.equal(code, 0, stderr);
    assert.equal(downloads(), 2);
    assert.deepEqual(await world.contents(), before);
  });
});

describe('the integrity check of objects in a bucket', () => {
  it('finds damaged ones when they are read, and makes them again from the other copy', async () => {
    const emulator = await startS3();
    const settings = {
      lake: `${emulator.url}/lake`,
      raw: `${emulator.url}/raw`,
      bucket: { endpoint: emulator.endpoint },
    };
    const world = await makeWorld({ settings });
    try {
      const report = { sellerId, reportType: listingsType, body: listings(40), createdAt: new Date(1e12) };
      await world.sandbox.notify(world.sandbox.addReport({ ...report, documentId: 'd1', reportId: '71' }));
      assert.equal((await world.run('run')).code, 0);
      const before = await world.contents();
      const names = await emulator.bucket.list('');
      const parquet = names.find((name) => name.endsWith('.parquet')) ?? assert.fail();
      const raw = names.find((name) => name.endsWith('/d1')) ?? assert.fail();
      const damage = async (name: string, change: (bytes: Buffer) => Buffer) => {
        const copy = join(world.folder, 'copy');
        rmSync(copy, { force: true });
        await emulator.bucket.get(name, copy);
        writeFileSync(copy, change(readFileSync(copy)));
        await emulator.bucket.put(name, copy);
      };
      const flip = (bytes: Buffer) => flipBit(bytes, Math.floor(bytes.length / 2));

      await damage(parquet, flip);
      const shown = await world.run('inspect', `${emulator.url}/${parquet}`);
      assert.equal(shown.code, 1);
      assert.match(shown.stderr, /PARQUET_DAMAGED/);
      const rebuilt = await world.run('rebuild', '--json');
      assert.deepEqual([rebuilt.code, JSON.parse(rebuilt.stdout).fromRaw], [0, 1], rebuilt.stderr);
      assert.deepEqual(await world.contents(), before);
      assert.equal((await world.run('inspect', `${emulator.url}/${parquet}`)).code, 0);

      await damage(raw, flip);
      const reloaded = await world.run('reload', 'd1');
      assert.equal(reloaded.code, 0, reloaded.stdout + reloaded.stderr);
      assert.deepEqual(await world.contents(), before);

      await damage(raw, () => Buffer.alloc(0));
      world.sandbox.state.reports.length = 0;
      const refused = await world.run('reload', 'd1');
      assert.equal(refused.code, 1);
      assert.deepEqual(await world.contents(), before);
    } finally {
      await world.close();
      await emulator.close();
    }
  });
});
