import { fuzz } from '../test/fuzz/fuzz.js';
import { numberOption } from './options.js';

/**
 * `npm run fuzz [-- --cases 100000] [--seed N]`: loads mutated inputs of every kind and prints the
 * results.
 */
const cases = numberOption('cases', 100_000);
const seed = numberOption('seed', 1);
const startedMs = Date.now();
const { failures, ...result } = await fuzz(cases, seed, (done) => {
  if (done % 5000 === 0) process.stderr.write(`${done} cases\n`);
});
const seconds = Math.round((Date.now() - startedMs) / 1000);
process.stdout.write(
  `${JSON.stringify({ ...result, slowestMs: Math.round(result.slowestMs), seconds }, null, 2)}\n`,
);
for (const failure of failures.slice(0, 20))
  process.stdout.write(`${failure.kind} ${failure.seed}: ${failure.found}\n`);
process.stdout.write(`${failures.length} failures\n`);
if (failures.length > 0) process.exitCode = 1;
