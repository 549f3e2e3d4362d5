import type { Command, Option } from 'commander';

/** What a shell completes behind a command. */
export interface CompletedCommand {
  /** Its words, for example `schemas check`; empty for the program itself. */
  path: string;
  description: string;
  subcommands: { name: string; description: string }[];
  options: CompletedOption[];
}

export interface CompletedOption {
  /** For example `--format` and `-h`. */
  flags: string[];
  description: string;
  takesValue: boolean;
  /** The values to choose from; none if a value may be any. */
  values: string[];
}

/** The commands of a program, itself first. `types`: the values of `--type`. */
export function completedCommands(program: Command, types: string[]): CompletedCommand[] {
  const globals = program.options.map((option) => completedOption(option, types));
  return describe(program, '');

  function describe(command: Command, path: string): CompletedCommand[] {
    const help = { flags: ['--help', '-h'], description: 'display help', takesValue: false, values: [] };
    const own = command === program ? [] : command.options.map((option) => completedOption(option, types));
    const subcommands = command.commands.map((each) => ({
      name: each.name(),
      description: firstSentence(each.description()),
    }));
    const options = [...own, ...(command === program ? globals : []), help];
    return [
      { path, description: firstSentence(command.description()), subcommands, options },
      ...command.commands.flatMap((each) => describe(each, `${path} ${each.name()}`.trim())),
    ];
  }
}

function completedOption(option: Option, types: string[]): CompletedOption {
  const flags = [option.long, option.short].filter((flag) => flag !== undefined);
  return {
    flags,
    description: firstSentence(option.description),
    takesValue: option.required || option.optional,
    values: option.argChoices ?? (option.long === '--type' ? types : []),
  };
}

/** Short, on one line, and without what a shell would read as more than text. */
function firstSentence(text: string): string {
  const [sentence = ''] = text.split(/(?<=[.:;])\s|\s\(/);
  return sentence.replace(/[.:;]$/, '').replace(/[`'"$\\:[\]]/g, '');
}
