import type { ColumnProfile } from './column-profile.js';

/** Cells of a row that belong some columns further right (positive) or left. */
export interface Shift {
  by: number;
  /** The cells `from` up to, but not including, `to`. */
  from: number;
  to: number;
}

/** A cell of several may be missing or inserted in one place. */
const maxShift = 3;

/** How much better cells must fit the columns next to theirs, as a logarithm of the odds. */
const minGain = 7;
const minGainOfTexts = 8;

/** A cell that fits by this much better or worse counts as evidence. */
const clearly = 1;

/**
 * Finds the cells of a row that fit the neighbours of their columns much better than their own.
 * `learned`: whether the profiles were learned from this row too. Undefined if there are none.
 */
export function shiftOf(cells: string[], profiles: ColumnProfile[], learned: 0 | 1): Shift | undefined {
  const width = Math.min(cells.length, profiles.length);
  const own = cells.slice(0, width).map((text, index) => profileAt(profiles, index).fit(text, learned));
  let best: (Shift & { gain: number }) | undefined;
  for (let by = -maxShift; by <= maxShift; by += 1) {
    if (by === 0) continue;
    const found = bestSegment(cells, own, profiles, by);
    if (!found || found.gain <= (best?.gain ?? 0)) continue;
    if (isConvincing(found, cells, own, profiles)) best = found;
  }
  return best;
}

/** The consecutive cells that gain the most together. */
function bestSegment(
  cells: string[],
  own: number[],
  profiles: ColumnProfile[],
  by: number,
): (Shift & { gain: number }) | undefined {
  let best: (Shift & { gain: number }) | undefined;
  let from = 0;
  let gain = 0;
  for (let at = Math.max(0, -by); at < own.length && at + by < profiles.length; at += 1) {
    if (gain <= 0) [from, gain] = [at, 0];
    gain += profileAt(profiles, at + by).fit(cells[at] ?? '', 0) - (own[at] ?? 0);
    const filled = at + 1 === own.length ? gainOfLastColumns(own.length, by, profiles) : 0;
    if (gain + filled > (best?.gain ?? 0)) best = { by, from, to: at + 1, gain: gain + filled };
  }
  return best;
}

/** A short row that is moved to the end of the header no longer lacks its last columns. */
function gainOfLastColumns(cells: number, by: number, profiles: ColumnProfile[]): number {
  if (by <= 0 || cells + by !== profiles.length) return 0;
  return profiles.slice(cells, cells + by).reduce((sum, profile) => sum - profile.fit('', 0), 0);
}

function isConvincing(
  { by, from, to, gain }: Shift & { gain: number },
  cells: string[],
  own: number[],
  profiles: ColumnProfile[],
): boolean {
  const count = { better: 0, worse: 0, misfits: 0, misfitsThere: 0 };
  for (let at = from; at < to; at += 1) {
    const text = cells[at] ?? '';
    if (text === '') continue;
    const there = profileAt(profiles, at + by);
    const difference = there.fit(text, 0) - (own[at] ?? 0);
    if (difference >= clearly) count.better += 1;
    if (difference <= -clearly) count.worse += 1;
    if (profileAt(profiles, at).isMisfit(text)) count.misfits += 1;
    if (there.isMisfit(text)) count.misfitsThere += 1;
  }
  if (count.better < 2 || count.worse * 3 > count.better) return false;
  if (count.misfits === 0) return count.misfitsThere === 0 && gain >= minGainOfTexts;
  return count.misfitsThere * 2 < count.misfits && gain >= minGain;
}

function profileAt(profiles: ColumnProfile[], index: number): ColumnProfile {
  return profiles[index] as ColumnProfile;
}
