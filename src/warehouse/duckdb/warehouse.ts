import { existsSync } from 'node:fs';
import type { DuckDBConnection } from '@duckdb/node-api';
import type { Logger } from 'pino';
import { ReportsError } from '../../errors.js';
import {
  type LedgerEntry,
  type Load,
  ledgerKey,
  type StreamedAnswer,
  type TableInfo,
  type Warehouse,
} from '../types.js';
import { isReportTable, type Relation, type Relations, readRelations } from './catalog.js';
import { fileError, firstLine, withConnection } from './connection.js';
import {
  ensureLedger,
  hasLedger,
  readByKey,
  readLoads,
  readNewer,
  readRejects,
  readSeen,
  writeLedger,
} from './ledger.js';
import { loadRows } from './load-modes.js';
import { readWhole, runQuery } from './query.js';
import { identifier, run } from './sql.js';
import { applyPlan, planTable, Refusal, type TablePlans } from './tables.js';
import { toJsonValue } from './values.js';

export interface DuckDbWarehouseOptions {
  /** The DuckDB file. It and its folders are made by the first commit. */
  path: string;
  log?: Logger;
  /** How long to wait for another process that holds the file, in milliseconds. */
  lockWaitMs?: number;
}

/**
 * A warehouse in a DuckDB file. Each call opens the file, works and closes it, so that other programs can open it in between; calls
 * of one process wait for each other. Timestamps are stored without a zone, in UTC.
 *
 * Fails with WAREHOUSE_LOCKED while another process holds the file for longer than `lockWaitMs`, WAREHOUSE_UNREADABLE where it is
 * damaged or no DuckDB file, WAREHOUSE_REFUSED (details `key`, `thing`: the document) where a load can't be committed as it stands,
 * WAREHOUSE_MISSING for a query before the first commit, QUERY_FAILED, FILE_UNREADABLE and DISK_FULL.
 */
export function openDuckDbWarehouse(options: DuckDbWarehouseOptions): Warehouse {
  const { path, log, lockWaitMs = 10_000 } = options;

  function withLedger<T>(
    empty: T,
    read: (connection: DuckDBConnection, relations: Relations) => Promise<T>,
  ): Promise<T> {
    if (!existsSync(path)) return Promise.resolve(empty);
    return withConnection({ path, mode: 'read', lockWaitMs }, async (connection) => {
      try {
        const relations = await readRelations(connection);
        return hasLedger(relations) ? await read(connection, relations) : empty;
      } catch (error) {
        throw fileError(error, path);
      }
    });
  }

  return {
    seen: (keys) =>
      keys.length === 0
        ? Promise.resolve(new Map())
        : withLedger(new Map(), (connection) => readSeen(connection, keys)),
    async commit(loads) {
      if (loads.length === 0) return [];
      return withConnection({ path, mode: 'write', lockWaitMs }, (connection) =>
        commitLoads(connection, loads, path, log),
      );
    },
    async checkWritable() {
      if (existsSync(path)) await withConnection({ path, mode: 'write', lockWaitMs }, async () => {});
    },
    tables: () => withLedger([], readTables),
    loads: (filter) => withLedger([], (connection) => readLoads(connection, filter)),
    rejects: (filter) => withLedger([], (connection) => readRejects(connection, filter)),
    query: (sql) => queryStream(sql, readWhole),
    queryStream,
  };

  async function queryStream<T>(sql: string, read: (answer: StreamedAnswer) => Promise<T>): Promise<T> {
    if (!existsSync(path)) throw new ReportsError('WAREHOUSE_MISSING', { path });
    return withConnection({ path, mode: 'read', lockWaitMs }, async (connection) =>
      read(await runQuery(connection, sql, path)),
    );
  }
}

/**
 * Does work while no other process can open the file; where the file is missing or damaged nobody can anyway.
 * Errors: WAREHOUSE_LOCKED where another process has it open.
 */
export async function holdDuckDbFile<T>(path: string, work: () => Promise<T>): Promise<T> {
  if (!existsSync(path)) return work();
  let begun = false;
  const begin = () => {
    begun = true;
    return work();
  };
  try {
    return await withConnection({ path, mode: 'write', lockWaitMs: 10_000 }, begin);
  } catch (error) {
    const isDamaged = error instanceof ReportsError && error.code === 'WAREHOUSE_UNREADABLE';
    if (begun || !isDamaged) throw error;
    return work();
  }
}

