import assert from 'node:assert/strict';
import { join } from 'node:path';
import { type Damage, damageFile } from './damaged-files.js';
import { runOneReport } from './load-orders.js';
import type { World } from '../ingest/world.js';

/** How many documents the sandbox has sent. */
export function downloadsOf({ sandbox }: World): number {
  return sandbox.state.calls.filter(({ operation }) => operation === 'download').length;
}

/** Loads a document, damages its copies, and finds it downloaded again and its rows unchanged. */
export async function assertDownloadedAgain(world: World, damage: Damage): Promise<void> {
  const before = await runOneReport(world);
  const raw = join(world.folder, 'raw');
  damageFile(raw, 'amzn1.spdoc.1', damage);
  const reloaded = await world.run('reload', 'amzn1.spdoc.1');
  assert.equal(reloaded.code, 0, reloaded.stdout + reloaded.stderr);
  assert.equal(downloadsOf(world), 2);
  assert.deepEqual(await world.contents(), before);
  // It is whole again, and nothing more is downloaded.
  assert.equal((await world.run('reload', 'amzn1.spdoc.1')).code, 0);
  assert.equal(downloadsOf(world), 2);
  damageFile(raw, 'amzn1.spdoc.1', damage);
  damageFile(join(world.folder, 'lake'), 'amzn1.spdoc.1.parquet', damage);
  const rebuilt = await world.run('rebuild');
  assert.equal(rebuilt.code, 0, rebuilt.stderr);
  assert.match(rebuilt.stderr, /has changed since it was written/);
  assert.equal(downloadsOf(world), 3);
  assert.deepEqual(await world.contents(), before);
}
