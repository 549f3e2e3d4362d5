import { contestants } from './contestants.mjs';

/**
 * Runs one contestant several times in a separate process: some runs to warm up, then timed ones.
 * Prints the processor time of each run, user and system, of all threads. How often it runs is
 * given, because versions that are compared must not differ in it.
 */
const [name = '', input = '', repetition = ''] = process.argv.slice(2);
const { warmUps, minRuns, minMilliseconds } = JSON.parse(repetition);

const run = await contestants[name](JSON.parse(input));
for (let count = 0; count < warmUps; count += 1) await run();
const milliseconds = [];
let sum = 0;
while (milliseconds.length < minRuns || sum < minMilliseconds) {
  const before = process.cpuUsage();
  await run();
  const { user, system } = process.cpuUsage(before);
  milliseconds.push((user + system) / 1000);
  sum += (user + system) / 1000;
}
process.stdout.write(`${JSON.stringify({ milliseconds })}\n`);
process.exit(0);
