#!/usr/bin/env node
require('./small-memory.cjs');

// DuckDB's write-ahead log and what it puts on disk while it works are the owner's alone, as our own files are.
process.umask(0o077);

async function main(): Promise<void> {
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

void main();
