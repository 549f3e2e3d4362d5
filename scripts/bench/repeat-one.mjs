import { createInterface } from 'node:readline';
import { contestants } from './contestants.mjs';

/**
 * Runs one contestant in a separate process, once for each line that it reads. Prints the processor
 * time of each run in milliseconds: user and system, of all threads.
 */
const [name = '', input = ''] = process.argv.slice(2);
const run = await contestants[name](JSON.parse(input));
for await (const _ of createInterface({ input: process.stdin })) {
  const before = process.cpuUsage();
  await run();
  const { user, system } = process.cpuUsage(before);
  process.stdout.write(`${(user + system) / 1000}\n`);
}
process.exit(0);
