import assert from 'node:assert/strict';
import type { commandFolder } from '../commands/command-folder.js';
import { listings, listingsType, orders, ordersType, sellerId, type World } from '../ingest/world.js';

/** An order of a document of the type `ordersType`. */
export const order = (number: number) => ({ id: `111-${number}`, status: 'Shipped', price: '37.50' });

/** A document of orders with these numbers. */
export const ordersOf = (...numbers: number[]): Buffer => orders(numbers.map(order));

/** Writes settings that keep everything in the folder. Loads documents of orders, by file name. */
export async function loadOrders(
  { run, file }: Pick<ReturnType<typeof commandFolder>, 'run' | 'file'>,
  documents: Record<string, Buffer>,
): Promise<void> {
  const settings = ['warehouse: { path: warehouse.duckdb }', 'lake: lake', 'raw: raw', 'state: state'];
  file('pipelines.yaml', `${settings.join('\n')}\nstatus: false\npipelines: []\n`);
  for (const [name, bytes] of Object.entries(documents)) {
    const { code, stderr } = await run('load', file(name, bytes), '--type', ordersType);
    assert.equal(code, 0, stderr);
  }
}

/** Runs a pipeline that loads one report from Amazon, and returns what the warehouse then has. */
export async function runOneReport(world: World): Promise<Record<string, unknown[]>> {
  const report = { sellerId, reportType: listingsType, body: listings(40), createdAt: new Date(1e12) };
  await world.sandbox.notify(
    world.sandbox.addReport({ ...report, documentId: 'amzn1.spdoc.1', reportId: '71' }),
  );
  assert.equal((await world.run('run')).code, 0);
  return world.contents();
}
