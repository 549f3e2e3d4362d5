import { type Clock, systemClock } from '../../runtime/clock.js';
import { readColumnType } from '../../schema/column-type.js';
import { headerDrift, type TableDrift, type Widening, wideningOf } from '../../schema/drift.js';
import { type LedgerEntry, type LedgerRow, type Load, type LoadTable, ledgerKey } from '../types.js';
import { Refusal } from './refusal.js';

export interface TimedLoad {
  load: Load;
  /** ISO 8601 in UTC. */
  loadedAt: string;
}

/**
 * Gives each load of a commit that has no time of its own one that is a microsecond after the one
 * before, as if each had been committed by itself.
 */
export function timedLoads(loads: Load[], clock: Clock = systemClock): TimedLoad[] {
  const startMs = clock.now();
  return loads.map((load, index) => ({
    load,
    loadedAt: load.loadedAt ?? isoMicroseconds(startMs, index),
  }));
}

/**
 * Splits loads, in order, into groups that can share a transaction. A load starts a new group if it
 * replaces a ledger row written by an earlier load. A document that already has rows gets a group
 * of its own: the loads before it must see its old rows and keys, those after it the new ones.
 * Unloaded documents bring no rows, so that those next to each other share a group.
 * `previous` has the ledger rows of the loads' keys.
 */
export function splitIntoTransactions(
  loads: TimedLoad[],
  previous: ReadonlyMap<string, LedgerEntry>,
): TimedLoad[][] {
  const groups: TimedLoad[][] = [];
  const entries = new Map(previous);
  let made = new Set<string>();
  let last: string | undefined;
  for (const timed of loads) {
    const { load } = timed;
    const { key } = load.entry;
    const before = entries.get(key);
    const hadRows = before !== undefined && before.tables.length > 0;
    const kind = load.entry.status === 'unloaded' ? 'unloaded' : hadRows ? 'alone' : 'together';
    const isAgain = [key, ...otherReplacedKeys(load)].some((each) => made.has(each));
    if (kind !== last || kind === 'alone' || isAgain) {
      groups.push([]);
      made = new Set();
    }
    groups.at(-1)?.push(timed);
    made.add(key);
    if (!isLeftOut(load, before)) entries.set(key, load.entry);
    last = kind;
  }
  return groups;
}

/**
 * Sorts out the loads that must not be committed: a load without rows never removes existing rows.
 * `previous` has the ledger rows of the loads' keys.
 * Errors: `Refusal` for rows without a document id.
 */
export function sortOut(
  loads: TimedLoad[],
  previous: ReadonlyMap<string, LedgerEntry>,
): { coming: TimedLoad[]; leftOutKeys: string[] } {
  const isOut = ({ load }: TimedLoad) => isLeftOut(load, previous.get(load.entry.key));
  const coming = loads.filter((each) => !isOut(each));
  for (const { load } of coming) {
    if (load.tables.length > 0 && load.entry.documentId === null) {
      throw new Refusal('rows without a document id', load);
    }
  }
  return { coming, leftOutKeys: loads.filter(isOut).map(({ load }) => load.entry.key) };
}

function isLeftOut({ entry }: Load, before: LedgerEntry | undefined): boolean {
  return before !== undefined && holdsRows(before) && !holdsRows(entry) && entry.status !== 'unloaded';
}

/**
 * The ledger rows of loads. `superseded` has, for every table that was filled, how many of its rows
 * a newer report has. It decides which tables an entry names: a document without any text lists its
 * tables, and must not count as their newest. `widened` has what each table of a load widened,
 * `previous` the ledger rows that the loads replace.
 */
export function ledgerRowsOf(
  coming: TimedLoad[],
  superseded: ReadonlyMap<LoadTable, number>,
  widened: ReadonlyMap<LoadTable, Widening[]>,
  previous: ReadonlyMap<string, LedgerEntry>,
): LedgerRow[] {
  return coming.map(({ load, loadedAt }) => {
    const before = previous.get(load.entry.key);
    const tables = load.tables.flatMap((table) => {
      const count = superseded.get(table);
      return count === undefined ? [] : [tableEntry(table, count, widened.get(table), before)];
    });
    return { ...load.entry, tables, loadedAt };
  });
}

/**
 * The ledger's entry about one table of a load. `before` is the entry of an earlier load of the
 * document.
 */
function tableEntry(
  table: LoadTable,
  superseded: number,
  widened: Widening[] | undefined,
  before: LedgerEntry | undefined,
): LedgerEntry['tables'][number] {
  return {
    name: table.name,
    rows: table.rows,
    rejects: table.rejects,
    superseded: superseded > 0 ? superseded : undefined,
    emptyMeasures: table.emptyMeasures,
    allMeasuresEmpty: table.allMeasuresEmpty,
    ...headerDrift(table.columns),
    ...wideningDrift(
      table,
      widened,
      before?.tables.find(({ name }) => name === table.name),
    ),
  };
}

/**
 * The columns that the document widened, now or when it was loaded before. Earlier ones count as
 * long as the document's types still need the wider column.
 */
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

/** An empty document counts: it states that there is no data. */
function holdsRows({ status }: LedgerEntry): boolean {
  return status === 'loaded' || status === 'empty';
}

/**
 * The keys of other ledger rows that a load replaces: a report has a row of its own while its
 * document or its seller is unknown.
 */
export function otherReplacedKeys({ entry, replacesKey }: Load): string[] {
  const { key, sellerId, reportId, documentId } = entry;
  const ofReport = sellerId && reportId && documentId ? [ledgerKey({ sellerId, reportId })] : [];
  return [...ofReport, ...(replacesKey ? [replacesKey] : [])].filter((other) => other !== key);
}

function isoMicroseconds(epochMs: number, microseconds: number): string {
  const iso = new Date(epochMs + Math.floor(microseconds / 1000)).toISOString();
  return `${iso.slice(0, -1)}${String(microseconds % 1000).padStart(3, '0')}Z`;
}
