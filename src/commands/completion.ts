import { Argument, Command } from 'commander';
import type { Io } from './setup/io.js';

/** `sp-reports completion`: prints a script with which a shell completes commands. */
export function completionCommand(io: Io): Command {
  return new Command('completion')
    .description('Prints a script with which a shell completes commands, options and report types.')
    .addArgument(new Argument('<shell>', 'the shell').choices(['bash', 'zsh', 'fish']))
    .addHelpText(
      'after',
      `
bash: sp-reports completion bash > ~/.local/share/bash-completion/completions/sp-reports
zsh:  sp-reports completion zsh > FOLDER/_sp-reports, in a FOLDER of $fpath
fish: sp-reports completion fish > ~/.config/fish/completions/sp-reports.fish`,
    )
    .action(async (shell: 'bash' | 'zsh' | 'fish', _options: unknown, own: Command) => {
      const { completionAction } = await import('./actions/completion.js');
      completionAction(shell, own, io);
    });
}
