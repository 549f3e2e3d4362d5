import { resolve } from 'node:path';
import type { DuckDBConnection } from '@duckdb/node-api';
import type { Logger } from 'pino';
import type { Clock } from '../../runtime/clock.js';
import { ReportsError } from '../../errors/reports-error.js';
import { isThere } from '../../files/whole-file.js';
import type { Histories } from '../../schema/history.js';
import type { View } from '../../schema/views.js';
import type {
  HeldLedger,
  LedgerOverview,
  Load,
  QueryLimits,
  StreamedAnswer,
  TableInfo,
  Warehouse,
} from '../types.js';
import { withHistories } from '../history/history-tables.js';
import { isReportTable, type Relations } from '../rules/relations.js';
import { readRelations } from './relations.js';
import { commitLoads } from './commit-loads.js';
import { dropEmptyTable } from './drop-empty-table.js';
import { fileError } from '../../errors/duckdb-error.js';
import { takeTurn, withConnection } from './connection.js';
import { hasLedger } from './ledger.js';
import type { LedgerQueries } from '../ledger/ledger-queries.js';
import { ledgerReads } from '../ledger/ledger-reads.js';
import { duckDbLedger } from './ledger-queries.js';
import { readOverview } from './overview.js';
import { readWhole } from '../ledger/read-whole.js';
import { queryInProcess } from './query-process.js';
import { markPurged, removePersonalData } from './remove-personal-data.js';
import { identifier, run } from '../staging/sql.js';
import { toJsonValue } from './values.js';
import { areViewsStale, refreshViews, viewProblems } from './views.js';
import { WantedViews } from '../rules/wanted-views.js';

export interface DuckDbWarehouseOptions {
  /** The DuckDB file. The first commit creates it and its folders. */
  path: string;
  log?: Logger;
  /** Created by commits as soon as their tables exist. */
  views?: View[];
  /** The histories that commits keep. */
  histories?: Histories;
  /** How long to wait for another process that holds the file, in milliseconds. */
  lockWaitMs?: number;
  /** DuckDB's share of the memory; default: most of the machine's. */
  memoryLimitMegabytes?: number;
  /**
   * Whether reads give way to all other work of this process on the file: they are interrupted and
   * start again, so `read` of a query may be called more than once.
   */
  isPreemptible?: boolean;
  clock?: Clock;
}

/**
 * A warehouse in a DuckDB file. Each call opens the file, works and closes it, so that other
 * programs can open it in between; calls of one process are serialized. Timestamps are stored
 * without a zone, in UTC.
 * Errors: WAREHOUSE_LOCKED if another process holds the file for longer than `lockWaitMs`;
 * WAREHOUSE_UNREADABLE if it is damaged or no DuckDB file; WAREHOUSE_FORMAT_UNSUPPORTED if another
 * version of DuckDB wrote it; WAREHOUSE_REFUSED (details `key`,
 * `thing`: the document, if known) if a load can't be committed; WAREHOUSE_MISSING for a query
 * before the first commit; WAREHOUSE_OUT_OF_MEMORY, QUERY_FAILED, FILE_SYSTEM_FAILED, DISK_FULL.
 */
export function openDuckDbWarehouse(options: DuckDbWarehouseOptions): Warehouse {
  const {
    path,
    log,
    views: firstViews,
    histories,
    lockWaitMs = 10_000,
    memoryLimitMegabytes,
    isPreemptible = false,
    clock,
  } = options;
  const settings = { path, lockWaitMs, memoryLimitMegabytes };
  const file = { ...settings, clock };
  const reading = { ...file, mode: 'read' as const, isPreemptible };

  // Views change with the program and the settings, which are fixed for this process, and with
  // tables.
  const views = new WantedViews(firstViews, clock);

  function withLedger<T>(
    empty: T,
    read: (connection: DuckDBConnection, relations: Relations) => Promise<T>,
  ): Promise<T> {
    if (!isThere(path)) return Promise.resolve(empty);
    return withConnection(reading, async (connection) => {
      try {
        const relations = await readRelations(connection);
        return hasLedger(relations) ? await read(connection, relations) : empty;
      } catch (error) {
        throw fileError(error, path);
      }
    });
  }

  /** Changes what was loaded, in one transaction. Does nothing before the first commit. */
  async function changeLedger(
    change: (connection: DuckDBConnection, relations: Relations) => Promise<void>,
  ): Promise<void> {
    if (!isThere(path)) return;
    await withConnection({ ...file, mode: 'write' }, async (connection) => {
      try {
        const relations = await readRelations(connection);
        if (!hasLedger(relations)) return;
        await run(connection, 'BEGIN');
        await change(connection, relations);
        await run(connection, 'COMMIT');
      } catch (error) {
        throw fileError(error, path);
      }
    });
  }

  async function checkWritable(): Promise<void> {
    if (isThere(path)) await withConnection({ ...file, mode: 'write' }, async () => {});
  }

  return {
    ...ledgerReads((empty, read) =>
      withLedger(empty, (connection, relations) =>
        read({ ledger: duckDbLedger(connection), readRelations: async () => relations }),
      ),
    ),
    async commit(loads) {
      if (loads.length === 0) return [];
      const commit = (connection: DuckDBConnection) =>
        commitLoads(connection, loads, path, {
          log,
          clock,
          histories,
          async onCommitted(relations, tablesChanged) {
            if (!views.isDue && !tablesChanged) return;
            await views.refresh((wanted) => refreshViews(connection, wanted, relations, log));
          },
        });
      const threads = isOneRowGroup(loads) ? { threads: 1 } : {};
      try {
        return await withConnection({ ...file, mode: 'write', ...threads }, commit);
      } catch (error) {
        if (!(error instanceof ReportsError) || error.code !== 'WAREHOUSE_OUT_OF_MEMORY') throw error;
        // Slower, but one row group at a time has the whole memory.
        return await withConnection({ ...file, mode: 'write', threads: 1 }, commit);
      }
    },
    removePersonalData: (documents, personalColumns) =>
      changeLedger((connection, relations) =>
        removePersonalData(connection, relations, documents, personalColumns),
      ),
    markPurged: (keys) => changeLedger((connection) => markPurged(connection, keys)),
    checkWritable,
    async inspect() {
      await checkWritable();
      return { found: 'writable' };
    },
    tables: () => withLedger([], readTables),
    async refreshViews(wanted) {
      views.replace(wanted);
      if (!views.isDue || !isThere(path)) return;
      await views.refresh(async (due) => {
        const isStale = await withLedger(false, (connection, relations) =>
          areViewsStale(connection, due, relations),
        );
        if (!isStale) return true;
        return withConnection({ ...file, mode: 'write' }, async (connection) =>
          refreshViews(connection, due, await readRelations(connection), log),
        );
      });
    },
    async dropEmptyTable(table) {
      if (!isThere(path)) return undefined;
      return withConnection({ ...file, mode: 'write' }, async (connection) => {
        try {
          return await dropEmptyTable(connection, views.list, table);
        } catch (error) {
          throw fileError(error, path);
        }
      });
    },
    viewProblems: (wanted) =>
      withLedger(new Map(), (connection, relations) => viewProblems(connection, wanted, relations)),
    overview: () => withLedger<LedgerOverview | undefined>(undefined, readOverview),
    query: (sql) => queryStream(sql, readWhole),
    queryStream,
  };

  async function queryStream<T>(
    sql: string,
    read: (answer: StreamedAnswer) => Promise<T>,
    { signal, ...rest }: QueryLimits = {},
  ): Promise<T> {
    if (!isThere(path)) throw new ReportsError('WAREHOUSE_MISSING', { path });
    // Without the clock, which is not sent to the other process.
    const request = { ...settings, path: resolve(path), sql, ...rest };
    return takeTurn({ path, isPreemptible, signal }, (ended) => queryInProcess(request, read, ended));
  }
}

