#!/usr/bin/env node
import './small-heap.js';
import { runCli } from './cli.js';
import { processIo } from './commands/io.js';

process.exitCode = await runCli(process.argv.slice(2), processIo());
