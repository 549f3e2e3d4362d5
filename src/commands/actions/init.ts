import { systemClock } from '../../runtime/clock.js';
import { existsSync } from 'node:fs';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Command } from 'commander';
import { examplePath } from '../../config/read.js';
import { describeError, ReportsError } from '../../errors/reports-error.js';
import { ownerOnly } from '../../files/whole-file.js';
import type { Io } from '../setup/io.js';
import type { GlobalOptions } from '../setup/open-context.js';

/** Runs `sp-reports init`. */
export async function initAction(command: Command, io: Io): Promise<void> {
  const { config = 'pipelines.yaml' } = command.optsWithGlobals<GlobalOptions>();
  const path = resolve(io.cwd, config);
  const text = await exampleFor(dirname(path));
  await writeNew(path, config, text);
  const variables = variablesIn(text);
  const envFile = join(dirname(config), '.env');
  const envPath = join(dirname(path), '.env');
  const hasEnvFile = existsSync(envPath);
  if (!hasEnvFile) await writeNew(envPath, envFile, envText(variables), ownerOnly.file);
  io.stdout.write(nextSteps(config, { variables, envFile, hasEnvFile }));
}

/** Returns the variables without which the settings are incomplete. */
function variablesIn(text: string): string[] {
  const written = text.replace(/#.*$/gm, '');
  return [...new Set([...written.matchAll(/\$\{(\w+)\}/g)].map(([, name = '']) => name))];
}

function envText(variables: string[]): string {
  return `# The variables that pipelines.yaml names. Variables of the environment win over these.
# This file holds secrets: keep it out of version control, and readable only by you.
# Values with blanks, quotes or # need single quotes.

${variables.map((name) => `${name}=\n`).join('')}
# Not needed if the machine has a role or a profile of AWS.
# AWS_ACCESS_KEY_ID=
# AWS_SECRET_ACCESS_KEY=
`;
}

const docsFolder = fileURLToPath(new URL('../../../docs', import.meta.url));

/** Returns the packaged example. Paths of the pages that it names are relative to that folder. */
async function exampleFor(folder: string): Promise<string> {
  const way = relative(folder, docsFolder);
  const docs = way.startsWith('..') ? docsFolder : `./${way}`;
  return (await readFile(examplePath, 'utf8')).replace(/(\.\/)?docs\//g, () => `${docs}/`);
}

/** Writes a file that does not exist yet. Errors: FILE_EXISTS, FILE_UNREADABLE. */
async function writeNew(path: string, shown: string, text: string, mode?: number): Promise<void> {
  if (existsSync(path)) throw new ReportsError('FILE_EXISTS', { path: shown });
  try {
    await mkdir(dirname(path), { recursive: true });
    // The flag also protects a file that another process has just written.
    await writeFile(path, text, { flag: 'wx', mode });
  } catch (error) {
    const found = (error as NodeJS.ErrnoException).code ?? describeError(error);
    throw new ReportsError('FILE_UNREADABLE', { path: shown, found }, { cause: error });
  }
}

function nextSteps(
  shown: string,
  { variables, envFile, hasEnvFile }: { variables: string[]; envFile: string; hasEnvFile: boolean },
): string {
  const program = shown === 'pipelines.yaml' ? 'sp-reports' : `sp-reports --config ${shown}`;
  const monthAgo = new Date(systemClock.now() - 30 * 86_400_000).toISOString().slice(0, 10);
  const wrote = hasEnvFile ? `Wrote ${shown}` : `Wrote ${shown} and ${envFile}`;
  return `${wrote}. Next:

  1. Set the region and marketplaces of your seller in this file.
  2. Set the variables that it names: ${variables.join(', ')};
     also set AWS credentials, unless the machine has a role. Write them into ${envFile},
     which only you may read, or set them in the environment, which wins.
     Keep ${envFile} out of version control: add it to .gitignore.
  3. ${program} subscribe                    have Amazon notify the queue of finished reports
  4. ${program} doctor                       check the setup; each failure names the next step
  5. ${program} run                          run one drain now
     ${program} backfill --from ${monthAgo}   load reports that finished earlier
     ${program} start                        load from now on, by schedule
`;
}
