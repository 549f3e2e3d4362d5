import { join } from 'node:path';
import { openDuckDbWarehouse } from '../../src/warehouse/duckdb/warehouse.js';
import { describeHistory } from './history-suite.js';

describeHistory('DuckDB', async (folder, options) =>
  openDuckDbWarehouse({ path: join(folder, 'reports.duckdb'), ...options }),
);
