import { Command } from 'commander';
import type { UnloadFlags } from './actions/unload.js';
import type { Io } from './setup/io.js';

/** `sp-reports unload`: takes the rows of documents away. */
export function unloadCommand(io: Io): Command {
  const command = new Command('unload')
    .description(
      'Takes the rows of documents away, for example of a file that was loaded by mistake. Rows that those had replaced come back. The raw documents stay: `reload` loads them again, and nothing else does.',
    )
    .argument('<document...>', 'document ids or report ids, as `loads` lists them');
  return unloadOptions(command).action(async (documents: string[], options: UnloadFlags, own: Command) => {
    const { unloadAction } = await import('./actions/unload.js');
    await unloadAction(documents, options, own, io);
  });
}

/** `sp-reports drop`: takes a table away. */
export function dropCommand(io: Io): Command {
  const command = new Command('drop')
    .description(
      'Takes a table away: unloads all of its documents, from their other tables too, then drops it. The raw documents stay: `reload --status unloaded` loads them again. The history of a table is dropped alone.',
    )
    .argument('<table>', 'a table, as `tables` lists them');
  return unloadOptions(command).action(async (table: string, options: UnloadFlags, own: Command) => {
    const { dropAction } = await import('./actions/unload.js');
    await dropAction(table, options, own, io);
  });
}

function unloadOptions(command: Command): Command {
  return command
    .option('--seller <ID>', 'only documents of this seller')
    .option('--yes', 'do not prompt')
    .option('--json', 'print a JSON object');
}
