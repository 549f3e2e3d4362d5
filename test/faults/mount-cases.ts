import assert from 'node:assert/strict';
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { makeCrashWorld, fill, loadModes, compareWorlds, runUntilEmpty } from '../ingest/crash-matrix.js';
import type { World } from '../ingest/world.js';
import { tryMount } from './mounts.js';

const settings = { warehouse: { path: 'warehouse/warehouse.duckdb' } };
/** A failure that is blamed on a document quarantines it soon. */
const pipelines = [{ limits: { waitTimeSeconds: 0, maxReceives: 2 } }];

/** Folders that are read-only for three drains, and those that are full. */
interface Mounts {
  readOnly: string[];
  full: string[];
  /** The state folder, full from the middle of a drain. */
  fullMidway?: boolean;
}

/** Defines tests of folders that are separate mounts. */
export function itSurvivesMounts({ readOnly, full, fullMidway = false }: Mounts): void {
  let world: World;
  let undisturbed: World;
  let mount: ReturnType<typeof tryMount>;
  beforeEach(async () => {
    world = await makeCrashWorld({ settings, pipelines });
    undisturbed = await makeCrashWorld();
    for (const [index, mode] of loadModes.entries())
      await fill([world, undisturbed], index, { mode }, () => (index + 1) / 7);
  });
  afterEach(async () => {
    mount?.unmount();
    await Promise.all([world.close(), undisturbed.close()]);
  });

  async function threeDrainsFail(code: string): Promise<void> {
    for (let drains = 0; drains < 3; drains += 1) {
      const { code: exit, stdout, stderr } = await world.run('run', '--json');
      assert.equal(exit, 1, stdout);
      assert.match(stderr + stdout, new RegExp(code));
      assert.doesNotMatch(stderr + stdout, /This is a bug|UNEXPECTED|"quarantined"/);
      await world.sandbox.returnMessages();
    }
  }

  async function allIsLoaded(): Promise<void> {
    await Promise.all([runUntilEmpty(world), runUntilEmpty(undisturbed)]);
    assert.deepEqual((await compareWorlds(world, undisturbed)).differences, []);
  }

  for (const name of readOnly) {
    it(`${name}, empty and read-only for three drains: all messages stay, and all are loaded afterwards`, async function () {
      mount = tryMount(join(world.folder, name), 'ro');
      if (!mount) return this.skip();
      await threeDrainsFail('FILE_SYSTEM_FAILED');
      const { visible, inFlight } = await world.sandbox.queueDepth();
      assert.ok(visible + inFlight > 0);
      mount.remount('rw');
      await allIsLoaded();
    });
  }

  for (const name of full) {
    it(`${name}, full for three drains: all messages stay, and all are loaded afterwards`, async function () {
      mount = tryMount(join(world.folder, name), 'size=64k');
      if (!mount) return this.skip();
      const filler = join(world.folder, name, 'filler');
      assert.throws(() => writeFileSync(filler, Buffer.alloc(2 ** 20)), { code: 'ENOSPC' });
      await threeDrainsFail('DISK_FULL');
      rmSync(filler);
      mount.remount('size=64m');
      await allIsLoaded();
    });
  }

  if (fullMidway)
    it('state, full from the middle of a drain: the run reports it, and all messages are loaded afterwards', async function () {
      mount = tryMount(join(world.folder, 'state'), 'size=64k');
      if (!mount) return this.skip();
      const filler = join(world.folder, 'state', 'filler');
      let isFull = false;
      const ran = await world.spawnRun(['run', '--log-level', 'debug'], {}, (_, stderr) => {
        if (isFull || !stderr.includes('work_started')) return;
        isFull = true;
        assert.throws(() => writeFileSync(filler, Buffer.alloc(2 ** 20)), { code: 'ENOSPC' });
      });
      assert.ok(isFull, ran.stderr);
      assert.ok(ran.code === 0 || ran.code === 1, `${ran.code}: ${ran.stderr}`);
      assert.doesNotMatch(ran.stderr, /This is a bug|UNEXPECTED/);
      rmSync(filler);
      await world.sandbox.returnMessages();
      await allIsLoaded();
    });
}
