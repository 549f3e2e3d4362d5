import { sameMarketplaces, shareMarketplace } from '../rules/other-documents.js';
import { byTime, type HistoryDocument } from './history-documents.js';

/*
 * A history by changes says of each row from when to when it was valid. A document's rows are valid
 * until the next document of its seller that covers one of its marketplaces, as in the table of
 * snapshots itself. Rows that documents of the same marketplaces have one after the other, with no
 * other document in between, are one row of the history.
 *
 * So the history, with the order of the documents, says which rows each document has: those that
 * begin with it or before it, and end after it. When documents come or leave, only their neighbors
 * can be concerned, and the rows of these can be read from the history. Nothing else is needed, so
 * that it does not matter in which order documents arrive.
 */

/** A document among those of a group: of one seller and set of marketplaces. */
export interface ChangeEvent {
  document: HistoryDocument;
  /** Whether it is of these marketplaces; another one only ends what is before it. */
  isOwn: boolean;
  /** Its place before the commit; null if it was not there. */
  was: number | null;
  /** Its place after the commit; null if it is not there any more. */
  now: number | null;
  /** Whether its rows come from the commit. */
  isComing: boolean;
  /** Whether rows that begin before the window, or end after it, may have it. */
  isFirst: boolean;
  isLast: boolean;
  /** The document that ends its rows; null if they are current. */
  next: HistoryDocument | null;
}

/** Neighboring documents of a group of which some come or leave, and those on both sides. */
export interface ChangeWindow {
  seller: string | null;
  marketplaces: string[];
  events: ChangeEvent[];
}

export interface DocumentChange {
  /** The documents of a table before and after the commit. */
  before: HistoryDocument[];
  after: HistoryDocument[];
  /** The ids of those documents whose rows the commit has. */
  coming: ReadonlySet<string>;
}

/**
 * The windows that a commit changes, in rounds: one round has at most one window of each group.
 */
export function planChanges(change: DocumentChange): ChangeWindow[][] {
  const rounds: ChangeWindow[][] = [];
  const groups = new Map<string, HistoryDocument>();
  for (const each of [...change.before, ...change.after])
    groups.set(JSON.stringify([each.entry.sellerId, each.marketplaces]), each);
  for (const member of groups.values()) {
    for (const [index, window] of windowsOf(member, change).entries()) {
      rounds[index] ??= [];
      rounds[index].push(window);
    }
  }
  return rounds;
}

interface Place {
  document: HistoryDocument;
  isOwn: boolean;
  before: boolean;
  after: boolean;
}

function windowsOf(member: HistoryDocument, { before, after, coming }: DocumentChange): ChangeWindow[] {
  const concerns = (each: HistoryDocument) =>
    each.entry.sellerId === member.entry.sellerId && shareMarketplace(each.marketplaces, member.marketplaces);
  const isOwn = (each: HistoryDocument) => sameMarketplaces(each.marketplaces, member.marketplaces);
  const places: Place[] = before
    .filter(concerns)
    .map((document) => ({ document, isOwn: isOwn(document), before: true, after: false }));
  const there = new Map(places.map((place) => [place.document.id, place]));
  for (const document of after.filter(concerns)) {
    const place = there.get(document.id);
    if (place && isSamePlace(place.document, document)) Object.assign(place, { document, after: true });
    else places.push({ document, isOwn: isOwn(document), before: false, after: true });
  }
  places.sort((a, b) => byTime(a.document, b.document));
  const isTouched = (place: Place) =>
    place.before !== place.after || (place.isOwn && coming.has(place.document.id));
  return rangesOf(places, isTouched).map(([from, to]) => ({
    seller: member.entry.sellerId,
    marketplaces: member.marketplaces,
    events: places
      .slice(from, to + 1)
      .map((place, index) => eventOf(place, from + index, { places, from, to, coming, isTouched })),
  }));
}

function isSamePlace(a: HistoryDocument, b: HistoryDocument): boolean {
  return byTime(a, b) === 0 && sameMarketplaces(a.marketplaces, b.marketplaces);
}

function eventOf(
  place: Place,
  index: number,
  {
    places,
    from,
    to,
    coming,
    isTouched,
  }: {
    places: Place[];
    from: number;
    to: number;
    coming: ReadonlySet<string>;
    isTouched: (place: Place) => boolean;
  },
): ChangeEvent {
  const { document, isOwn, before, after } = place;
  const next = places.slice(index + 1).find((each) => each.after);
  const stays = isOwn && !isTouched(place);
  return {
    document,
    isOwn,
    was: before ? index : null,
    // Places without documents that left: neighbors have consecutive numbers.
    now: after ? places.slice(0, index).filter((each) => each.after).length : null,
    isComing: isOwn && after && coming.has(document.id),
    isFirst: stays && index === from,
    isLast: stays && index === to,
    next: next?.document ?? null,
  };
}

/**
 * The touched places with their neighbors, as ranges that share no place. Documents of the same
 * time are never separated, because rows of the history are found by their times.
 */
function rangesOf(places: Place[], isTouched: (place: Place) => boolean): [number, number][] {
  const isTied = (a: number, b: number) => places[a]?.document.micros === places[b]?.document.micros;
  const ranges: [number, number][] = [];
  for (const [index, place] of places.entries()) {
    if (!isTouched(place)) continue;
    let from = Math.max(0, index - 1);
    let to = Math.min(places.length - 1, index + 1);
    while (from > 0 && isTied(from - 1, from)) from -= 1;
    while (to < places.length - 1 && isTied(to, to + 1)) to += 1;
    const last = ranges.at(-1);
    if (last && from <= last[1]) ranges[ranges.length - 1] = [Math.min(last[0], from), Math.max(last[1], to)];
    else ranges.push([from, to]);
  }
  return ranges;
}
