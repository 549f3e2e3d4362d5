import { readFileSync, rmSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** The built program. */
export const main = fileURLToPath(new URL('../../dist/main.cjs', import.meta.url));

const preload = fileURLToPath(new URL('./peak-memory.cjs', import.meta.url));

/**
 * The environment in which the program and its processes write to a file what they took. Removes
 * that of an earlier run.
 */
export function figuresEnvironment(file: string): NodeJS.ProcessEnv {
  rmSync(file, { force: true });
  return { ...process.env, PEAK_MEMORY_FILE: file, NODE_OPTIONS: `--require ${preload}` };
}

/** What the file says: the CPU time of all processes, and the memory of the largest. */
export function readFigures(file: string): { cpuSeconds: number; peakMegabytes: number } {
  // One line for each process: queries run in another one.
  const lines = readFileSync(file, 'utf8')
    .trim()
    .split('\n')
    .map((line) => line.split(' ').map(Number));
  return {
    cpuSeconds: lines.reduce((sum, [, microseconds = 0]) => sum + microseconds / 1e6, 0),
    peakMegabytes: (Math.max(...lines.map(([kilobytes = 0]) => kilobytes)) * 1024) / 1e6,
  };
}
