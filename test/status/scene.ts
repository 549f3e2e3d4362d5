import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { DuckDBInstance } from '@duckdb/node-api';
import { demoSellers, fillDemo } from '../../src/sandbox/demo-scenario.js';
import { listings, listingsType, makeWorld, ordersType, sellerId, type World } from '../ingest/world.js';

/** The type of a document that its schema cannot read, and a user's schema that can. */
export const foreign = {
  type: ordersType,
  body: Buffer.from('Bestellnummer\tKaufdatum\tMenge\n028-1\t2026-10-01\t1\n028-2\t2026-10-02\t3\n'),
  schema: `reportType: ${ordersType}
format: tsv
tables:
  - name: orders_de
    load: { mode: append }
    columns:
      - { name: order_id, from: Bestellnummer, type: string }
      - { name: quantity, from: Menge, type: int64 }
`,
};

/** The demo's sellers with the results of a month of loads; a drain every twelve seconds. */
export async function makeScene(): Promise<World> {
  const world = await makeWorld({
    pipelines: [{ name: 'everything', schedule: '*/12 * * * * *', sweep: '30 4 * * *', request: requests }],
    moreSellers: demoSellers.map(({ sellerId }) => sellerId),
    settings: { status: { port: 0 } },
  });
  try {
    await fillScene(world);
  } catch (error) {
    await world.close();
    throw error;
  }
  return world;
}

/**
 * One report is in flight, one window is abandoned, and nothing is due until the end of the year.
 */
const requests = [
  { reportType: ordersType, sellers: [sellerId], window: '1 day', cron: '0 6 1 1 *' },
  {
    reportType: 'GET_FLAT_FILE_ORDER_REPORT_DATA_SHIPPING',
    sellers: [sellerId],
    schedule: 'amazon',
    period: 'PT1H',
  },
];

function writeRequestState({ folder }: World): void {
  const day = (of: number) => `2026-10-0${of}T00:00:00.000Z`;
  const key = `${sellerId} ${ordersType} ATVPDKIKX0DER`;
  const at = new Date().toISOString();
  const progress = {
    version: 1,
    reportType: ordersType,
    begin: day(1),
    doneUntil: '2099-01-01T00:00:00.000Z',
    windows: [
      { start: day(2), end: day(3), state: 'requested', version: 1, attempts: [{ at, reportId: '4711' }] },
    ],
    abandoned: [{ start: day(1), end: day(2), at, found: 'FATAL: the window is too long' }],
    lastRequestedAt: at,
  };
  const file = join(folder, 'state', 'requests.json');
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, JSON.stringify({ format: 2, requests: { [key]: progress }, schedules: {} }));
}

async function fillScene(world: World): Promise<void> {
  writeRequestState(world);
  await fillDemo(world.sandbox);
  const [us] = demoSellers;
  await world.sandbox.notify(
    world.sandbox.addReport({ sellerId: us?.sellerId ?? '', reportType: foreign.type, body: foreign.body }),
  );
  await world.run('run');
  // An incomplete listings report replaces the good one of the run before.
  const few = { sellerId: us?.sellerId ?? '', reportType: listingsType, body: Buffer.from(listings(2)) };
  await world.sandbox.notify(world.sandbox.addReport(few));
  await world.run('run');
  await ageLedger(join(world.folder, 'warehouse.duckdb'));
}

/**
 * Spreads the loads over a day, as if they had come one by one, and adds a month of earlier ones.
 */
async function ageLedger(path: string): Promise<void> {
  const instance = await DuckDBInstance.create(path);
  const connection = await instance.connect();
  await connection.run(`
    UPDATE _loads SET loaded_at = loaded_at - to_minutes((hash(key) % 1300)::INT),
      report_created_at = CASE WHEN report_created_at IS NULL THEN NULL ELSE loaded_at - to_minutes((hash(key) % 1500 + 10)::INT) END`);
  await connection.run(`
    INSERT INTO _loads BY NAME
    SELECT * EXCLUDE (day) REPLACE (
      key || '/' || day AS key, document_id || '.' || day AS document_id,
      loaded_at - to_days(day::INT) AS loaded_at, report_created_at - to_days(day::INT) AS report_created_at,
      (raw_bytes * (0.6 + (hash(key, day) % 100) / 120))::BIGINT AS raw_bytes
    )
    FROM _loads, range(1, 24) days(day)
    WHERE status = 'loaded' AND (hash(key, day) % 3 > 0) AND NOT (report_type LIKE '%REIMBURSEMENTS%' AND day < 9)`);
  await connection.run(
    `DELETE FROM _loads WHERE report_type LIKE '%REIMBURSEMENTS%' AND key NOT LIKE '%/%/%' AND status = 'loaded'`,
  );
  connection.closeSync();
  instance.closeSync();
}
