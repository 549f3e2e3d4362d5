import type { Command } from 'commander';
import { packagedSchemasFolder, readSchemas } from '../../schema/read.js';
import type { Io } from '../setup/io.js';
import { type CompletedCommand, completedCommands } from '../output/completed-commands.js';
import { bashScript, fishScript, zshScript } from '../output/completion-scripts.js';

/** Runs `sp-reports completion`. */
export function completionAction(shell: 'bash' | 'zsh' | 'fish', own: Command, io: Io): void {
  const types = [...readSchemas({ folders: [packagedSchemasFolder()] }).keys()].sort();
  const commands = completedCommands(own.parent ?? own, types);
  const scripts: Record<typeof shell, (commands: CompletedCommand[]) => string> = {
    bash: bashScript,
    zsh: zshScript,
    fish: fishScript,
  };
  io.stdout.write(scripts[shell](commands));
}
