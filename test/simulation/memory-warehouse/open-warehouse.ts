import { link } from 'simulated:database';
import type { OpenWarehouseOptions, WarehouseSettings } from '../../../src/warehouse/open-warehouse.js';
import type { Warehouse, WarehouseFile } from '../../../src/warehouse/types.js';
import { openMemoryWarehouse } from './memory-warehouse.js';

/** Takes the place of `src/warehouse/open-warehouse.ts` in the simulated program. */
export function openWarehouse(
  _config: { warehouse: WarehouseSettings },
  { clock }: OpenWarehouseOptions = {},
): Warehouse {
  return openMemoryWarehouse(link, clock);
}

/** It is no file. */
export function warehouseFile(): WarehouseFile | undefined {
  return undefined;
}
