const dayMs = 86_400_000;
/** Fewer bars than this look as if something was missing. */
const minDays = 14;

/**
 * Every day from the first one that is known, and at least the last two weeks, until today; those
 * without a value have the value of `missing`.
 *
 * @template {{ day: string }} Day
 * @param {Day[]} days YYYY-MM-DD, in any order
 * @param {string} today YYYY-MM-DD
 * @param {(day: string) => Day} missing
 * @returns {Day[]} ascending
 */
export function everyDay(days, today, missing) {
  const known = new Map(days.map((each) => [each.day, each]));
  const lastMs = Math.max(...[today, ...known.keys()].map((day) => Date.parse(day)));
  const firstMs = Math.min(
    lastMs - (minDays - 1) * dayMs,
    ...[...known.keys()].map((day) => Date.parse(day)),
  );
  return Array.from({ length: Math.round((lastMs - firstMs) / dayMs) + 1 }, (_, index) => {
    const day = new Date(firstMs + index * dayMs).toISOString().slice(0, 10);
    return known.get(day) ?? missing(day);
  });
}
