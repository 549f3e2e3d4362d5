/** Beyond this, sums of steps overflow; nothing that people chart is as large. */
const maxMagnitude = 1e300;

/**
 * Returns the steps of an axis that has 0 on it: from a round number at or below the lowest value
 * to one at or above the highest.
 *
 * @param {number} lowest
 * @param {number} highest
 * @returns {[number, ...number[]]} ascending, at least two
 */
export function axisSteps(lowest, highest) {
  const low = Math.max(-maxMagnitude, Math.min(0, finite(lowest)));
  const high = Math.min(maxMagnitude, Math.max(0, finite(highest)));
  const span = high - low;
  if (span < 1 / maxMagnitude) return [0, 1];
  const step = roundStep(span / 4);
  const [first, last] = [Math.floor(low / step), Math.ceil(high / step)];
  /** @type {[number, ...number[]]} */
  const steps = [exact(first * step)];
  for (let index = first + 1; index <= last; index += 1) steps.push(exact(index * step));
  return steps;
}

/** @param {number} value */
const finite = (value) => (Number.isNaN(value) ? 0 : value);

/**
 * Removes the noise of binary fractions: 3 times 0.1 is 0.3.
 *
 * @param {number} value
 */
const exact = (value) => Number(value.toPrecision(12));

/**
 * The smallest round number that is at least as large.
 *
 * @param {number} least
 */
function roundStep(least) {
  const power = 10 ** Math.floor(Math.log10(least));
  return [1, 2, 2.5, 5].map((each) => each * power).find((each) => each >= least) ?? 10 * power;
}

/**
 * Returns a function from values to places, which are pixels from `from` to `to`. Values beyond the
 * steps are at the ends.
 *
 * @param {number[]} steps ascending
 * @param {number} from
 * @param {number} to
 */
export function scale(steps, from, to) {
  const [low = 0, high = 1] = [steps[0], steps.at(-1)];
  return (/** @type {number} */ value) => {
    const share = (value - low) / (high - low || 1);
    return from + Math.max(0, Math.min(1, share)) * (to - from);
  };
}

const dayMs = 86_400_000;
/** Of the steps of a time axis: days, then hours and minutes for a shorter time. */
const stepsMs = [
  ...[1, 5, 15, 30].map((minutes) => minutes * 60_000),
  ...[1, 3, 6, 12].map((hours) => hours * 3_600_000),
  ...[1, 2, 7, 14].map((days) => days * dayMs),
];

/**
 * Returns round times in UTC for an axis, at most `maxSteps`; beyond some weeks, beginnings of
 * months or years.
 *
 * @param {number} fromMs
 * @param {number} toMs
 * @param {number} maxSteps at least 2
 * @returns {{ ms: number, text: string }[]}
 */
export function timeSteps(fromMs, toMs, maxSteps) {
  const stepMs = stepsMs.find((each) => (toMs - fromMs) / each < maxSteps);
  if (stepMs === undefined) return monthSteps(fromMs, toMs, maxSteps);
  const marks = [];
  for (let ms = Math.ceil(fromMs / stepMs) * stepMs; ms <= toMs; ms += stepMs)
    marks.push({ ms, text: timeText(ms, stepMs) });
  return marks;
}

/**
 * @param {number} fromMs
 * @param {number} toMs
 * @param {number} maxSteps
 */
function monthSteps(fromMs, toMs, maxSteps) {
  const months = (toMs - fromMs) / (30 * dayMs);
  const round = [1, 2, 3, 6, 12, 24, 60, 120];
  const every =
    round.find((each) => months / each < maxSteps - 1) ?? 12 * Math.ceil(months / 12 / (maxSteps - 1));
  const from = new Date(fromMs);
  const begin = Math.floor(((from.getUTCFullYear() - 1970) * 12 + from.getUTCMonth()) / every) * every;
  const marks = [];
  for (let month = begin; ; month += every) {
    const ms = Date.UTC(1970, month);
    if (!(ms <= toMs)) return marks;
    if (ms < fromMs) continue;
    const text = new Date(ms).toISOString();
    marks.push({ ms, text: every < 12 ? text.slice(0, 7) : text.slice(0, 4) });
  }
}

/**
 * @param {number} ms
 * @param {number} stepMs
 */
function timeText(ms, stepMs) {
  const text = new Date(ms).toISOString();
  return stepMs >= dayMs ? text.slice(5, 10) : text.slice(11, 16);
}
