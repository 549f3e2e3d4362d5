import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ReportsError } from '../../src/errors/reports-error.js';
import { openPostgresWarehouse } from '../../src/warehouse/postgres/warehouse.js';
import type { Load } from '../../src/warehouse/types.js';
import { until } from '../runtime/until.js';
import { hastyClock } from './fake-postgres.js';
import { makeLoad } from './make-load.js';
import { postgresUrls } from './postgres-server.js';
import { type SmallDisks, startOnSmallDisks, whyNoSmallDisks } from './small-disks.js';

const lacking =
  postgresUrls.length === 0 ? 'POSTGRES_URLS is not set; see scripts/postgres' : whyNoSmallDisks();

for (const [index, otherUrl] of lacking === undefined ? postgresUrls.entries() : []) {
  describe(`PostgreSQL, server ${index + 1}, on a full disk`, function () {
    this.timeout(240_000);

    let folder: string;
    let disks: SmallDisks;
    before(async () => {
      folder = mkdtempSync(join(tmpdir(), 'disk-full-'));
      disks = await startOnSmallDisks(otherUrl);
    });
    after(async () => {
      await disks?.stop();
      rmSync(folder, { recursive: true, force: true });
    });

    /** Two megabytes that PostgreSQL cannot compress. */
    const report = (day: number): Promise<Load> =>
      makeLoad(
        join(folder, 'lake'),
        { documentId: `d${day}`, reportId: String(day), reportCreatedAt: `2026-10-0${day}T00:00:00Z` },
        {
          mode: 'merge',
          key: ['k'],
          columns: { k: 'string', v: 'string' },
          rows: Array.from({ length: 1000 }, (_, row) => ({
            k: String(row),
            v: randomBytes(1000).toString('hex'),
          })),
        },
      );

    const open = () => openPostgresWarehouse({ url: disks.url, schema: 'sp_reports', clock: hastyClock() });
    const documents = async () =>
      (await open().query('SELECT _document_id AS d, COUNT(*) AS n FROM things GROUP BY 1 ORDER BY 1')).rows;

    it('fails with what to do, loses nothing, and loads the same report once there is room', async () => {
      await open().commit([await report(1)]);
      disks.fill('tables', 200_000);
      const second = await report(2);
      await assert.rejects(open().commit([second]), (error: unknown) => {
        assert.ok(error instanceof ReportsError);
        assert.equal(error.code, 'POSTGRES_OUT_OF_RESOURCES');
        assert.match(error.message, /No space left on device/);
        assert.match(error.remedy, /disk/);
        assert.equal(error.kind, 'retryable');
        return true;
      });
      assert.deepEqual(await documents(), [{ d: 'd1', n: '1000' }]);
      assert.equal((await open().loads({})).length, 1);
      disks.makeRoom('tables');
      await open().commit([second]);
      assert.deepEqual(await documents(), [{ d: 'd2', n: '1000' }]);
      assert.equal((await open().loads({})).length, 2);
    });

    it('ends if there is no room for its log of writes: the program waits for it, and nothing is lost', async () => {
      const committed = await open().loads({});
      disks.fill('wal', 0);
      const third = await report(3);
      // Until the log is full. A report that comes late changes no row.
      await assert.rejects(
        (async () => {
          for (;;) await open().commit([third]);
        })(),
        (error: ReportsError) => {
          assert.ok(
            ['POSTGRES_UNREACHABLE', 'POSTGRES_OUT_OF_RESOURCES'].includes(error.code),
            error.message,
          );
          assert.equal(error.kind, 'retryable');
          return true;
        },
      );
      disks.makeRoom('wal');
      await until(() =>
        open()
          .commit([third])
          .then(() => true)
          .catch(() => false),
      );
      assert.deepEqual(await documents(), [{ d: 'd3', n: '1000' }]);
      const keys = async () => (await open().loads({})).map(({ key }) => key).sort();
      assert.deepEqual(await keys(), [...committed.map(({ key }) => key), third.entry.key].sort());
      assert.match(disks.log(), /PANIC: .*No space left on device/);
    });
  });
}

if (lacking !== undefined) it(`PostgreSQL on a full disk: pending, as ${lacking}`);
