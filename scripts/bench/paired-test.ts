/** Whether one version is slower than another; open as long as too few pairs say so. */
export type Verdict = 'slower' | 'as fast' | 'open';

/** A loss that must be found. */
export const realLoss = 0.1;

/**
 * Student's t from 4 degrees of freedom on, for a chance of 0.05 % and of 0.5 % on one side. A
 * verdict of a loss needs the smaller chance, as it stops a release.
 */
const strict = [
  8.61, 6.869, 5.959, 5.408, 5.041, 4.781, 4.587, 4.437, 4.318, 4.221, 4.14, 4.073, 4.015, 3.965, 3.922,
];
const usual = [
  4.604, 4.032, 3.707, 3.499, 3.355, 3.25, 3.169, 3.106, 3.055, 3.012, 2.977, 2.947, 2.921, 2.898, 2.878,
];
const minPairs = 5;

/** Fewer pairs may be alike by chance. */
const minDeviation = 0.005;

/**
 * Judges pairs of times, the new version's divided by the old one's, after each further pair. The
 * mean of the logarithms decides as soon as it is surely on one side of the middle between no loss
 * and a real one.
 */
export function judge(ratios: number[]): Verdict {
  if (ratios.length < minPairs) return 'open';
  const logs = ratios.map(Math.log);
  const mean = meanOf(logs);
  const variance = logs.reduce((sum, each) => sum + (each - mean) ** 2, 0) / (logs.length - 1);
  const error = Math.max(minDeviation, Math.sqrt(variance)) / Math.sqrt(logs.length);
  const [forLoss = 0, forNone = 0] = [strict, usual].map((all) => all[logs.length - minPairs] ?? all.at(-1));
  const distance = mean - Math.log(1 + realLoss) / 2;
  if (distance > forLoss * error) return 'slower';
  return distance < -forNone * error ? 'as fast' : 'open';
}

/** The typical ratio of pairs. */
export function typical(ratios: number[]): number {
  return Math.exp(meanOf(ratios.map(Math.log)));
}

function meanOf(numbers: number[]): number {
  return numbers.reduce((sum, each) => sum + each, 0) / numbers.length;
}
