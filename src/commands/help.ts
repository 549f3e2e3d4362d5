import { Command } from 'commander';
import { ReportsError } from '../errors/reports-error.js';
import { didYouMean } from '../text/nearest-name.js';

/** `sp-reports help`: shows the help of the program or of a command. */
export function helpCommand(): Command {
  return new Command('help')
    .description('Shows the help of a command, as its option --help does.')
    .argument('[command...]', 'a command, such as `load` or `schemas check`')
    .action((names: string[], _options: unknown, own: Command) => {
      let command = own.parent ?? own;
      for (const name of names) {
        const found = command.commands.find((each) => each.name() === name);
        if (!found) {
          const hint = didYouMean(
            name,
            command.commands.map((each) => each.name()),
          );
          throw new ReportsError('USAGE', { problem: `there is no command ${names.join(' ')}${hint}` });
        }
        command = found;
      }
      command.outputHelp();
    });
}
