import type { CutCounts } from '../test/power/machine.js';
import { cutLoads, cutPurges, cutRequests } from '../test/power/power-cuts.js';
import { numberOption } from './options.js';

/**
 * `npm run powercut -- [--cuts N] [--seed N]`: cuts the power of the program's disk N times, and
 * compares the results with those of an undisturbed run. A fifth of the cuts is during purges and
 * requests. Linux only, as root: mounts a file system by FUSE.
 */
const cuts = numberOption('cuts', 50);
const seed = numberOption('seed', 1);
const startedMs = Date.now();
const others = Math.floor(cuts / 10);
let done = 0;
const onCut = () => {
  done += 1;
  if (done % 10 === 0) process.stderr.write(`${done} cuts\n`);
};
const loads = await cutLoads({ cuts: cuts - 2 * others, seed, onCut });
if (!loads) process.exit(2);
const more =
  others > 0
    ? [await cutPurges({ cuts: others, seed, onCut }), await cutRequests({ cuts: others, seed, onCut })]
    : [];
const all: CutCounts[] = [loads, ...more.filter((each) => each !== undefined)];
const total = (count: (of: CutCounts) => number) => all.reduce((sum, each) => sum + count(each), 0);
const byName = all
  .flatMap((each) => Object.entries(each.cuts))
  .sort(([one], [other]) => (one < other ? -1 : 1));
const problems = all.flatMap((each) => each.problems);
process.stdout.write(
  [
    '| cut off | cuts |',
    '|---|---:|',
    ...byName.map(([name, count]) => `| ${name} | ${count} |`),
    '',
    `cuts: ${byName.reduce((sum, [, count]) => sum + count, 0)}`,
    `changes of files lost: ${total(({ changesLost }) => changesLost)}`,
    `rows compared: ${loads.rows}`,
    `rows lost: ${loads.lost}`,
    `rows twice: ${loads.twice}`,
    `warehouse files made again: ${total(({ remade }) => remade)}`,
    `seconds: ${Math.round((Date.now() - startedMs) / 1000)}`,
    ...problems,
    '',
  ].join('\n'),
);
process.exitCode = problems.length > 0 ? 1 : 0;
