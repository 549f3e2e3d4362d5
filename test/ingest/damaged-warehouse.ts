import assert from 'node:assert/strict';
import { readdirSync, readFileSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { runUntilEmpty } from './crash-matrix.js';
import { listings, listingsType, makeWorld, orders, ordersType, sellerId, type World } from './world.js';

/** What may happen to a warehouse file, as functions of its path. */
export const fileDamages = {
  'cut off in its header': (file) => truncateSync(file, 2000),
  'cut off in its blocks': (file) => truncateSync(file, Math.floor(statSync(file).size / 2)),
  'with bytes flipped in its headers': (file) => flip(file, 4096, 12_288),
  'with bytes flipped throughout': (file) => flip(file, 0, statSync(file).size),
} satisfies Record<string, (file: string) => void>;

/** What may happen to a write-ahead log, as functions of its path. */
export const logDamages = {
  'cut off': (file) => truncateSync(file, Math.floor(statSync(file).size / 2)),
  'with bytes flipped': (file) => flip(file, 200, statSync(file).size),
  'that is not one': (file) => writeFileSync(file, Buffer.alloc(4096, 0x5a)),
} satisfies Record<string, (file: string) => void>;

function flip(file: string, from: number, to: number): void {
  const bytes = readFileSync(file);
  for (let at = from; at < to; at += 97) bytes[at] = ~(bytes[at] ?? 0);
  writeFileSync(file, bytes);
}

export const warehouseFile = (world: World): string => join(world.folder, 'warehouse.duckdb');

/** A world whose warehouse has two documents. */
export async function makeLoadedWorld(): Promise<World> {
  const world = await makeWorld();
  for (const rows of [3, 4]) {
    await world.sandbox.notify(
      world.sandbox.addReport({ sellerId, reportType: listingsType, body: listings(rows) }),
    );
  }
  await runUntilEmpty(world);
  return world;
}

async function notifyOrder({ sandbox }: World): Promise<void> {
  const body = orders([{ id: '1', status: 'Shipped' }]);
  await sandbox.notify(sandbox.addReport({ sellerId, reportType: ordersType, body }));
}

/** Damages the file; the next run sets it aside and makes all tables again, with what is new. */
export async function assertSetAside(world: World, damage: (file: string) => void): Promise<void> {
  const before = await world.contents();
  damage(warehouseFile(world));
  await notifyOrder(world);
  const { code, stderr } = await world.run('run');
  assert.equal(code, 0, stderr);
  const notes = stderr.split('\n').filter((line) => line.includes('set aside'));
  assert.equal(notes.length, 1, stderr);
  assert.match(notes[0] ?? '', /made again from 2 loads of the lake and 0 raw documents/);
  const { orders_by_last_update, ...after } = await world.contents();
  assert.equal(orders_by_last_update?.length, 1);
  assert.deepEqual(after.listings, before.listings);
  assert.equal(after._loads?.length, 3);
  const files = readdirSync(world.folder).filter((name) => name.startsWith('warehouse.duckdb'));
  assert.equal(files.filter((each) => /before-rebuild-\d+T\d+Z$/.test(each)).length, 1, files.join());
}

/** Damages the log of a killed run; the next run has everything, the killed run's document too. */
export async function assertLogIsNotNeeded(world: World, damage: (file: string) => void): Promise<void> {
  await notifyOrder(world);
  const killed = await world.spawnRun(['run'], { SP_REPORTS_CRASH_AT: 'transaction-ended' });
  assert.equal(killed.code, null, killed.stderr);
  damage(`${warehouseFile(world)}.wal`);
  await world.sandbox.returnMessages();
  await runUntilEmpty(world);
  const { _loads, listings: left, orders_by_last_update } = await world.contents();
  assert.deepEqual([_loads?.length, left?.length, orders_by_last_update?.length], [3, 4, 1]);
}
