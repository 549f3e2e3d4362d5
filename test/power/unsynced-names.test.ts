import assert from 'node:assert/strict';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { makeFolder, openPartial, removeFile } from '../../src/files/whole-file.js';
import { recordCalls, unsyncedNames } from '../faults/recorded-calls.js';
import { fill, loadModes, makeCrashWorld, runUntilEmpty } from '../ingest/crash-matrix.js';
import { runInProcess, type World } from '../ingest/world.js';
import { makeOldData } from '../maintenance/old-data.js';

describe('a name of a file, once a command has ended,', () => {
  let world: World;
  beforeEach(async () => {
    world = await makeCrashWorld({ settings: { warehouse: { path: 'data/warehouse.duckdb' } } });
    for (const [index, mode] of loadModes.entries())
      await fill([world], index, { mode }, () => (index + 1) / 7);
  });
  afterEach(() => world.close());

  /** Runs a command; no name that it changed may be lost. */
  async function keepsNames(folder: string, run: () => Promise<{ code: number | null; stderr: string }>) {
    const { done, calls } = await recordCalls(folder, run);
    assert.equal(done.code, 0, done.stderr);
    assert.deepEqual(unsyncedNames(calls), []);
    return calls;
  }

  it('survives a power cut: run, reload, unload, verify', async () => {
    const calls = await keepsNames(world.folder, () => world.run('run'));
    assert.ok(calls.filter(({ name }) => name === 'rename').length > 20, 'the calls were seen');
    await runUntilEmpty(world);
    const [{ document_id: id } = {}] = await world.query("FROM _loads WHERE status = 'loaded' LIMIT 1");
    rmSync(join(world.folder, 'lake', 'crash_append'), { recursive: true });
    for (const command of [
      ['verify', '--repair'],
      ['reload', '--status', 'loaded'],
      ['unload', '--yes', String(id)],
    ])
      await keepsNames(world.folder, () => world.run(...command));
  });

  it('survives a power cut: rebuild, which never leaves the new file with the log of the old one', async () => {
    await runUntilEmpty(world);
    const file = join(world.folder, 'data', 'warehouse.duckdb');
    writeFileSync(file, 'damaged');
    writeFileSync(`${file}.wal`, 'the log of the damaged file');
    const calls = await keepsNames(world.folder, () => world.run('rebuild'));
    const at = (name: string, path: string) =>
      calls.findIndex((call) => call.name === name && call.path === path);
    const logGone = at('rename', `${file}.wal`);
    const replaced = at('rename', `${file}.rebuild`);
    const between = calls.slice(logGone, replaced).map(({ name, path }) => `${name} ${path}`);
    assert.ok(logGone >= 0 && replaced > logGone);
    assert.ok(between.includes(`sync ${join(world.folder, 'data')}`), between.join());
  });

  it('survives a power cut: purge, whose files stay removed', async () => {
    const folder = await makeOldData();
    try {
      const purge = () => runInProcess(['purge', '--older-than', '30d'], { env: {}, cwd: folder });
      const calls = await keepsNames(folder, purge);
      const removed = calls.filter(({ name, path }) => name === 'rm' && !/\.(part|lock)/.test(path));
      const names = removed.map(({ path }) => relative(folder, path)).join('\n');
      assert.match(names, /^data\/raw\//m);
      assert.match(names, /before-rebuild-/);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });
});

describe('a folder', () => {
  it('survives a power cut with the first whole file in it, also if another process made it', async () => {
    const world = await makeCrashWorld();
    try {
      const made = join(world.folder, 'lake', 'table', 'seller=A');
      mkdirSync(made, { recursive: true });
      const { calls } = await recordCalls(world.folder, async () =>
        (await openPartial(join(made, 'document.part'))).close(),
      );
      const synced = calls
        .filter(({ name }) => name === 'sync')
        .map(({ path }) => relative(world.folder, path));
      assert.deepEqual(synced.sort(), ['', 'lake', join('lake', 'table')]);
    } finally {
      await world.close();
    }
  });

  it('survives a power cut if it was removed and made again while the program runs', async () => {
    const world = await makeCrashWorld();
    try {
      const folder = join(world.folder, 'raw', 'seller');
      await makeFolder(folder);
      rmSync(join(world.folder, 'raw'), { recursive: true });
      const { calls } = await recordCalls(world.folder, async () =>
        (await openPartial(join(folder, 'document.part'))).close(),
      );
      const synced = calls
        .filter(({ name }) => name === 'sync')
        .map(({ path }) => relative(world.folder, path));
      assert.deepEqual(synced.sort(), ['', 'raw']);
    } finally {
      await world.close();
    }
  });

  it('is synced after a file in it is removed, even if an earlier process removed it', async () => {
    const world = await makeCrashWorld();
    try {
      const { calls } = await recordCalls(world.folder, () => removeFile(join(world.folder, 'gone')));
      assert.deepEqual(
        calls.filter(({ name }) => name === 'sync').map(({ path }) => path),
        [world.folder],
      );
      await removeFile(join(world.folder, 'no folder', 'gone'));
    } finally {
      await world.close();
    }
  });
});
