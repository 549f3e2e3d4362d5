import { randomUUID } from 'node:crypto';
import { openPostgresWarehouse } from '../../src/warehouse/postgres/warehouse.js';
import { postgresUrl } from './postgres-server.js';
import { describeWarehouse } from './warehouse-suite.js';

/** A schema that does not exist yet. */
const newSchema = () => `s${randomUUID().replaceAll('-', '')}`;

if (postgresUrl) {
  const url = postgresUrl;
  describeWarehouse('PostgreSQL', async () => openPostgresWarehouse({ url, schema: newSchema() }), {
    exampleQuery: 1,
  });
} else {
  it('the PostgreSQL warehouse: pending, as POSTGRES_TEST_URL is not set; see scripts/postgres');
}
