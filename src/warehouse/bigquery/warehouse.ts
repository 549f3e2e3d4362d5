import type { Logger } from 'pino';
import type { Clock } from '../../runtime/clock.js';
import { ReportsError } from '../../errors/reports-error.js';
import { settleAll } from '../../runtime/settle-all.js';
import { exportHistories, exportTables } from '../../schema/export/tables.js';
import type { ReportSchemas } from '../../schema/types.js';
import { type Histories, noHistories } from '../../schema/history.js';
import type { View } from '../../schema/views.js';
import type { Staging } from '../../store/staging.js';
import { ledgerReads } from '../ledger/ledger-reads.js';
import { readWhole } from '../ledger/read-whole.js';
import { withHistories } from '../history/history-tables.js';
import type { Relations } from '../rules/relations.js';
import type { LedgerOverview, TableInfo, Warehouse } from '../types.js';
import { BigQueryClient, type BigQueryTarget } from './client.js';
import { commitLoads } from './commit-loads.js';
import { dropEmptyTable } from './drop-empty-table.js';
import { inspectDataset } from './inspect.js';
import { bigQueryLedger, fillsTable } from './ledger-queries.js';
import { readRows } from './read-rows.js';
import { relationsOf } from './relations.js';
import { readOverview } from './overview.js';
import { type QueryOptions, runQuery } from './query.js';
import { markPurged, removePersonalData } from './remove-personal-data.js';
import { hasState, readState, type State } from './state.js';
import { existingTables } from './list-tables.js';
import { refreshViews, viewProblems } from './views.js';
import { WantedViews } from '../rules/wanted-views.js';

export interface BigQueryWarehouseOptions extends BigQueryTarget, QueryOptions {
  /** The source of the descriptions of tables and columns. */
  schemas?: ReportSchemas;
  /** Created by commits as soon as their tables exist. */
  views?: View[];
  /** The histories that commits keep. */
  histories?: Histories;
  /** How much memory of this machine the conversion of Parquet may take. */
  memoryLimitMegabytes?: number;
  /** The part of a Google Cloud Storage bucket through which rows are loaded. */
  staging?: Staging;
  log?: Logger;
  clock?: Clock;
}

/**
 * A warehouse in a BigQuery dataset, which the first commit creates. Any number of processes may
 * write to it: each commit is planned from the ledger as it was read, and carried out only if no
 * other commit came in between.
 * Errors: WAREHOUSE_REFUSED (details `key`, `thing`) if a load can't be committed;
 * WAREHOUSE_MISSING for a query before the first commit; QUERY_FAILED; the codes of `failureRows`.
 */
