import type { Logger } from 'pino';
import type { Clock } from '../runtime/clock.js';
import type { Histories } from '../schema/history.js';
import type { ReportSchemas } from '../schema/types.js';
import type { View } from '../schema/views.js';
import type { Staging } from '../store/staging.js';
import type { QueryOptions } from './bigquery/query.js';
import { openBigQueryWarehouse } from './bigquery/warehouse.js';
import { compactDuckDbFile } from './duckdb/compact.js';
import { publishDuckDbFile } from './duckdb/publish.js';
import { holdDuckDbFile, openDuckDbWarehouse } from './duckdb/warehouse.js';
import { openPostgresWarehouse } from './postgres/warehouse.js';
import type { Warehouse, WarehouseFile } from './types.js';

/** What each kind of warehouse needs to be opened. */
interface SettingsByType {
  duckdb: { type: 'duckdb'; path: string; memoryLimitMegabytes: number };
  postgres: {
    type: 'postgres';
    url: string;
    readUrl?: string;
    schema: string;
    memoryLimitMegabytes: number;
  };
  bigquery: {
    type: 'bigquery';
    project: string;
    dataset: string;
    location: string;
    keyFile?: string;
    endpoint?: string;
    memoryLimitMegabytes: number;
  };
}

export type WarehouseSettings = SettingsByType[keyof SettingsByType];

/** What a warehouse may be opened with, beside its settings. Each kind takes what it can use. */
export interface OpenWarehouseOptions extends QueryOptions {
  log?: Logger;
  /** The source of the descriptions of tables. */
  schemas?: ReportSchemas;
  /** Where BigQuery loads from. */
  staging?: Staging;
  /**
   * Whether its reads may be interrupted and repeated if this process needs the file otherwise, and
   * may come from a standby of PostgreSQL, which is a little late.
   */
  isPreemptible?: boolean;
  /** Called before a query on a standby whose answer may be this old, or of an unknown age. */
  onOldAnswer?: (seconds: number | undefined) => void;
  /** The views that commits make as soon as their tables exist. */
  views?: View[];
  /** The histories that commits keep. */
  histories?: Histories;
  clock?: Clock;
}

type Open<Settings> = (settings: Settings, options: OpenWarehouseOptions) => Warehouse;

/** One entry for each kind: a new warehouse is opened here. */
const openers: { [Type in keyof SettingsByType]: Open<SettingsByType[Type]> } = {
  duckdb: ({ path, memoryLimitMegabytes }, options) =>
    openDuckDbWarehouse({ path, memoryLimitMegabytes, ...options }),
  postgres: (settings, options) => openPostgresWarehouse({ ...settings, ...options }),
  bigquery: (settings, options) => openBigQueryWarehouse({ ...settings, ...options }),
};

/** Opens the warehouse of the settings. Nothing is connected to before the first call. */
export function openWarehouse(
  { warehouse }: { warehouse: WarehouseSettings },
  options: OpenWarehouseOptions = {},
): Warehouse {
  const open = openers[warehouse.type] as Open<WarehouseSettings>;
  return open(warehouse, options);
}

/**
 * The file of the warehouse; undefined if it is not a file. `views` are made, and `histories` kept,
 * in the files opened by it.
 */
export function warehouseFile(
  { warehouse }: { warehouse: WarehouseSettings },
  views: View[],
  histories?: Histories,
): WarehouseFile | undefined {
  if (warehouse.type !== 'duckdb') return undefined;
  return {
    path: warehouse.path,
    open: (path) => openWarehouse({ warehouse: { ...warehouse, path } }, { views, histories }),
    hold: (path, work) => holdDuckDbFile(path, warehouse.memoryLimitMegabytes, work),
    compact: (path) => compactDuckDbFile(path, warehouse.memoryLimitMegabytes),
    publish: (path, copy) => publishDuckDbFile(path, copy, warehouse.memoryLimitMegabytes),
  };
}
