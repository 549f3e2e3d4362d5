import { countryOf } from '../schema/marketplaces.js';
import type { RequestPlan } from './request-plans.js';
import { beginProgress, type RequestProgress } from './request-progress.js';
import type { RequestStore } from './request-store.js';

/** A store in which some requests have the progress of earlier ones, until they have their own. */
export interface Adopted {
  store: RequestStore;
  /** A sentence for each request that begins again. */
  notes: string[];
}

/**
 * Gives plans without progress that of the requests which they replace, so that nothing is missed
 * and nothing begins again without a note.
 *
 * If every report covers the whole region, the windows of any earlier request are answered. If a
 * report covers a single marketplace, an earlier report for several covered one of them, unknown
 * which: the plan begins again where the earlier request began. Nothing is stored before a plan
 * stores progress of its own.
 */
export function adoptProgress(plans: RequestPlan[], store: RequestStore, nowMs: number): Adopted {
  const adopted = new Map<string, RequestProgress>();
  const notes: string[] = [];
  for (const plan of plans) {
    if (plan.earlierKeys.length === 0 || store.progress(plan.key)) continue;
    const earlier = plan.earlierKeys
      .flatMap((key) => store.progress(key) ?? [])
      .sort((a, b) => Date.parse(b.doneUntil) - Date.parse(a.doneUntil))[0];
    if (!earlier) continue;
    const isAnswered = plan.facts.marketplaces === 'ignored';
    if (isAnswered) adopted.set(plan.key, earlier);
    // A snapshot has no windows to go back to.
    if (isAnswered || !plan.window) continue;
    adopted.set(plan.key, beginProgress(plan, Date.parse(earlier.begin), nowMs));
    const [place = ''] = plan.marketplaceIds.map(countryOf);
    notes.push(
      `${plan.reportType} of ${plan.sellerId} was requested for several marketplaces at once, but a report covers one of them: ${place} is requested again from ${earlier.begin.slice(0, 10)}`,
    );
  }
  return {
    notes,
    store: {
      ...store,
      progress: (key) => store.progress(key) ?? adopted.get(key),
      update: (key, change) => store.update(key, (held, all) => change(held ?? adopted.get(key), all)),
    },
  };
}
