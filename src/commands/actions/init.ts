import { systemClock } from '../../runtime/clock.js';
import { existsSync } from 'node:fs';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Command } from 'commander';
import { examplePath } from '../../config/read.js';
import { describeError, ReportsError } from '../../errors/reports-error.js';
import type { Io } from '../setup/io.js';
import type { GlobalOptions } from '../setup/open-context.js';

/** Runs `sp-reports init`. */
export async function initAction(command: Command, io: Io): Promise<void> {
  const { config = 'pipelines.yaml' } = command.optsWithGlobals<GlobalOptions>();
  const path = resolve(io.cwd, config);
  const text = await exampleFor(dirname(path));
  await writeNew(path, config, text);
  io.stdout.write(nextSteps(config, text));
}

const docsFolder = fileURLToPath(new URL('../../../docs', import.meta.url));

/** Returns the packaged example. Paths of the pages that it names are relative to that folder. */
async function exampleFor(folder: string): Promise<string> {
  const way = relative(folder, docsFolder);
  const docs = way.startsWith('..') ? docsFolder : `./${way}`;
  return (await readFile(examplePath, 'utf8')).replace(/(\.\/)?docs\//g, () => `${docs}/`);
}

/** Writes a file that does not exist yet. Errors: FILE_EXISTS, FILE_UNREADABLE. */
async function writeNew(path: string, shown: string, text: string): Promise<void> {
  if (existsSync(path)) throw new ReportsError('FILE_EXISTS', { path: shown });
  try {
    await mkdir(dirname(path), { recursive: true });
    // The flag also protects a file that another process has just written.
    await writeFile(path, text, { flag: 'wx' });
  } catch (error) {
    const found = (error as NodeJS.ErrnoException).code ?? describeError(error);
    throw new ReportsError('FILE_UNREADABLE', { path: shown, found }, { cause: error });
  }
}

function nextSteps(shown: string, text: string): string {
  const written = text.replace(/#.*$/gm, '');
  const variables = [...new Set([...written.matchAll(/\$\{(\w+)\}/g)].map(([, name]) => name))];
  const program = shown === 'pipelines.yaml' ? 'sp-reports' : `sp-reports --config ${shown}`;
  const monthAgo = new Date(systemClock.now() - 30 * 86_400_000).toISOString().slice(0, 10);
  return `Wrote ${shown}. Next:

  1. Set the region and marketplaces of your seller in this file.
  2. Set the variables that it names: ${variables.join(', ')};
     also set AWS credentials, unless the machine has a role.
  3. ${program} subscribe                    have Amazon notify the queue of finished reports
  4. ${program} doctor                       check the setup; each failure names the next step
  5. ${program} run                          run one drain now
     ${program} backfill --from ${monthAgo}   load reports that finished earlier
     ${program} start                        load from now on, by schedule
`;
}
