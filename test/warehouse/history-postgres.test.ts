import { openPostgresWarehouse } from '../../src/warehouse/postgres/warehouse.js';
import { describeHistory } from './history-suite.js';
import { newSchema, postgresUrl } from './postgres-server.js';

if (postgresUrl) {
  const url = postgresUrl;
  const schemas = new Map<string, string>();
  describeHistory('PostgreSQL', async (folder, options) => {
    const schema = schemas.get(folder) ?? newSchema();
    schemas.set(folder, schema);
    return openPostgresWarehouse({ url, schema, ...options });
  });
} else {
  it('the histories of a PostgreSQL warehouse: pending, as POSTGRES_URLS is not set; see scripts/postgres');
}
