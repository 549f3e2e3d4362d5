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

/** Later loads of one commit are later, by a microsecond each, as if each had been committed by itself. */
export function timedLoads(loads: Load[], clock: Clock = systemClock): TimedLoad[] {
  const startMs = clock.now();
  return loads.map((load, index) => ({ load, loadedAt: isoMicroseconds(startMs, index) }));
}

/**
 * Cuts the loads, in order, where one takes the place of a ledger row that another before it makes. One whose document has rows from before is
 * by itself: those before it meet the rows and keys that it had, those behind it the ones that it has. `previous` has the ledger rows of their keys.
 */
export function splitIntoTransactions(
  loads: TimedLoad[],
  previous: ReadonlyMap<string, LedgerEntry>,
): TimedLoad[][] {
  const groups: TimedLoad[][] = [];
  const entries = new Map(previous);
  let made = new Set<string>();
  let isCut = true;
  for (const timed of loads) {
    const { load } = timed;
    const { key } = load.entry;
    const before = entries.get(key);
    const isAlone = before !== undefined && before.tables.length > 0;
    if (isCut || isAlone || [key, ...otherKeys(load)].some((each) => made.has(each))) {
      groups.push([]);
      made = new Set();
    }
    groups.at(-1)?.push(timed);
    made.add(key);
    if (!isLeftOut(load, before)) entries.set(key, load.entry);
    isCut = isAlone;
  }
  return groups;
}

/**
 * Sorts out the loads that must not be committed: one without rows never removes rows that are in
 * the tables. `previous` has the ledger rows of their keys.
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
  return before !== undefined && holdsRows(before) && !holdsRows(entry);
}

/**
 * The ledger rows of loads. `superseded` has, for every table that was filled, how many of its rows
 * a newer report holds: what was loaded counts, because a document without any text names its
 * tables and must not count as their newest. `widened` is what each table of a load made wider,
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

/** What the ledger says of a table of a load that was brought in. `before` is what it said when the document was loaded before. */
function tableEntry(
  table: LoadTable,
  superseded: number,
  widened: Widening[] | undefined,
  before: LedgerEntry | undefined,
): LedgerEntry['tables'][number] {
  return {
    name: table.name,
    rows: table.rows,
    ...(superseded > 0 && { superseded }),
    ...headerDrift(table.columns),
    ...wideningDrift(
      table,
      widened,
      before?.tables.find(({ name }) => name === table.name),
    ),
  };
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

/** An empty document holds the news that there is nothing. */
function holdsRows({ status }: LedgerEntry): boolean {
  return status === 'loaded' || status === 'empty';
}

/** A report whose document was not known yet has a row of its own, as has one whose seller was not. */
export function otherKeys({ entry, replacesKey }: Load): string[] {
  const { key, sellerId, reportId, documentId } = entry;
  const ofReport = sellerId && reportId && documentId ? [ledgerKey({ sellerId, reportId })] : [];
  return [...ofReport, ...(replacesKey ? [replacesKey] : [])].filter((other) => other !== key);
}

function isoMicroseconds(epochMs: number, microseconds: number): string {
  const iso = new Date(epochMs + Math.floor(microseconds / 1000)).toISOString();
  return `${iso.slice(0, -1)}${String(microseconds % 1000).padStart(3, '0')}Z`;
}
