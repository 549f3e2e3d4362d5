import { Command } from 'commander';
import type { Io } from './setup/io.js';
import { checkCommand } from './schemas-check.js';
import { driftCommand } from './schemas-drift.js';
import { exportCommand } from './schemas-export.js';
import { inferCommand } from './schemas-infer.js';
import { listCommand, showCommand } from './schemas-list.js';

/** `sp-reports schemas list|show|check|infer|export|drift`. */
export function schemasCommand(io: Io, exit: (code: number) => void): Command {
  return new Command('schemas')
    .description('Shows, checks, drafts and exports report schemas.')
    .addCommand(listCommand(io))
    .addCommand(showCommand(io))
    .addCommand(checkCommand(io, exit))
    .addCommand(inferCommand(io))
    .addCommand(exportCommand(io))
    .addCommand(driftCommand(io));
}
