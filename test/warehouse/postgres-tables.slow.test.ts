import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { packagedSchemasFolder, readSchemas } from '../../src/schema/read.js';
import { checkViews } from '../../src/schema/views.js';
import { openDuckDbWarehouse } from '../../src/warehouse/duckdb/warehouse.js';
import { openPostgresWarehouse } from '../../src/warehouse/postgres/warehouse.js';
import { newSchema, postgresUrl } from './postgres-server.js';
import { contentOf, loadsOfAllSchemas } from './same-tables.js';

if (postgresUrl) {
  const url = postgresUrl;

  describe('the tables and views of all report schemas in PostgreSQL', function () {
    this.timeout(240_000);

    it('have the same rows as in DuckDB after the same documents, in another order', async () => {
      const folder = mkdtempSync(join(tmpdir(), 'postgres-'));
      const folders = [packagedSchemasFolder()];
      const schemas = readSchemas({ folders });
      const { views } = checkViews({ folders }, schemas);
      const options = { schemas, views };
      const postgres = openPostgresWarehouse({ url, schema: newSchema(), ...options });
      const duckdb = openDuckDbWarehouse({ path: join(folder, 'w.duckdb'), views });
      try {
        const loads = await loadsOfAllSchemas(join(folder, 'lake'), schemas);
        await duckdb.commit(loads);
        for (const third of [2, 1, 0]) {
          await postgres.commit(loads.filter((_, index) => index % 3 === third));
        }
        assert.deepEqual(await postgres.viewProblems(views), new Map());
        const tables = (await duckdb.tables()).map(({ name, rows }) => [name, rows]);
        assert.deepEqual(
          (await postgres.tables()).map(({ name, rows }) => [name, rows]),
          tables,
        );
        assert.ok(tables.length > 50);
        for (const name of [...tables.map(([table]) => String(table)), ...views.map((view) => view.name)]) {
          assert.deepEqual(await contentOf(postgres, name), await contentOf(duckdb, name), name);
        }
      } finally {
        rmSync(folder, { recursive: true, force: true });
      }
    });
  });
} else {
  it('the tables in PostgreSQL: pending, as POSTGRES_URLS is not set; see scripts/postgres');
}
