import type { DuckDBConnection } from '@duckdb/node-api';
import type { Logger } from 'pino';
import { ReportsError } from '../../errors.js';
import { faultPoint } from '../../fault-point.js';
import { readColumnType } from '../../schema/column-type.js';
import { headerDrift, type TableDrift, type Widening, wideningOf } from '../../schema/drift.js';
import { type LedgerEntry, type Load, type LoadTable, ledgerKey } from '../types.js';
import { isReportTable, type Relations, readRelations } from './catalog.js';
import { fileError, firstLine } from './connection.js';
import { ensureLedger, forgetLedgerRows, readByKey, writeLedger } from './ledger.js';
import { loadRows } from './load-modes.js';
import { planBatches, type TimedLoad } from './plan-batches.js';
import { documentId, documentIdSql, identifier, run } from './sql.js';
import { applyPlan, planTable, Refusal, type TablePlans } from './tables.js';

/**
 * Commits loads in one transaction, and gives the keys of those left out. See `Warehouse.commit`.
 * Errors: WAREHOUSE_REFUSED, and those of the file.
 */
export async function commitLoads(
  connection: DuckDBConnection,
  loads: Load[],
  path: string,
  log?: Logger,
): Promise<string[]> {
  const startMs = Date.now();
  // Later loads of one commit are later, by a microsecond each, as if each had been committed by itself.
  const timed = loads.map((load, index) => ({ load, loadedAt: isoMicroseconds(startMs, index) }));
  const leftOut: string[] = [];
  try {
    await run(connection, 'BEGIN');
    const prepared = await prepareTables(connection, loads, log);
    const previous = await readByKey(
      connection,
      loads.map(({ entry }) => entry.key),
    );
    for (const together of apart(timed, previous)) {
      leftOut.push(...(await applyLoads(connection, prepared, previous, together)));
    }
    faultPoint('rows-in');
    await run(connection, 'COMMIT');
    faultPoint('transaction-ended');
    // Closing would do the same, and keep the process from everything else meanwhile. The commit stands, whatever becomes of it.
    await run(connection, 'CHECKPOINT').catch(() => {});
    return leftOut;
  } catch (error) {
    // Nothing of the transaction is kept: it ends with the connection.
    throw commitError(error, loads, path);
  }
}

interface PreparedTables {
  /** All tables, as wide as the loads need them. */
  relations: Relations;
  /** What each table of a load made wider. */
  widened: Map<LoadTable, Widening[]>;
}

/** Makes and widens the tables that the loads need. */
async function prepareTables(
  connection: DuckDBConnection,
  loads: Load[],
  log?: Logger,
): Promise<PreparedTables> {
  const relations = await readRelations(connection);
  await ensureLedger(connection, relations);
  const plans: TablePlans = new Map();
  const widened = new Map<LoadTable, Widening[]>();
  for (const table of loads.flatMap(({ tables }) => tables)) {
    widened.set(table, planTable(plans, relations, table));
  }
  let changed = false;
  for (const plan of plans.values()) changed = (await applyPlan(connection, plan, log)) || changed;
  return { relations: changed ? await readRelations(connection) : relations, widened };
}

/**
 * Cuts the loads, in order, where one takes the place of a ledger row that another before it makes. One that no longer fills a table that it
 * filled before is by itself: those before it meet the row that it had there, those behind it don't.
 */
function apart(loads: TimedLoad[], previous: ReadonlyMap<string, LedgerEntry>): TimedLoad[][] {
  const groups: TimedLoad[][] = [];
  const entries = new Map(previous);
  let made = new Set<string>();
  let isCut = true;
  for (const timed of loads) {
    const { key } = timed.load.entry;
    const gives = givesUpTable(entries.get(key), timed.load);
    if (isCut || gives || [key, ...otherKeys(timed.load)].some((each) => made.has(each))) {
      groups.push([]);
      made = new Set();
    }
    groups.at(-1)?.push(timed);
    made.add(key);
    entries.set(key, timed.load.entry);
    isCut = gives;
  }
  return groups;
}

function givesUpTable(before: LedgerEntry | undefined, { tables }: Load): boolean {
  return before?.tables.some(({ name }) => !tables.some((table) => table.name === name)) ?? false;
}

/**
 * Brings in loads of different documents, all of them at once. `previous` has the ledger rows of their keys, and gets the new ones.
 * Gives the keys of those that are left out.
 */
