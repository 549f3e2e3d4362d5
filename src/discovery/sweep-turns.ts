import { join } from 'node:path';
import { z } from 'zod';
import { isoNow } from '../runtime/clock.js';
import { type JsonKind, openSharedJson, type SharedJsonOptions } from '../files/shared-json.js';

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

/** ISO times, by seller and report type. */
const timesShape = z.record(z.string(), z.record(z.string(), z.string()));

/** `sweeps.json`. */
export const sweepsJson: JsonKind<z.output<typeof timesShape>> = {
  parse: (content) => timesShape.parse(content),
  missing: () => ({}),
  lost: () => ({}),
  consequence: 'sweeps begin again with the first seller',
};

/**
 * Opens the order, kept in `<state>/sweeps.json`: when each seller's report types were last listed.
 */
export function openSweepTurns(stateFolder: string, options: SharedJsonOptions): SweepTurns {
  const state = openSharedJson(join(stateFolder, 'sweeps.json'), sweepsJson, options);
  const lastListed = (sellerId: string, reportType: string) => state.read()[sellerId]?.[reportType] ?? '';
  const lastOfSeller = (sellerId: string) =>
    Object.values(state.read()[sellerId] ?? {})
      .toSorted(byText)
      .at(-1) ?? '';

  return {
    sellersInTurn: (sellers) => sellers.toSorted((a, b) => byText(lastOfSeller(a.id), lastOfSeller(b.id))),
    typesInTurn: (sellerId, reportTypes) =>
      reportTypes.toSorted(
        (a, b) => byText(lastListed(sellerId, a), lastListed(sellerId, b)) || byText(a, b),
      ),
    async listed(sellerId, reportTypes) {
      const now = isoNow(options.clock);
      await state.change((times) => {
        const listedNow = Object.fromEntries(reportTypes.map((each) => [each, now]));
        return { ...times, [sellerId]: { ...times[sellerId], ...listedNow } };
      });
    },
  };
}

function byText(a: string, b: string): number {
  return a < b ? -1 : Number(a > b);
}
