import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { type Ran, runInProcess } from '../ingest/world.js';

/** Runs commands in a separate folder, new for each test of the block that calls it. */
export function commandFolder() {
  let folder = '';
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'sp-reports-test-'));
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  const run = (...args: string[]): Promise<Ran> => runInProcess(args, { env: {}, cwd: folder });
  return {
    /** The path of a file in the folder, or of the folder itself. */
    path: (...names: string[]) => join(folder, ...names),
    run,
    /** Runs a command with a text on standard input. */
    pipe: (input: Buffer | string, ...args: string[]): Promise<Ran> =>
      runInProcess(args, { env: {}, cwd: folder, stdin: () => Readable.from([Buffer.from(input)]) }),
    /** Writes a file and returns its name. */
    file(name: string, content: Buffer | string): string {
      writeFileSync(join(folder, name), content);
      return name;
    },
    query: async (sql: string) => JSON.parse((await run('query', '--json', sql)).stdout) as unknown,
  };
}
