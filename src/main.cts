#!/usr/bin/env node
require('./small-memory.cjs');

async function main(): Promise<void> {
  const { runCli } = await import('./cli.js');
  const { processIo } = await import('./commands/io.js');
  process.exitCode = await runCli(process.argv.slice(2), processIo());
}

void main();
