import assert from 'node:assert/strict';
import { readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import type { Finding } from '../../src/maintenance/verify-findings.js';
import { commandFolder } from '../commands/command-folder.js';
import { makeWorld, orders, type Ran } from '../ingest/world.js';
import { type Damage, damageFile, flipBit, withoutOwnHash } from './damaged-files.js';
import { loadOrders, order, ordersOf, runOneReport } from './load-orders.js';

type Change = Pick<Damage, 'damage'>;

/** Damages of a file. */
export const flip = { damage: (bytes: Buffer) => flipBit(bytes, Math.floor(bytes.length / 2)) };
export const remove = { damage: () => undefined };

/** The findings that `verify --json` printed, without what is only for readers. */
export function findingsOf({ stdout }: Ran): Finding[] {
  return stdout
    .trim()
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Finding);
}

export const kindsOf = (ran: Ran) => findingsOf(ran).map(({ kind, repair }) => `${kind} ${repair}`);

/** The names of all files of a folder and their bytes. */
export function filesOf(folder: string): Record<string, string> {
  const entries = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((each) =>
    each.isFile(),
  );
  return Object.fromEntries(
    entries.map((each) => {
      const path = join(each.parentPath, each.name);
      return [path, readFileSync(path).toString('base64')];
    }),
  );
}

/** A folder for two documents of orders, in which `verify` runs. */
export function verifyFolder() {
  const { path, run, file, query } = commandFolder();

  const verify = (...args: string[]) => run('verify', '--json', ...args);

  /** Loads two documents of orders and returns the id of the first. */
  async function loadTwo(): Promise<string> {
    // Its ledger row says that a measure is empty.
    const free = orders([1, 2, 3].map((number) => ({ ...order(number), price: '0.00' })));
    const documents = { 'first.txt': free, 'second.txt.gz': gzipSync(ordersOf(4, 5)) };
    await loadOrders({ run, file }, documents);
    const [row] = (await query('SELECT document_id FROM _loads ORDER BY loaded_at LIMIT 1')) as {
      document_id: string;
    }[];
    return row?.document_id ?? assert.fail();
  }

  const tables = () =>
    query('SELECT amazon_order_id, item_price, _row FROM orders_by_last_update ORDER BY ALL');

  return { path, run, file, query, verify, loadTwo, tables };
}

export const parquetDamages: { what: string; kind: string; change: Change }[] = [
  { what: 'missing', kind: 'parquet_missing', change: remove },
  { what: 'damaged', kind: 'parquet_damaged', change: flip },
  { what: 'cut off', kind: 'parquet_damaged', change: { damage: (bytes) => bytes.subarray(0, 50) } },
];

export const recordDamages: { what: string; kind: string; change: Change }[] = [
  { what: 'missing', kind: 'record_missing', change: remove },
  { what: 'cut off', kind: 'record_damaged', change: { damage: (bytes) => bytes.subarray(0, 99) } },
  {
    what: 'of an earlier load',
    kind: 'record_damaged',
    change: {
      damage: (bytes) =>
        Buffer.from(withoutOwnHash(bytes.toString()).replace(/"sha256":"[0-9a-f]+"/, '"sha256":"00"')),
    },
  },
  {
    what: 'one with a flipped bit, in the hash of the raw document',
    kind: 'record_damaged',
    change: { damage: (bytes) => flipBit(bytes, bytes.indexOf('"rawSha256":"') + 20) },
  },
];

export const rawDamages: { kind: string; ending: string; change: Change }[] = [
  { kind: 'raw_missing', ending: 'amzn1.spdoc.1', change: remove },
  { kind: 'raw_damaged', ending: 'amzn1.spdoc.1', change: flip },
  { kind: 'metadata_missing', ending: 'amzn1.spdoc.1.json', change: remove },
  { kind: 'metadata_damaged', ending: 'amzn1.spdoc.1.json', change: { damage: () => Buffer.from('}') } },
];

/** What `verify --repair` makes again. */
export function describeRepairs(
  title: string,
  {
    parquet,
    record,
    raw,
  }: { parquet: typeof parquetDamages; record: typeof recordDamages; raw: typeof rawDamages },
): void {
  describe(title, () => {
    const { path, run, query, verify, loadTwo, tables } = verifyFolder();

    it('finds a Parquet file that is missing or damaged, names its rows, and makes it again from raw', async () => {
      const id = await loadTwo();
      const before = await tables();
      for (const { what, kind, change } of parquet) {
        const damaged = damageFile(path('lake'), `${id}.parquet`, change);
        const found = await verify();
        assert.equal(found.code, 1, what);
        const [{ found: text, ...finding }] = findingsOf(found) as [Finding];
        assert.ok(text.length > 0);
        assert.deepEqual(finding, {
          kind,
          path: damaged,
          key: finding.key,
          table: 'orders_by_last_update',
          rows: 3,
          repair: 'possible',
        });
        assert.ok(finding.key?.endsWith(`/${id}`), `${finding.key}`);
        const repaired = await verify('--repair');
        assert.deepEqual([repaired.code, kindsOf(repaired)], [0, [`${kind} done`]], repaired.stdout);
        assert.deepEqual([(await verify()).code, await tables()], [0, before]);
      }
    });

    for (const { what, kind, change } of record) {
      it(`writes a load record again from ledger and lake if it is ${what}, for a rebuild without raw documents`, async () => {
        const id = await loadTwo();
        const before = await tables();
        const ledger = () => query('SELECT key, tables FROM _loads ORDER BY key');
        const ledgerBefore = await ledger();
        damageFile(path('lake', '_loads'), `${id}.json`, change);
        const parquet = filesOf(path('lake', 'orders_by_last_update'));
        assert.deepEqual(kindsOf(await verify()), [`${kind} possible`]);
        const ran = await verify('--repair');
        assert.deepEqual([ran.code, kindsOf(ran)], [0, [`${kind} done`]], ran.stdout);
        assert.deepEqual(filesOf(path('lake', 'orders_by_last_update')), parquet);
        rmSync(path('raw'), { recursive: true });
        const rebuilt = await run('rebuild', '--json');
        assert.equal(JSON.parse(rebuilt.stdout).fromLake, 2, rebuilt.stderr);
        assert.deepEqual(await tables(), before);
        assert.deepEqual(await ledger(), ledgerBefore);
      });
    }

    it('fetches a document from Amazon again if it or its metadata is missing or damaged', async () => {
      const world = await makeWorld();
      try {
        const before = await runOneReport(world);
        const folder = join(world.folder, 'raw');
        const whole = filesOf(folder);
        for (const { kind, ending, change } of raw) {
          damageFile(folder, ending, change);
          assert.deepEqual(kindsOf(await world.run('verify', '--json')), [`${kind} possible`]);
          const ran = await world.run('verify', '--repair', '--json');
          assert.deepEqual([ran.code, kindsOf(ran)], [0, [`${kind} done`]], ran.stdout + ran.stderr);
          assert.deepEqual(filesOf(folder), whole, kind);
          assert.deepEqual(await world.contents(), before);
        }
      } finally {
        await world.close();
      }
    });
  });
}
