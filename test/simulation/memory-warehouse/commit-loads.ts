import { readFile } from 'node:fs/promises';
import { parquetReadObjects } from 'hyparquet';
import type { Clock } from '../../../src/runtime/clock.js';
import { rankDocuments } from '../../../src/warehouse/ledger/rank-documents.js';
import {
  ledgerRowsOf,
  otherReplacedKeys,
  sortOut,
  splitIntoTransactions,
  timedLoads,
} from '../../../src/warehouse/rules/commit-rules.js';
import { keyColumns, lateSnapshots } from '../../../src/warehouse/rules/newest-wins.js';
import {
  coversMarketplaceOf,
  planBatches,
  type TableBatch,
} from '../../../src/warehouse/rules/plan-batches.js';
import type { Relations } from '../../../src/warehouse/rules/relations.js';
import type { LedgerRow, Load, LoadTable } from '../../../src/warehouse/types.js';
import type { DatabaseState, StoredDocument, StoredRow } from './database.js';
import { rowText } from './row-text.js';

/** The rows that the Parquet files of loads hold. */
export type RowsByTable = Map<LoadTable, StoredRow[]>;

/** Reads the rows of loads before their transaction. */
export async function readRowsOf(loads: Load[]): Promise<RowsByTable> {
  const rows: RowsByTable = new Map();
  for (const table of loads.flatMap((load) => load.tables)) {
    rows.set(table, table.parquetPath === null ? [] : await readRows(table, table.parquetPath));
  }
  return rows;
}

async function readRows({ key }: LoadTable, path: string): Promise<StoredRow[]> {
  const bytes = await readFile(path);
  const file = bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length) as ArrayBuffer;
  const found = await parquetReadObjects({ file });
  return found.map((row) => ({
    key: JSON.stringify(key.map((name) => textOf(row[name]) ?? null)),
    text: rowText(Object.fromEntries(Object.entries(row).map(([name, value]) => [name, textOf(value)]))),
  }));
}

function textOf(value: unknown): string | undefined {
  if (value === null || value === undefined) return undefined;
  if (value instanceof Date) return value.toISOString();
  // The reader makes doubles of decimals.
  return String(typeof value === 'number' ? Number(value.toFixed(4)) : value);
}

/** See `Warehouse.commit`. */
export async function commitLoads(
  state: DatabaseState,
  loads: Load[],
  rows: RowsByTable,
  clock: Clock,
): Promise<string[]> {
  const timed = timedLoads(loads, clock);
  const known = (keys: string[]) =>
    new Map(
      keys.flatMap((key) => {
        const row = state.ledger.get(key);
        return row ? [[key, row] as const] : [];
      }),
    );
  const keysOf = (load: Load) => [load.entry.key, ...otherReplacedKeys(load)];
  const groups = splitIntoTransactions(timed, known(loads.flatMap(keysOf)));
  const leftOut: string[] = [];
  for (const group of groups) {
    const previous = known(group.flatMap(({ load }) => keysOf(load)));
    const { coming, leftOutKeys } = sortOut(group, previous);
    leftOut.push(...leftOutKeys);
    for (const { load } of coming) {
      for (const table of state.tables.values()) table.delete(load.entry.key);
    }
    const superseded = new Map<LoadTable, number>();
    for (const batch of (await batchesOf(state, coming)).flat()) insert(state, batch, rows, superseded);
    for (const { load } of coming) {
      for (const key of otherReplacedKeys(load)) state.ledger.delete(key);
    }
    for (const row of ledgerRowsOf(coming, superseded, new Map(), previous)) {
      state.ledger.set(row.key, structuredClone(row));
    }
  }
  return leftOut;
}

function batchesOf(state: DatabaseState, coming: ReturnType<typeof timedLoads>): Promise<TableBatch[][]> {
  const names = coming.flatMap(({ load }) => load.tables.map(({ name }) => name));
  const relations: Relations = new Map(
    names.map((name) => [name.toLowerCase(), { name, isView: false, columns: new Map() }]),
  );
  return planBatches(relations, coming, (table, ofTable) => rankDocuments(readFilled(state), table, ofTable));
}

function readFilled({ ledger }: DatabaseState) {
  return {
    async readFilled({
      table,
      sinceIso,
      sellerIds,
    }: {
      table: string;
      sinceIso: string;
      sellerIds?: string[];
    }) {
      return [...ledger.values()].filter(
        (row) =>
          row.documentId !== null &&
          (row.reportCreatedAt ?? row.loadedAt) >= sinceIso &&
          row.tables.some(({ name }) => name.toLowerCase() === table.toLowerCase()) &&
          (!sellerIds || sellerIds.includes(row.sellerId ?? '')),
      ) as LedgerRow[];
    },
  };
}

/** Inserts the rows of a batch by its load mode, the oldest document first. */
function insert(
  state: DatabaseState,
  batch: TableBatch,
  rows: RowsByTable,
  superseded: Map<LoadTable, number>,
): void {
  const name = batch.relation.name;
  const table = state.tables.get(name) ?? new Map<string, StoredDocument>();
  state.tables.set(name, table);
  const ranks = new Map(
    [...batch.loads, ...batch.others].map(({ seller, document, rank }) => [`${seller}/${document}`, rank]),
  );
  keyColumns(batch);
  const late = lateSnapshots(batch);
  for (const load of batch.loads.toSorted((a, b) => a.rank - b.rank)) {
    const { mode } = load.table;
    const { seller, document, marketplaces, rank } = load;
    let own = rows.get(load.table) ?? [];
    const olderOnes = [...table.values()].filter(
      (each) => each.seller === seller && (ranks.get(`${each.seller}/${each.document}`) ?? 0) < rank,
    );
    if (mode === 'snapshot') {
      if (late.has(load)) own = [];
      else for (const each of olderOnes) if (coversMarketplaceOf({ ...each, rank: 0 }, load)) each.rows = [];
    } else if (mode !== 'append') {
      const newer = new Set<string>();
      for (const each of table.values()) {
        if (each.seller !== seller || olderOnes.includes(each)) continue;
        for (const { key } of each.rows) newer.add(key);
      }
      own = own.filter(({ key }) => !newer.has(key));
      const keys = new Set(own.map(({ key }) => key));
      for (const each of olderOnes) each.rows = each.rows.filter(({ key }) => !keys.has(key));
    }
    table.set(load.load.entry.key, { seller, document, marketplaces, rows: own });
  }
  // A newer document of the batch may have replaced rows of an older one.
  for (const { load, table: own } of batch.loads) {
    const left = table.get(load.entry.key)?.rows.length ?? 0;
    superseded.set(own, (rows.get(own)?.length ?? 0) - left);
  }
  for (const [key, { rows: left }] of table) if (left.length === 0) table.delete(key);
}
