import { Command } from 'commander';
import { ReportsError } from '../errors.js';
import { checkSchemas } from '../schema/read.js';
import { formatProblem } from '../yaml-problems.js';
import type { Io } from './io.js';
import { schemaFolders } from './open-context.js';

/** `sp-reports schemas check`. */
export function checkCommand(io: Io): Command {
  return new Command('check')
    .description('Checks the packaged schemas and those in your schemas folder.')
    .option('--json', 'print a JSON object')
    .action((options: { json?: boolean }, command: Command) => {
      const { schemas, problems } = checkSchemas({ folders: schemaFolders(command, io) });
      if (options.json) io.stdout.write(`${JSON.stringify({ schemas: schemas.size, problems })}\n`);
      if (problems.length > 0) {
        throw new ReportsError('SCHEMA_INVALID', {
          count: `${problems.length} ${problems.length === 1 ? 'mistake' : 'mistakes'}`,
          problems: problems.map(formatProblem).join('\n'),
        });
      }
      if (!options.json) io.stdout.write(`${schemas.size} report schemas, no mistakes\n`);
    });
}