async function commitLoads(
  connection: DuckDBConnection,
  loads: Load[],
  path: string,
  log?: Logger,
): Promise<string[]> {
  let inWork = loads[0];
  const leftOut: string[] = [];
  try {
    await run(connection, 'BEGIN');
    await ensureLedger(connection);
    const relations = await readRelations(connection);
    const plans: TablePlans = new Map();
    const lastToChange = new Map<string, Load>();
    for (const load of loads) {
      inWork = load;
      for (const table of load.tables) {
        if (planTable(plans, relations, table)) lastToChange.set(table.name.toLowerCase(), load);
      }
    }
    for (const [name, plan] of plans) {
      inWork = lastToChange.get(name);
      await applyPlan(connection, plan, log);
    }
    const context: CommitContext = {
      relations: await readRelations(connection),
      previous: await readByKey(
        connection,
        loads.map((load) => load.entry.key),
      ),
    };
    const startMs = Date.now();
    for (const [index, load] of loads.entries()) {
      inWork = load;
      // Later loads of one commit are later, by a microsecond each, as if each had been committed by itself.
      const isIn = await applyLoad(connection, context, load, isoMicroseconds(startMs, index));
      if (!isIn) leftOut.push(load.entry.key);
    }
    await run(connection, 'COMMIT');
    return leftOut;
  } catch (error) {
    // Nothing of the transaction is kept: it ends with the connection.
    throw commitError(error, inWork as Load, path);
  }
}

interface CommitContext {
  /** All tables, as wide as the loads of this commit need them. */
  relations: Relations;
  /** What the ledger says about the documents before each is loaded, by key. */
  previous: Map<string, LedgerEntry>;
}

/** False where the load is left out. */
async function applyLoad(
  connection: DuckDBConnection,
  context: CommitContext,
  load: Load,
  loadedAt: string,
): Promise<boolean> {
  const { entry } = load;
  const previous = context.previous.get(entry.key);
  if (previous && holdsRows(previous) && !holdsRows(entry)) return false;
  if (load.tables.length > 0 && entry.documentId === null) throw new Refusal('rows without a document id');
  for (const { name } of previous?.tables ?? []) {
    const relation = context.relations.get(name.toLowerCase());
    if (!relation || !isReportTable(relation)) continue;
    await run(
      connection,
      `DELETE FROM ${identifier(relation.name)} WHERE _seller_id IS NOT DISTINCT FROM $seller AND _document_id = $document`,
      { seller: entry.sellerId, document: entry.documentId },
    );
  }
  // What is brought in, not what the entry says: a document without any text names its tables and must not count as their newest.
  const tables: LedgerEntry['tables'] = [];
  for (const table of load.tables) {
    const relation = context.relations.get(table.name.toLowerCase()) as Relation;
    const newer = table.mode === 'append' ? [] : await readNewer(connection, entry, table.name, loadedAt);
    const superseded = await loadRows(connection, { load, table, relation, loadedAt, newer });
    tables.push({ name: table.name, rows: table.rows, ...(superseded > 0 && { superseded }) });
  }
  await writeLedger(connection, load, tables, loadedAt, previous !== undefined);
  context.previous.set(entry.key, { ...entry, tables });
  for (const key of otherKeys(load)) {
    await run(connection, 'DELETE FROM _loads WHERE key = $key', { key });
    context.previous.delete(key);
  }
  return true;
}

/** An empty document holds the news that there is nothing. */
function holdsRows({ status }: LedgerEntry): boolean {
  return status === 'loaded' || status === 'empty';
}

/** A report whose document was not known yet has a row of its own, as has one whose seller was not. */
function otherKeys({ entry, replacesKey }: Load): string[] {
  const { key, sellerId, reportId, documentId } = entry;
  const ofReport = sellerId && reportId && documentId ? [ledgerKey({ sellerId, reportId })] : [];
  return [...ofReport, ...(replacesKey ? [replacesKey] : [])].filter((other) => other !== key);
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
  return tables;
}

function isoMicroseconds(epochMs: number, microseconds: number): string {
  const iso = new Date(epochMs + Math.floor(microseconds / 1000)).toISOString();
  return `${iso.slice(0, -1)}${String(microseconds % 1000).padStart(3, '0')}Z`;
}

/** DuckDB's kinds of errors that say the load is at fault, and not the machine. */
const refusals =
  /^(Conversion|Binder|Catalog|Constraint|Dependency|Invalid Input|Invalid type|Mismatch Type|Not implemented|Out of Range|Parser|Syntax) Error/i;

function commitError(error: unknown, load: Load, path: string): unknown {
  if (error instanceof ReportsError) return error;
  if (!(error instanceof Refusal) && !refusals.test(firstLine(error))) return fileError(error, path);
  const { key, documentId } = load.entry;
  return new ReportsError(
    'WAREHOUSE_REFUSED',
    { thing: documentId ?? key, key, path, found: firstLine(error) },
    { cause: error },
  );
}
