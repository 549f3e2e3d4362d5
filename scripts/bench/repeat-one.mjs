import { contestants } from './contestants.mjs';

/**
 * Runs one contestant several times in a separate process: some runs to warm up, then timed ones
 * for at least half a second. Prints the processor time of each run, user and system, of all
 * threads.
 */
const [name = '', input = ''] = process.argv.slice(2);
const warmUps = 3;
const [minRuns, maxRuns, minMilliseconds] = [5, 15, 500];

const run = await contestants[name](JSON.parse(input));
for (let count = 0; count < warmUps; count += 1) await run();
const milliseconds = [];
let sum = 0;
while (milliseconds.length < minRuns || (sum < minMilliseconds && milliseconds.length < maxRuns)) {
  const before = process.cpuUsage();
  await run();
  const { user, system } = process.cpuUsage(before);
  milliseconds.push((user + system) / 1000);
  sum += (user + system) / 1000;
}
process.stdout.write(`${JSON.stringify({ milliseconds })}\n`);
process.exit(0);
