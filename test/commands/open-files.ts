import { spawnSync } from 'node:child_process';
import { type Ran, program } from '../ingest/world.js';

/** Runs a command in a process that may have only so many files open. */
export function withOpenFiles(count: number, ...args: string[]): Ran {
  const limited = `ulimit -n ${count} && exec "$0" "$@"`;
  const { status, stdout, stderr } = spawnSync(
    'sh',
    ['-c', limited, process.execPath, ...program(), ...args],
    { encoding: 'utf8', env: { PATH: process.env.PATH } },
  );
  return { code: status, stdout, stderr };
}
