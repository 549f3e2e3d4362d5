import { link } from 'simulated:database';
import {
  type OpenWarehouseOptions,
  openWarehouse as openReal,
  type WarehouseSettings,
  warehouseFile,
} from '../../../src/warehouse/open-warehouse.js';
import type { Warehouse } from '../../../src/warehouse/types.js';
import { commitLoads, readRowsOf } from '../memory-warehouse/commit-loads.js';
import type { WatchedLink } from './real-warehouse.js';

export { warehouseFile };

/**
 * Takes the place of `src/warehouse/open-warehouse.ts` in the simulated program: the real one,
 * which reports each change before the program goes on.
 */
export function openWarehouse(
  config: { warehouse: WarehouseSettings },
  options: OpenWarehouseOptions = {},
): Warehouse {
  const real = openReal(config, options);
  const watched = link as unknown as WatchedLink;
  return {
    ...real,
    async seen(keys) {
      const rows = await real.seen(keys);
      await watched.seen([...rows.keys()]);
      return rows;
    },
    async commit(loads) {
      if (loads.length === 0) return real.commit(loads);
      const rows = await readRowsOf(loads);
      const change = watched.begin();
      try {
        const leftOut = await real.commit(loads);
        await change.committed(leftOut, (state) => commitLoads(state, loads, rows, options.clock as never));
        return leftOut;
      } finally {
        change.end();
      }
    },
    async removePersonalData(...given) {
      const change = watched.begin();
      await real.removePersonalData(...given).finally(() => change.end());
      await watched.changed();
    },
    async markPurged(keys) {
      const change = watched.begin();
      await real.markPurged(keys).finally(() => change.end());
      await watched.changed();
    },
  };
}
