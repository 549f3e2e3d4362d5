import { McpServer } from '@modelcontextprotocol/server';
import type { Logger } from 'pino';
import { describeError, knownError, ReportsError } from '../errors/reports-error.js';
import { redact } from '../errors/secrets.js';
import { version } from '../runtime/version.js';
import { type Tool, type ToolSources, tools } from './tools.js';

const instructions =
  'The warehouse of sp-reports has the reports of Amazon sellers as tables and views. Begin with list_tables, and describe_table for what you use. Prefer views. Before you interpret a figure, check freshness and gaps.';

/** Makes a server of the Model Context Protocol whose tools read a warehouse. Logs each call. */
export function makeMcpServer(sources: ToolSources, log: Logger): McpServer {
  const server = new McpServer({ name: 'sp-reports', version }, { instructions });
  for (const tool of tools) {
    const { name, title, description, input } = tool;
    const annotations = { readOnlyHint: true, destructiveHint: false, openWorldHint: false };
    server.registerTool(
      name,
      { title, description, inputSchema: input, annotations },
      async (given, context) => answerCall(tool, given, { sources, log, signal: context.mcpReq.signal }),
    );
  }
  return server;
}

interface Call {
  sources: ToolSources;
  log: Logger;
  signal: AbortSignal;
}

/** The answer to one call. An error is an answer too, so that the model can correct itself. */
async function answerCall(tool: Tool, given: Record<string, unknown>, { sources, log, signal }: Call) {
  const begunMs = sources.clock.now();
  const about = () => ({ tool: tool.name, given, milliseconds: sources.clock.now() - begunMs });
  try {
    const answer = await tool.call(given, sources, signal);
    const text = JSON.stringify(answer);
    log.info({ ...about(), bytes: Buffer.byteLength(text) }, 'tool_called');
    return { content: [{ type: 'text' as const, text }] };
  } catch (error) {
    const known = knownError(error);
    log.warn({ ...about(), error: describeError(known) }, 'tool_failed');
    const remedy = known instanceof ReportsError ? ` ${known.remedy}` : '';
    return {
      content: [{ type: 'text' as const, text: redact(`${describeError(known)}${remedy}`) }],
      isError: true,
    };
  }
}
