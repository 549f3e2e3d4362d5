import { contestants } from './contestants.mjs';

/**
 * One contestant in a process of its own: once to warm up, unless it says `once`, and once timed. Prints its seconds, and waits to have its
 * memory read.
 */
const [name = '', input = '', times = ''] = process.argv.slice(2);
const contestant = contestants[name];
if (!contestant) throw new Error(`no contestant ${name}`);
const run = await contestant(JSON.parse(input));
if (times !== 'once') await run();
const started = performance.now();
await run();
process.stdout.write(`${JSON.stringify({ seconds: (performance.now() - started) / 1000 })}\n`);
process.stdin.once('end', () => process.exit(0)).resume();
