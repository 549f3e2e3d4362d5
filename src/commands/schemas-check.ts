import { Command } from 'commander';
import type { CheckOptions } from './actions/schemas-check.js';
import type { Io } from './setup/io.js';
import { sampleOptions } from './setup/sample-options.js';

/** `sp-reports schemas check`: checks schemas and views, or a document with a schema. */
export function checkCommand(io: Io, exit: (code: number) => void): Command {
  const command = new Command('check')
    .description(
      'Checks the packaged schemas and views and those in your schemas folder, or a single schema, optionally with a document.',
    )
    .argument('[file]', 'only this report schema')
    .option(
      '--sample <document>',
      'read a document with the schema and report what does not fit, with exit code 1',
    );
  return sampleOptions(command)
    .option('--json', 'print a JSON object')
    .action(async (file: string | undefined, options: CheckOptions, own: Command) => {
      const { schemasCheckAction } = await import('./actions/schemas-check.js');
      await schemasCheckAction(file, options, own, io, exit);
    });
}
