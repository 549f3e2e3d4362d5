import { join } from 'node:path';
import { type Clock, isoNow, systemClock } from '../runtime/clock.js';
import { openSharedJson } from '../files/shared-json.js';

/**
 * The order of a sweep: if the quota of getReports ends sweeps early, every seller and type still
 * gets its turn.
 */
export interface SweepTurns {
  /** The sellers, beginning with the one whose reports were listed longest ago. */
  sellersInTurn<T extends { id: string }>(sellers: readonly T[]): T[];
  /** The report types, beginning with those that were listed longest ago for the seller. */
  typesInTurn(sellerId: string, reportTypes: readonly string[]): string[];
  /** Notes that Amazon has listed these. */
  listed(sellerId: string, reportTypes: readonly string[]): Promise<void>;
}

/**
 * Opens the order, kept in `<state>/sweeps.json`: when each seller's report types were last listed.
 */
export function openSweepTurns(stateFolder: string, clock: Clock = systemClock): SweepTurns {
  const state = openSharedJson(join(stateFolder, 'sweeps.json'), { clock });
  const lastListed = (sellerId: string, reportType: string) =>
    timesIn(state.read())[sellerId]?.[reportType] ?? '';
  const lastOfSeller = (sellerId: string) =>
    Object.values(timesIn(state.read())[sellerId] ?? {})
      .toSorted(byText)
      .at(-1) ?? '';

  return {
    sellersInTurn: (sellers) => sellers.toSorted((a, b) => byText(lastOfSeller(a.id), lastOfSeller(b.id))),
    typesInTurn: (sellerId, reportTypes) =>
      reportTypes.toSorted(
        (a, b) => byText(lastListed(sellerId, a), lastListed(sellerId, b)) || byText(a, b),
      ),
    async listed(sellerId, reportTypes) {
      const now = isoNow(clock);
      await state.change((stored) => {
        const times = timesIn(stored);
        const listedNow = Object.fromEntries(reportTypes.map((each) => [each, now]));
        return { ...times, [sellerId]: { ...times[sellerId], ...listedNow } };
      });
    },
  };
}

/** ISO times, by seller and report type. */
function timesIn(stored: unknown): Record<string, Record<string, string> | undefined> {
  return typeof stored === 'object' && stored !== null ? { ...stored } : {};
}

function byText(a: string, b: string): number {
  return a < b ? -1 : Number(a > b);
}
