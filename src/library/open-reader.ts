import type { Config } from '../config/spec.js';
import { openWarehouse } from '../warehouse/open-warehouse.js';
import type { Warehouse } from '../warehouse/types.js';

/** What may be read of a warehouse. */
export type WarehouseReads = Pick<
  Warehouse,
  'query' | 'queryStream' | 'tables' | 'loads' | 'countLoads' | 'rejects'
>;

/**
 * Opens the warehouse of the settings for reading. It holds no lock between calls, and nothing is
 * connected to before the first one. A query that is not reading fails with QUERY_FAILED.
 */
export function openReader(config: Pick<Config, 'warehouse'>): WarehouseReads {
  const warehouse = openWarehouse(config, { isPreemptible: true });
  return {
    query: (sql) => warehouse.query(sql),
    queryStream: (sql, read, options) => warehouse.queryStream(sql, read, options),
    tables: () => warehouse.tables(),
    loads: (filter) => warehouse.loads(filter),
    countLoads: (filter) => warehouse.countLoads(filter),
    rejects: (filter) => warehouse.rejects(filter),
  };
}
