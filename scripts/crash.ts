import { Random } from '../src/sandbox/random.js';
import { runCrashMatrix } from '../test/pipeline/crash-matrix.js';
import { numberOption } from './options.js';

/** `npm run crash -- --kills N [--seed N] [--json]`: kills the program N times, and compares what came of it. */
const kills = numberOption('kills', 200);
const random = new Random(numberOption('seed', 1));
const startedMs = Date.now();
const result = await runCrashMatrix(
  kills,
  () => random.next(),
  (done) => {
    if (done % 20 === 0) process.stderr.write(`${done} kills\n`);
  },
);
const { matrix, differences, ...counts } = result;
const seconds = Math.round((Date.now() - startedMs) / 1000);
if (process.argv.includes('--json')) {
  process.stdout.write(`${JSON.stringify({ ...counts, seconds, matrix, differences })}\n`);
} else {
  const modes = ['append', 'merge', 'replace', 'snapshot'];
  const rows = Object.entries(matrix).map(
    ([step, of]) => `| ${[step, ...modes.map((mode) => of[mode] ?? 0)].join(' | ')} |`,
  );
  process.stdout.write(
    [
      `| killed at | ${modes.join(' | ')} |`,
      `|---|${modes.map(() => '---:|').join('')}`,
      ...rows,
      '',
      ...Object.entries({ ...counts, seconds }).map(([name, value]) => `${name}: ${value}`),
      ...differences,
      '',
    ].join('\n'),
  );
}
process.exitCode = counts.lost + counts.twice + counts.leftovers + differences.length > 0 ? 1 : 0;
