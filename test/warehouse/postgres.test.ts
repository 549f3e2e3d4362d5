import { openPostgresWarehouse } from '../../src/warehouse/postgres/warehouse.js';
import { newSchema, postgresUrl } from './postgres-server.js';
import { describeWarehouse } from './warehouse-suite.js';

if (postgresUrl) {
  const url = postgresUrl;
  describeWarehouse('PostgreSQL', async () => openPostgresWarehouse({ url, schema: newSchema() }), {
    exampleQuery: 1,
  });
} else {
  it('the PostgreSQL warehouse: pending, as POSTGRES_URLS is not set; see scripts/postgres');
}
