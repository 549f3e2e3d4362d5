import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openPostgresWarehouse } from '../../src/warehouse/postgres/warehouse.js';
import { makeLoad } from './make-load.js';
import { newSchema, postgresUrls } from './postgres-server.js';

for (const [index, url] of postgresUrls.entries()) {
  describe(`a query on PostgreSQL, server ${index + 1},`, function () {
    this.timeout(240_000);

    it('with a value that no string of the program can have fails, and the next one runs', async () => {
      const folder = mkdtempSync(join(tmpdir(), 'postgres-'));
      try {
        const warehouse = openPostgresWarehouse({ url, schema: newSchema() });
        await warehouse.commit([
          await makeLoad(folder, {}, { columns: { a: 'string' }, rows: [{ a: '1' }] }),
        ]);
        await assert.rejects(warehouse.query("SELECT repeat('x', 600000000) AS long"), {
          code: 'QUERY_FAILED',
          message: /a row of it has 600 MB/,
        });
        await assert.rejects(
          warehouse.query("SELECT repeat('x', 1000000000) AS a, repeat('y', 1000000000) AS b"),
          { code: 'QUERY_FAILED', remedy: /left\(x, 1000\)/ },
        );
        assert.deepEqual((await warehouse.query('SELECT 1 AS one')).rows, [{ one: 1 }]);
      } finally {
        rmSync(folder, { recursive: true, force: true });
      }
    });
  });
}

if (postgresUrls.length === 0) {
  it('queries on PostgreSQL with large values: pending, as POSTGRES_URLS is not set; see scripts/postgres');
}
