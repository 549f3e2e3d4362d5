import { join } from 'node:path';
import { type Clock, isoNow, systemClock } from '../runtime/clock.js';
import { openSharedJson } from '../files/shared-json.js';

/** Whose turn it is in a sweep: where the quota of getReports ends sweeps early, all are asked for in the end. */
export interface SweepTurns {
  /** The sellers, the one that was asked about longest ago first. */
  sellersInTurn<T extends { id: string }>(sellers: readonly T[]): T[];
  /** The report types, those of the seller that were asked for longest ago first. */
  typesInTurn(sellerId: string, reportTypes: readonly string[]): string[];
  /** Amazon has answered for these. */
  wereAsked(sellerId: string, reportTypes: readonly string[]): Promise<void>;
}

/** Opens the turns, which are kept in `<state>/sweeps.json`: by seller and report type, when it was last asked for. */
export function openSweepTurns(stateFolder: string, clock: Clock = systemClock): SweepTurns {
  const state = openSharedJson(join(stateFolder, 'sweeps.json'), { clock });
  const lastAsked = (sellerId: string, reportType: string) =>
    timesIn(state.read())[sellerId]?.[reportType] ?? '';
  const lastOfSeller = (sellerId: string) =>
    Object.values(timesIn(state.read())[sellerId] ?? {})
      .toSorted(byText)
      .at(-1) ?? '';

  return {
    sellersInTurn: (sellers) => sellers.toSorted((a, b) => byText(lastOfSeller(a.id), lastOfSeller(b.id))),
    typesInTurn: (sellerId, reportTypes) =>
      reportTypes.toSorted((a, b) => byText(lastAsked(sellerId, a), lastAsked(sellerId, b)) || byText(a, b)),
    async wereAsked(sellerId, reportTypes) {
      const now = isoNow(clock);
      await state.change((stored) => {
        const times = timesIn(stored);
        const asked = Object.fromEntries(reportTypes.map((each) => [each, now]));
        return { ...times, [sellerId]: { ...times[sellerId], ...asked } };
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
