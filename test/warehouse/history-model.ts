import fc from 'fast-check';

/** A document of a table of snapshots, and what it was loaded with. */
export interface Snapshot {
  seller: string;
  marketplaces: readonly string[];
  /** Hours since the beginning of 2026; null if the report states no data period. */
  dataEnd: number | null;
  /** As `dataEnd`; null for a document from disk. */
  created: number | null;
  /** One letter for each row, equal for equal rows. */
  rows: string[];
}

/** What happens to a document, by its index: it is loaded with rows, or unloaded. */
export type Step = { document: number; rows: string[] | null };

/** Hours since the beginning of 2026: few, so that documents share them, but of several days. */
const hours = fc.integer({ min: 0, max: 15 }).map((each) => each * 7);

/** Documents, and commits of one or more loads, in any order, with repeated and changed ones. */
export const histories = fc
  .array(
    fc.record({
      seller: fc.constantFrom('A1', 'A1', 'A1', 'B2'),
      marketplaces: fc.constantFrom([], ['DE'], ['DE'], ['DE'], ['US'], ['DE', 'US'], ['US', 'DE']),
      dataEnd: fc.option(hours, { freq: 3 }),
      created: hours,
      isFromDisk: fc.boolean(),
      rows: letters(),
    }),
    { minLength: 2, maxLength: 7 },
  )
  .chain((documents) => {
    const times = documents.map(({ dataEnd, created }) => dataEnd ?? created);
    const made = documents.map(({ isFromDisk, ...each }, index): Snapshot => {
      // Among documents of the same time, one from disk is ranked by when it was loaded.
      const isAlone = times.filter((time) => time === times[index]).length === 1;
      return { ...each, created: isFromDisk && isAlone ? null : each.created };
    });
    const indexes = documents.map((_, index) => index);
    const more = fc.array(
      fc.record({ document: fc.constantFrom(...indexes), rows: fc.option(letters(), { freq: 2 }) }),
      { maxLength: 4 },
    );
    return more.chain((further) => {
      const first = made.map(({ rows }, document): Step => ({ document, rows }));
      return fc.tuple(
        fc.constant(made),
        fc.shuffledSubarray([...first, ...further], { minLength: first.length + further.length }),
        fc.integer({ min: 1, max: 4 }),
      );
    });
  });

function letters() {
  return fc.array(fc.constantFrom('a', 'b', 'c'), { maxLength: 4 });
}

/** The documents that are loaded in the end, by index, with the rows of their last load. */
export function remaining(documents: Snapshot[], steps: Step[]): Map<number, Snapshot> {
  const found = new Map<number, Snapshot>();
  for (const { document, rows } of steps) {
    if (rows === null) found.delete(document);
    else found.set(document, { ...(documents[document] as Snapshot), rows });
  }
  return found;
}

/** A row of a history by changes. */
export interface ChangeRow {
  seller: string;
  marketplaces: readonly string[];
  row: string;
  from: number;
  /** Null if it is current. */
  to: number | null;
  first: number;
  endedBy: number | null;
}

interface Placed extends Snapshot {
  index: number;
  time: number;
}

function placed(documents: ReadonlyMap<number, Snapshot>): Placed[] {
  return [...documents]
    .flatMap(([index, each]): Placed[] => {
      const time = each.dataEnd ?? each.created;
      return time === null ? [] : [{ ...each, index, time, marketplaces: [...each.marketplaces].sort() }];
    })
    .sort((a, b) => a.time - b.time || (a.created ?? 1e9) - (b.created ?? 1e9) || a.index - b.index);
}

/**
 * The history by changes that these documents make, found the slow way: each row from each document
 * on, for as long as the document that follows has it too.
 */
export function changesOf(documents: ReadonlyMap<number, Snapshot>): ChangeRow[] {
  const all = placed(documents);
  const followerOf = (one: Placed) =>
    all.slice(all.indexOf(one) + 1).find((other) => concerns(other, one)) ?? null;
  const countIn = ({ rows }: Placed, row: string) => rows.filter((each) => each === row).length;
  const found: ChangeRow[] = [];
  for (const document of all) {
    for (const row of new Set(document.rows)) {
      for (let copy = 1; copy <= countIn(document, row); copy += 1) {
        const has = (other: Placed) => isAlike(other, document) && countIn(other, row) >= copy;
        const isContinued = all.some((other) => has(other) && followerOf(other) === document);
        if (isContinued) continue;
        let end = followerOf(document);
        while (end && has(end)) end = followerOf(end);
        found.push({
          seller: document.seller,
          marketplaces: document.marketplaces,
          row,
          from: document.time,
          to: end?.time ?? null,
          first: document.index,
          endedBy: end?.index ?? null,
        });
      }
    }
  }
  return found;
}

/** A row of a history by days. */
export interface DailyRow {
  seller: string;
  marketplaces: readonly string[];
  row: string;
  /** Days since the beginning of 2026. */
  day: number;
  document: number;
}

/** The history by days that these documents make. */
export function dailyOf(documents: ReadonlyMap<number, Snapshot>): DailyRow[] {
  const all = placed(documents);
  const dayOf = ({ time }: Placed) => Math.floor(time / 24);
  return all.flatMap((document, at) => {
    const isReplaced = all
      .slice(at + 1)
      .some((other) => dayOf(other) === dayOf(document) && concerns(other, document));
    return isReplaced
      ? []
      : document.rows.map((row) => ({
          seller: document.seller,
          marketplaces: document.marketplaces,
          row,
          day: dayOf(document),
          document: document.index,
        }));
  });
}

function concerns(a: Placed, b: Placed): boolean {
  const [some, others] = [a.marketplaces, b.marketplaces];
  const share = some.length === 0 || others.length === 0 || some.some((each) => others.includes(each));
  return a.seller === b.seller && share;
}

function isAlike(a: Placed, b: Placed): boolean {
  return a.seller === b.seller && a.marketplaces.join() === b.marketplaces.join();
}
