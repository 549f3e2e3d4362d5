#!/usr/bin/env node
require('./small-memory.cjs');

// Like our own files, DuckDB's write-ahead log and temporary files must be private to the owner.
process.umask(0o077);

async function main(): Promise<void> {
  const { openFilesProblem } = await import('./runtime/open-files.js');
  const problem = openFilesProblem();
  if (problem !== undefined) {
    process.stderr.write(problem);
    process.exitCode = 1;
    return;
  }
  // Its process starts while this one reads its own modules.
  if (process.argv.includes('query')) {
    const { startAhead } = await import('./warehouse/duckdb/query-process.js');
    startAhead();
  }
  const { runCli } = await import('./cli.js');
  const { processIo } = await import('./commands/setup/io.js');
  const { exitOnUnhandledErrors } = await import('./commands/setup/unhandled-errors.js');
  const io = processIo();
  exitOnUnhandledErrors(io);
  process.exitCode = await runCli(process.argv.slice(2), io);
}

// A disk may fail while Node reads these modules, and those that print the error too.
void main()
  .catch(async (error: unknown) => {
    const { printError } = await import('./errors/print-error.js');
    process.exitCode = printError(error, process.stderr);
  })
  .catch((error: Error) => {
    process.stderr.write(`error: loading the program's own files: ${error.message}\n`);
    process.exitCode = 1;
  });
