import { Command, CommanderError, Option } from 'commander';
import { alarmsCommand } from './commands/alarms.js';
import { backfillCommand } from './commands/backfill.js';
import { completionCommand } from './commands/completion.js';
import { configCommand } from './commands/config.js';
import { demoCommand } from './commands/demo.js';
import { doctorCommand } from './commands/doctor.js';
import { helpCommand } from './commands/help.js';
import { initCommand } from './commands/init.js';
import { inspectCommand } from './commands/inspect.js';
import type { Io } from './commands/setup/io.js';
import { loadCommand } from './commands/load.js';
import { loadsCommand } from './commands/loads.js';
import { mcpCommand } from './commands/mcp.js';
import { purgeCommand } from './commands/purge.js';
import { queryCommand } from './commands/query.js';
import { rebuildCommand } from './commands/rebuild.js';
import { reloadCommand } from './commands/reload.js';
import { requestCommand } from './commands/request.js';
import { runCommand } from './commands/run.js';
import { schemasCommand } from './commands/schemas.js';
import { startCommand } from './commands/start.js';
import { subscribeCommand } from './commands/subscribe.js';
import { sweepCommand } from './commands/sweep.js';
import { tablesCommand } from './commands/tables.js';
import { dropCommand, unloadCommand } from './commands/unload.js';
import { verifyCommand } from './commands/verify.js';
import { printError } from './errors/print-error.js';
import { ReportsError } from './errors/reports-error.js';
import { version } from './runtime/version.js';

/**
 * Runs the program with these arguments. Returns the exit code: 0 for success; 1 if something was
 * quarantined or failed; 2 for wrong usage, including an invalid pipelines.yaml or report schema.
 */
export async function runCli(args: string[], io: Io): Promise<number> {
  let exitCode = 0;
  const program = buildProgram(io, (code) => {
    exitCode = code;
  });
  try {
    // SQL may begin with a comment. The blank before it keeps commander from reading it as an
    // option.
    const words = args.map((word) => (/^--\s/.test(word) ? ` ${word}` : word));
    await program.parseAsync(words, { from: 'user' });
    return exitCode;
  } catch (error) {
    if (!(error instanceof CommanderError)) return printError(error, io.stderr);
    if (error.exitCode === 0) return 0;
    // The help was shown, because a command is missing.
    if (error.code === 'commander.help') return 2;
    return printError(usageError(error), io.stderr);
  }
}

/**
 * Builds the program, to run it or to generate its reference page. Commands call `exit` with their
 * exit code.
 */
export function buildProgram(io: Io, exit: (code: number) => void): Command {
  const program = new Command('sp-reports')
    .description('Loads Amazon Selling Partner reports into a warehouse you can query in SQL.')
    .version(version)
    .option('--config <file>', 'settings file (default: pipelines.yaml in the current folder)')
    .addOption(
      new Option('--log-level <level>', 'log level (default: info; warn on a terminal)').choices([
        'fatal',
        'error',
        'warn',
        'info',
        'debug',
        'silent',
      ]),
    )
    .helpCommand(false)
    .exitOverride()
    .configureOutput({
      writeOut: (text) => void io.stdout.write(text),
      writeErr: (text) => void io.stderr.write(text),
      // `runCli` prints mistakes like all other errors.
      outputError() {},
    });
  program.addCommand(initCommand(io));
  program.addCommand(doctorCommand(io, exit));
  program.addCommand(subscribeCommand(io, exit));
  program.addCommand(runCommand(io, exit));
  program.addCommand(requestCommand(io, exit));
  program.addCommand(sweepCommand(io, exit));
  program.addCommand(backfillCommand(io, exit));
  program.addCommand(startCommand(io));
  program.addCommand(alarmsCommand(io));
  program.addCommand(loadCommand(io, exit));
  program.addCommand(queryCommand(io));
  program.addCommand(tablesCommand(io));
  program.addCommand(loadsCommand(io));
  program.addCommand(reloadCommand(io, exit));
  program.addCommand(unloadCommand(io));
  program.addCommand(dropCommand(io));
  program.addCommand(rebuildCommand(io, exit));
  program.addCommand(verifyCommand(io, exit));
  program.addCommand(mcpCommand(io));
  program.addCommand(purgeCommand(io));
  program.addCommand(inspectCommand(io));
  program.addCommand(schemasCommand(io, exit));
  program.addCommand(configCommand(io, exit));
  program.addCommand(demoCommand(io));
  program.addCommand(completionCommand(io));
  program.addCommand(helpCommand());
  for (const command of withSubcommands(program)) command.copyInheritedSettings(program);
  return program;
}

function withSubcommands(command: Command): Command[] {
  return command.commands.flatMap((each) => [each, ...withSubcommands(each)]);
}

/** A mistake that commander found, such as an unknown option. */
function usageError({ message }: CommanderError): ReportsError {
  const problem = message.replace(/^error: /, '').replaceAll(/\s+/g, ' ');
  return new ReportsError('USAGE', { problem });
}
