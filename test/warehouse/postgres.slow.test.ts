import { openPostgresWarehouse } from '../../src/warehouse/postgres/warehouse.js';
import { newSchema, postgresUrls } from './postgres-server.js';
import { describeWarehouse } from './warehouse-suite.js';

// postgres.test.ts has the first one.
for (const [index, url] of postgresUrls.slice(1).entries()) {
  describeWarehouse(
    `PostgreSQL, server ${index + 2},`,
    async () => openPostgresWarehouse({ url, schema: newSchema() }),
    { exampleQuery: 1 },
  );
}

if (postgresUrls.length < 2) {
  it('a second version of PostgreSQL: pending, as POSTGRES_URLS does not name one; see scripts/postgres');
}
