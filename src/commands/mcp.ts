import { Command } from 'commander';
import type { Io } from './setup/io.js';

/** `sp-reports mcp`: lets a model read the warehouse. */
export function mcpCommand(io: Io): Command {
  return new Command('mcp')
    .description(
      'Serves the Model Context Protocol on standard input and output, so that an AI client can read the warehouse: list and describe tables and views, run read-only queries, see freshness, gaps, and why a document was quarantined. Columns with personal data stay hidden, unless `mcp.showPersonalData` is true in pipelines.yaml. Each call is logged on standard error. docs/guides/agents.md shows how to set up clients.',
    )
    .action(async (_options: object, command: Command) => {
      const { mcpAction } = await import('./actions/mcp.js');
      await mcpAction(command, io);
    });
}
