import { contestants } from './contestants.mjs';

/**
 * Runs one contestant in a separate process: once to warm up, unless it says `once`, and once
 * timed. Prints the seconds and waits until its memory has been read.
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
