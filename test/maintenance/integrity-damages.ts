import assert from 'node:assert/strict';
import { readdirSync, readFileSync, rmSync } from 'node:fs';
import { gzipSync } from 'node:zlib';
import { commandFolder } from '../commands/command-folder.js';
import type { Ran } from '../ingest/world.js';
import { type Damage, damageFile } from './damaged-files.js';
import { loadOrders, ordersOf } from './load-orders.js';

/** The documents of `documentsFolder`. */
export const documents: Record<string, Buffer> = {
  'plain.txt': ordersOf(1, 2, 3),
  'gzipped.txt.gz': gzipSync(ordersOf(4, 5, 6)),
};

/** A folder with two documents from disk that a test loads, and what the warehouse has of them. */
export function documentsFolder() {
  const { path, run, file, query } = commandFolder();

  /** The ids of the documents, by the names of their files. */
  async function loadAll(): Promise<Record<string, string>> {
    await loadOrders({ run, file }, documents);
    const ids: Record<string, string> = {};
    for (const name of readdirSync(path('raw'), { recursive: true, encoding: 'utf8' })) {
      const [kept] = Object.entries(documents).filter(
        ([, bytes]) =>
          !name.endsWith('.json') && /file-/.test(name) && readFileSync(path('raw', name)).equals(bytes),
      );
      if (kept) ids[kept[0]] = name.replace(/^.*[/\\]/, '');
    }
    assert.deepEqual(Object.keys(ids).sort(), Object.keys(documents).sort());
    return ids;
  }

  const tables = () => query('SELECT amazon_order_id, item_price FROM orders_by_last_update ORDER BY ALL');
  const ledger = () =>
    query('SELECT key, status, reason_code, tables, raw_bytes, raw_sha256, files FROM _loads ORDER BY key');

  async function assertSame(ran: Ran, before: unknown[]): Promise<void> {
    assert.deepEqual(await tables(), before[0], ran.stdout + ran.stderr);
    assert.deepEqual(await ledger(), before[1]);
  }

  return { path, run, query, loadAll, tables, ledger, assertSame };
}

export const metadataDamages: Damage[] = [
  { what: 'of 0 bytes', damage: () => Buffer.alloc(0) },
  { what: 'of garbage', damage: (bytes) => Buffer.alloc(bytes.length, 0x9c) },
  { what: 'of other JSON', damage: () => Buffer.from('{"sellerId": 7, "documentId": null}') },
  { what: 'that is cut off', damage: (bytes) => bytes.subarray(0, 40) },
  { what: 'that is null', damage: () => Buffer.from('null') },
];

/** What happens if raw documents, Parquet files, or the metadata of a raw document are damaged. */
export function describeDamages(
  title: string,
  { damages, metadataDamages }: Record<'damages' | 'metadataDamages', Damage[]>,
): void {
  describe(title, () => {
    const { path, run, loadAll, tables, ledger, assertSame } = documentsFolder();

    for (const name of Object.keys(documents)) {
      it(`keeps a reload from using the raw document ${name}, however it is damaged, and its rows stay`, async () => {
        const ids = await loadAll();
        const id = ids[name] ?? '';
        const before = [await tables(), await ledger()];
        const key = (before[1] as { key: string }[]).find((row) => row.key.endsWith(id))?.key;
        for (const damage of damages) {
          damageFile(path('raw'), id, damage);
          const ran = await run('reload', '--status', 'loaded', '--json');
          assert.equal(ran.code, 1, `${damage.what}: ${ran.stdout}`);
          const { outcomes, notLoaded } = JSON.parse(ran.stdout);
          assert.deepEqual(outcomes, { loaded: 1, quarantined: 1 }, damage.what);
          assert.deepEqual(
            notLoaded.map(({ key, reasonCode }: Record<string, unknown>) => [key, reasonCode]),
            [[key, 'RAW_DAMAGED']],
            damage.what,
          );
          await assertSame(ran, before);
          damageFile(path('raw'), id, { damage: () => documents[name] ?? assert.fail() });
        }
      });
    }

    it('makes a rebuild use the raw documents instead of Parquet files, however those are damaged', async () => {
      const ids = await loadAll();
      const before = [await tables(), await ledger()];
      for (const damage of damages) {
        for (const id of Object.values(ids)) damageFile(path('lake'), `${id}.parquet`, damage);
        const ran = await run('rebuild', '--json');
        assert.equal(ran.code, 0, `${damage.what}: ${ran.stderr}`);
        const { fromLake, fromRaw, lost } = JSON.parse(ran.stdout);
        assert.deepEqual([fromLake, fromRaw, lost], [0, 2, []], damage.what);
        await assertSame(ran, before);
        // They are as they were before the damage.
        assert.equal(JSON.parse((await run('rebuild', '--json')).stdout).fromLake, 2, damage.what);
      }
    });

    for (const damage of metadataDamages) {
      it(`affects only one document if its raw metadata is a file ${damage.what}`, async () => {
        const ids = await loadAll();
        const before = [await tables(), await ledger()];
        const metadata = damageFile(path('raw'), `${ids['plain.txt']}.json`, damage);
        const reloaded = await run('reload', '--status', 'loaded', '--json');
        assert.equal(reloaded.code, 1);
        const { outcomes, failures } = JSON.parse(reloaded.stdout);
        assert.deepEqual(outcomes, { loaded: 1, failed: 1 });
        assert.deepEqual(
          failures.map(({ code }: { code: string }) => code),
          ['RAW_METADATA_UNREADABLE'],
        );
        await assertSame(reloaded, before);
        // A rebuild needs no raw documents while the lake is whole.
        const fromLake = await run('rebuild');
        assert.equal(fromLake.code, 0, fromLake.stderr);
        await assertSame(fromLake, before);
        // With neither lake nor ledger the document cannot be identified; others are made again.
        rmSync(path('lake'), { recursive: true });
        const refused = await run('rebuild');
        assert.match(refused.stderr, /REBUILD_INCOMPLETE/);
        rmSync(path('warehouse.duckdb'));
        const rest = await run('rebuild', '--json');
        assert.equal(rest.code, 1);
        const rebuilt = JSON.parse(rest.stdout);
        assert.equal(rebuilt.fromRaw + rebuilt.fromLake, 1);
        assert.deepEqual(
          rebuilt.failures.map(({ key, code }: Record<string, unknown>) => [key, code]),
          [[metadata.replace(/\.json$/, ''), 'RAW_METADATA_UNREADABLE']],
        );
        assert.equal(((await tables()) as unknown[]).length, 3);
      });
    }
  });
}
