import { contestants, type Input } from './contestants.js';

/** One contestant in a process of its own: once to warm up, once timed. Prints its seconds and the peak memory of the process. */
const [name = '', input = ''] = process.argv.slice(2);
const contestant = contestants[name];
if (!contestant) throw new Error(`no contestant ${name}`);
const run = await contestant(JSON.parse(input) as Input);
await run();
const started = performance.now();
await run();
const seconds = (performance.now() - started) / 1000;
const peakMegabytes = process.resourceUsage().maxRSS / 1000;
process.stdout.write(`${JSON.stringify({ seconds, peakMegabytes })}\n`);
process.exit(0);
