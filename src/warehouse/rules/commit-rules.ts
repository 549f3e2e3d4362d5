import { type Clock, systemClock } from '../../runtime/clock.js';
import { readColumnType } from '../../schema/column-type.js';
import { headerDrift, type TableDrift, type Widening, wideningOf } from '../../schema/drift.js';
import { type LedgerEntry, type Load, type LoadTable, ledgerKey } from '../types.js';

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
export function apart(loads: TimedLoad[], previous: ReadonlyMap<string, LedgerEntry>): TimedLoad[][] {
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

/** A load without rows never takes away rows that are there: whether one is left out for that. */
export function isLeftOut({ entry }: Load, before: LedgerEntry | undefined): boolean {
  return before !== undefined && holdsRows(before) && !holdsRows(entry);
}

/** What the ledger says of a table of a load that was brought in. `before` is what it said when the document was loaded before. */
export function tableEntry(
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

/** Tables were filled one by one; the entry has them in the order of the load. */
export function inOrder(tables: LedgerEntry['tables'], load: Load): LedgerEntry['tables'] {
  return load.tables.flatMap(({ name }) => tables.find((table) => table.name === name) ?? []);
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
