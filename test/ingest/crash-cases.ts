import assert from 'node:assert/strict';
import type { FaultPoint } from '../../src/runtime/fault-point.js';
import { Random } from '../../src/sandbox/random.js';
import { startS3 } from '../store/emulators.js';
import {
  compareContents,
  type CrashOptions,
  fill,
  leftovers,
  loadModes,
  makeCrashWorld,
  runCrashMatrix,
  runUntilEmpty,
} from './crash-matrix.js';

/** Kills the program that often, and finds all rows of an undisturbed run, once. */
export async function crash(options: Omit<CrashOptions, 'random'>): Promise<void> {
  const { kills } = options;
  const random = new Random(1);
  const result = await runCrashMatrix({ ...options, random: () => random.next() });
  const { lost, twice, unopened, leftovers } = result;
  assert.deepEqual(
    { lost, twice, unopened, leftovers, differences: result.differences },
    { lost: 0, twice: 0, unopened: 0, leftovers: 0, differences: [] },
  );
  assert.ok(result.kills >= kills * 0.75, `${result.kills} kills`);
  assert.ok(result.rows > kills * 5, `${result.rows} rows to compare`);
}

/**
 * Kills the program at each of the steps, with lake and raw documents in a bucket. Finds all rows
 * of an undisturbed run, once, and again after a rebuild from the bucket.
 */
export async function crashUploads(steps: readonly FaultPoint[]): Promise<void> {
  const emulator = await startS3();
  const { url, endpoint } = emulator;
  const settings = { lake: `${url}/lake`, raw: `${url}/raw`, bucket: { endpoint } };
  const world = await makeCrashWorld({ settings });
  const undisturbed = await makeCrashWorld();
  const random = new Random(1);
  try {
    for (const [index, step] of steps.entries()) {
      const mode = loadModes[index % loadModes.length] ?? 'append';
      await fill([world, undisturbed], index, { mode }, () => random.next());
      const [killed] = await Promise.all([
        world.spawnRun(['run'], { SP_REPORTS_CRASH_AT: step }),
        runUntilEmpty(undisturbed),
      ]);
      assert.equal(killed.code, null, `${step}: ${killed.stderr}`);
      await world.sandbox.returnMessages();
    }
    await runUntilEmpty(world);
    const expected = await undisturbed.contents();
    assert.deepEqual(compareContents(await world.contents(), expected).differences, []);
    assert.deepEqual(await leftovers(world), []);
    const { code, stderr } = await world.run('rebuild');
    assert.equal(code, 0, stderr);
    assert.deepEqual(compareContents(await world.contents(), expected).differences, []);
  } finally {
    await Promise.all([world.close(), undisturbed.close()]);
    await emulator.close();
  }
}