export function openBigQueryWarehouse(options: BigQueryWarehouseOptions): Warehouse {
  const {
    schemas,
    views: firstViews,
    histories,
    memoryLimitMegabytes,
    staging,
    log,
    maxBytes,
    onEstimate,
    clock,
  } = options;
  const { project, dataset, location, keyFile, endpoint } = options;
  const target = { project, dataset, location, keyFile, endpoint };
  const client = new BigQueryClient(target, clock);
  const ledger = bigQueryLedger(client);
  const query = { maxBytes, onEstimate };

  // Views change with the program and the settings, which are fixed for this process, and with
  // tables.
  const views = new WantedViews(firstViews, clock);

  async function withState<T>(empty: T, read: (state: State) => Promise<T>): Promise<T> {
    const state = await readState(client);
    return state ? read(state) : empty;
  }

  /** As `withState` for what needs the ledger alone. BigQuery bills no look at a table. */
  async function withLedger<T>(empty: T, read: () => Promise<T>): Promise<T> {
    return (await hasState(client)) ? read() : empty;
  }

  const queryStream: Warehouse['queryStream'] = async (sql, read, { signal } = {}) => {
    if (!(await hasState(client))) throw new ReportsError('WAREHOUSE_MISSING', { path: client.path });
    return read(await runQuery(client, sql, { ...query, signal }));
  };

  return {
    ...ledgerReads((empty, read) =>
      withLedger(empty, () => read({ ledger, readRelations: () => readExisting(client) })),
    ),
    async commit(loads) {
      if (loads.length === 0) return [];
      const known = [...(schemas?.values() ?? [])];
      const described = [...exportTables(known), ...exportHistories(known, histories ?? noHistories)];
      const descriptions = new Map(described.map((table) => [table.name, table]));
      return commitLoads(client, loads, {
        descriptions,
        histories,
        memoryLimitMegabytes,
        staging,
        log,
        async onCommitted(tables, tablesChanged, state) {
          if (!views.isDue && !tablesChanged) return;
          await views.refresh((wanted) => refreshViews(client, wanted, tables, state, log));
        },
      });
    },
    async checkWritable() {
      await client.dryRun('SELECT 1');
    },
    inspect: () => inspectDataset(client),
    removePersonalData: (documents, personalColumns) =>
      removePersonalData(client, documents, personalColumns),
    markPurged: (keys) => markPurged(client, keys),
    tables: () => withState([], (state) => readTables(client, state)),
    async refreshViews(wanted) {
      views.replace(wanted);
      if (!views.isDue) return;
      await withState(undefined, (state) =>
        views.refresh((due) => refreshViews(client, due, relationsOf(state), state, log)),
      );
    },
    dropEmptyTable: (table) => dropEmptyTable(client, views.list, table),
    viewProblems: (wanted) => withState(new Map(), (state) => viewProblems(client, wanted, state)),
    overview: () => withLedger<LedgerOverview | undefined>(undefined, () => readOverview(client)),
    query: (sql) => queryStream(sql, readWhole),
    queryStream,
  };
}

/** The tables of the state that nobody dropped. */
async function readExisting(client: BigQueryClient): Promise<Relations> {
  const state = await readState(client);
  const existing = await existingTables(client);
  const relations = state ? relationsOf(state) : new Map();
  return new Map([...relations].filter(([, { name }]) => existing.has(name)));
}

async function readTables(client: BigQueryClient, state: State): Promise<TableInfo[]> {
  const existing = await existingTables(client);
  const names = [...state.tables.values()]
    .map(({ table }) => table.name)
    .filter((name) => existing.has(name));
  names.sort();
  if (names.length === 0) return [];
  const lasts = names.flatMap((name, index) => {
    const loadedAt = `IF(${fillsTable(name)}, loaded_at, NULL)`;
    return [`MAX(${loadedAt}) AS at_${index}`, `MAX_BY(report_type, ${loadedAt}) AS type_${index}`];
  });
  const [rows, [last]] = await Promise.all([
    countRows(client, names),
    readRows(client, `SELECT ${lasts.join(', ')} FROM ${client.table('_loads')}`),
  ]);
  const text = (value: unknown) => (typeof value === 'string' ? value : null);
  const tables = names.map((name, index): TableInfo => {
    const lastLoadedAt = text(last?.[`at_${index}`]);
    return {
      name,
      reportType: lastLoadedAt === null ? null : text(last?.[`type_${index}`]),
      rows: rows[index] ?? 0,
      lastLoadedAt,
    };
  });
  return withHistories(tables, relationsOf(state));
}

/** BigQuery allows 100 requests per second and user. */
const requestsAtOnce = 20;

/** The number of rows of each table, from its description, which costs nothing. */
async function countRows(client: BigQueryClient, names: string[]): Promise<number[]> {
  const counts: number[] = [];
  for (let at = 0; at < names.length; at += requestsAtOnce) {
    const found = names
      .slice(at, at + requestsAtOnce)
      .map((name) => client.requestIfThere<{ numRows?: string }>({ uri: client.tableUri(name) }));
    counts.push(...(await settleAll(found)).map((table) => Number(table?.numRows ?? 0)));
  }
  return counts;
}
