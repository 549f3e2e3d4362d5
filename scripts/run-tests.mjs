import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

/**
 * Runs mocha: `run-tests.mjs [--tier=all|unit|slow] [FILE…] [option of mocha…]`. Files that are
 * named run alone, one after the other; otherwise the files of the tier run in parallel.
 */
const slow = ['test/bench/**/*.test.ts', 'test/simulations/**/*.test.ts', 'test/**/*.slow.test.ts'];
const notSlow = slow.map((files) => `--ignore=${files}`);
const tiers = {
  // The tests of speed and memory, long simulations, and all cases of what the default suite
  // samples take minutes, which few changes are worth.
  all: ['test/**/*.test.ts', ...notSlow],
  // No servers, no processes, no warehouse on disk: what a change to them is tried with after each
  // save.
  unit: [
    ...['config', 'files', 'kernel', 'parquet', 'parse', 'runtime', 'scheduling', 'schema', 'yaml'].map(
      (folder) => `test/${folder}/**/*.test.ts`,
    ),
    ...notSlow,
  ],
  slow,
};

const root = fileURLToPath(new URL('..', import.meta.url));
const given = process.argv.slice(2);
const tier = given[0]?.startsWith('--tier=') ? given.shift().slice('--tier='.length) : 'all';
const namesFiles = given.some((argument) => /^(\.\/)?test\/|\.ts$/.test(argument));
const files = namesFiles ? [] : [...tiers[tier], '--parallel', '--jobs=3'];
const mocha = fileURLToPath(new URL('../node_modules/mocha/bin/mocha.js', import.meta.url));
const { status } = spawnSync(process.execPath, [mocha, ...files, ...given], { cwd: root, stdio: 'inherit' });
process.exitCode = status ?? 1;
