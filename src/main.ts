#!/usr/bin/env node
import './small-heap.js';
import { runCli } from './cli.js';
import { processIo } from './commands/io.js';

// DuckDB's write-ahead log and what it puts on disk while it works are the owner's alone, as our own files are.
process.umask(0o077);
process.exitCode = await runCli(process.argv.slice(2), processIo());
