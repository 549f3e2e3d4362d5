import { shareMarketplace } from '../rules/other-documents.js';
import { byTime, dayOf, type HistoryDocument } from './history-documents.js';
import type { DocumentChange } from './plan-changes.js';

/** What a commit does to a history by days. */
export interface DailyPlan {
  /** The documents whose rows leave the history. */
  leaving: HistoryDocument[];
  /** The documents of the commit whose rows come, with their day in UTC. */
  coming: { document: HistoryDocument; day: string }[];
}

/**
 * Plans a history by days: of the documents of a seller that cover the same marketplace, each day
 * has the last. A document without marketplaces covers all.
 */
export function planDaily({ before, after, coming }: DocumentChange): DailyPlan {
  const there = new Set(after.map(({ id }) => id));
  const days = new Set([...coming].map((id) => dayKey(after.find((each) => each.id === id))));
  const ofDays = after.filter((each) => days.has(dayKey(each)));
  const isLast = (one: HistoryDocument) =>
    !ofDays.some(
      (other) =>
        dayKey(other) === dayKey(one) &&
        byTime(one, other) < 0 &&
        shareMarketplace(one.marketplaces, other.marketplaces),
    );
  const last = new Set(ofDays.filter(isLast));
  return {
    leaving: [
      ...before.filter(({ id }) => !there.has(id) || coming.has(id)),
      ...ofDays.filter((each) => !last.has(each) && !coming.has(each.id)),
    ],
    coming: ofDays
      .filter((each) => last.has(each) && coming.has(each.id))
      .map((document) => ({ document, day: dayOf(document.micros) })),
  };
}

function dayKey(document: HistoryDocument | undefined): string {
  return document ? `${dayOf(document.micros)} ${document.entry.sellerId ?? ''}` : '';
}