async function applyLoads(
  connection: DuckDBConnection,
  { relations, widened }: PreparedTables,
  previous: Map<string, LedgerEntry>,
  loads: TimedLoad[],
): Promise<string[]> {
  const isLeftOut = ({ load: { entry } }: TimedLoad) => {
    const before = previous.get(entry.key);
    return before !== undefined && holdsRows(before) && !holdsRows(entry);
  };
  const coming = loads.filter((each) => !isLeftOut(each));
  for (const { load } of coming) {
    if (load.tables.length > 0 && load.entry.documentId === null) {
      throw new Refusal('rows without a document id', load);
    }
  }
  const replaced = coming.flatMap(({ load }) => previous.get(load.entry.key) ?? []);
  await deletePrevious(connection, relations, replaced);
  // Before rows come in: a row of the ledger that is about to go must not make another document's rows older than its own.
  await forgetLedgerRows(
    connection,
    replaced,
    coming.flatMap(({ load }) => otherKeys(load)),
  );
  // What is brought in, not what the entry says: a document without any text names its tables and must not count as their newest.
  const tables = new Map<Load, LedgerEntry['tables']>(coming.map(({ load }) => [load, []]));
  for (const batches of await planBatches(connection, relations, coming)) {
    for (const batch of batches) {
      const superseded = await loadRows(connection, batch);
      batch.loads.forEach(({ load, table }, index) => {
        const leftOut = superseded[index] ?? 0;
        const before = previous.get(load.entry.key)?.tables.find(({ name }) => name === table.name);
        tables.get(load)?.push({
          name: table.name,
          rows: table.rows,
          ...(leftOut > 0 && { superseded: leftOut }),
          ...headerDrift(table.columns),
          ...wideningDrift(table, widened.get(table), before),
        });
      });
    }
  }
  const rows = coming.map(({ load, loadedAt }) => ({
    load,
    row: { ...load.entry, tables: inOrder(tables.get(load) ?? [], load), loadedAt },
  }));
  await writeLedger(connection, rows);
  const leftOut = loads.filter(isLeftOut).map(({ load }) => load.entry.key);
  for (const { row } of rows) previous.set(row.key, row);
  return leftOut;
}

/** What a table was made wider by, now or when the same document was loaded before; it is told as long as its types need that. */
function wideningDrift(
  { columns }: LoadTable,
  now: Widening[] = [],
  before: TableDrift = {},
): Pick<TableDrift, 'widened'> {
  const earlier = (before.widened ?? []).filter(({ name, from }) => {
    const type = columns.find((column) => column.name === name)?.type;
    const narrow = readColumnType(from);
    return type && narrow && !now.some((each) => each.name === name) && wideningOf(name, narrow, type);
  });
  const widened = [...earlier, ...now];
  return widened.length > 0 ? { widened } : {};
}

/** Tables were filled one by one; the entry has them in the order of the load. */
function inOrder(tables: LedgerEntry['tables'], load: Load): LedgerEntry['tables'] {
  return load.tables.flatMap(({ name }) => tables.find((table) => table.name === name) ?? []);
}

/** Takes out what documents loaded before, by what the ledger says. */
async function deletePrevious(
  connection: DuckDBConnection,
  relations: Relations,
  entries: LedgerEntry[],
): Promise<void> {
  const loaded = new Map<string, LedgerEntry[]>();
  for (const entry of entries) {
    for (const { name } of entry.tables) {
      loaded.set(name.toLowerCase(), [...(loaded.get(name.toLowerCase()) ?? []), entry]);
    }
  }
  for (const [name, inTable] of loaded) {
    const relation = relations.get(name);
    if (!relation || !isReportTable(relation)) continue;
    await run(
      connection,
      `DELETE FROM ${identifier(relation.name)} WHERE _document_id IN (SELECT unnest($documents))
         AND ${documentIdSql('_seller_id', '_document_id')} IN (SELECT unnest($ids))`,
      {
        documents: inTable.map((entry) => entry.documentId ?? ''),
        ids: inTable.map((entry) => documentId({ seller: entry.sellerId, document: entry.documentId })),
      },
    );
  }
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

function isoMicroseconds(epochMs: number, microseconds: number): string {
  const iso = new Date(epochMs + Math.floor(microseconds / 1000)).toISOString();
  return `${iso.slice(0, -1)}${String(microseconds % 1000).padStart(3, '0')}Z`;
}

/** DuckDB's kinds of errors that say the load is at fault, and not the machine. */
const refusals =
  /^(Conversion|Binder|Catalog|Constraint|Dependency|Invalid Input|Invalid type|Mismatch Type|Not implemented|Out of Range|Parser|Syntax) Error/i;

function commitError(error: unknown, loads: Load[], path: string): unknown {
  if (error instanceof ReportsError) return error;
  if (!(error instanceof Refusal) && !refusals.test(firstLine(error))) return fileError(error, path);
  const known = error instanceof Refusal ? error.load : undefined;
  const load = known ?? (loads.length === 1 ? loads[0] : undefined);
  const named = load
    ? { thing: load.entry.documentId ?? load.entry.key, key: load.entry.key }
    : { thing: `one of ${loads.length} documents` };
  return new ReportsError('WAREHOUSE_REFUSED', { ...named, path, found: firstLine(error) }, { cause: error });
}