/**
 * One thread handles a row group: for a single one, more threads cost more processor time, however
 * many files there are.
 */
function isOneRowGroup(loads: Load[]): boolean {
  const rowGroupRows = 122_880;
  return loads.flatMap(({ tables }) => tables).reduce((sum, { rows }) => sum + rows, 0) <= rowGroupRows;
}

/**
 * Does work while no other process can open the file. If the file is missing or damaged, nobody can
 * anyway.
 * Errors: WAREHOUSE_LOCKED if another process has it open.
 */
export async function holdDuckDbFile<T>(
  path: string,
  memoryLimitMegabytes: number,
  work: (ledger: HeldLedger) => Promise<T>,
): Promise<T> {
  if (!isThere(path)) return work(heldLedger(path, async () => undefined));
  let begun = false;
  const begin = (connection: DuckDBConnection) => {
    begun = true;
    const open = async () =>
      hasLedger(await readRelations(connection)) ? duckDbLedger(connection) : undefined;
    return work(heldLedger(path, open));
  };
  try {
    return await withConnection({ path, mode: 'write', lockWaitMs: 10_000, memoryLimitMegabytes }, begin);
  } catch (error) {
    const isDamaged = error instanceof ReportsError && error.code === 'WAREHOUSE_UNREADABLE';
    if (begun || !isDamaged) throw error;
    const fail = async () => {
      throw error;
    };
    return work(heldLedger(path, fail));
  }
}

function heldLedger(path: string, open: () => Promise<LedgerQueries | undefined>): HeldLedger {
  const read = async <T>(empty: T, work: (ledger: LedgerQueries) => Promise<T>): Promise<T> => {
    try {
      const ledger = await open();
      return ledger ? await work(ledger) : empty;
    } catch (error) {
      throw fileError(error, path);
    }
  };
  return {
    loads: (filter) => read([], (ledger) => ledger.readLoads(filter)),
    loadFields: (fields, filter) => read([], (ledger) => ledger.readFields(fields, filter)),
    seen: (keys, loaded) => read(new Map(), (ledger) => ledger.readByKey(keys, loaded)),
  };
}

async function readTables(connection: DuckDBConnection, relations: Relations): Promise<TableInfo[]> {
  const rows = await run(
    connection,
    `SELECT lower(name), arg_max(report_type, loaded_at), max(loaded_at)
     FROM (SELECT unnest(tables->>'$[*].name') AS name, report_type, loaded_at FROM _loads) GROUP BY 1`,
  );
  const ledger = new Map(rows.map((row) => [String(row[0]), { reportType: row[1], loadedAt: row[2] }]));
  const tables: TableInfo[] = [];
  for (const relation of relations.values()) {
    if (!isReportTable(relation)) continue;
    const [count] = await run(connection, `SELECT count(*) FROM ${identifier(relation.name)}`);
    const known = ledger.get(relation.name.toLowerCase());
    tables.push({
      name: relation.name,
      reportType: (known?.reportType as string | null | undefined) ?? null,
      rows: Number(count?.[0]),
      lastLoadedAt: known ? (toJsonValue(known.loadedAt ?? null) as string) : null,
    });
  }
  return withHistories(tables, relations);
}
