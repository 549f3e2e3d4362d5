import { serveStdio, StdioServerTransport } from '@modelcontextprotocol/server/stdio';
import type { Command } from 'commander';
import { describeError } from '../../errors/reports-error.js';
import { makeMcpServer } from '../../mcp/server.js';
import { WarehouseReader } from '../../mcp/warehouse-reader.js';
import { openOwnViews } from '../../runs/refresh-own-views.js';
import { readCoverage } from '../../requests/read-coverage.js';
import { openRequestStore } from '../../requests/request-store.js';
import { systemClock } from '../../runtime/clock.js';
import { readViews } from '../../schema/views.js';
import { openWarehouse } from '../../warehouse/open-warehouse.js';
import type { Io } from '../setup/io.js';
import { readAllSchemas, readWarehouseConfig, schemaFolders } from '../setup/open-context.js';
import { openLog } from '../setup/progress.js';

/** Runs `sp-reports mcp` until the client closes standard input. */
export async function mcpAction(command: Command, io: Io): Promise<void> {
  const config = readWarehouseConfig(command, io);
  const schemas = readAllSchemas(command, io);
  const views = readViews({ folders: schemaFolders(command, io) }, schemas);
  const { logLevel = 'info' } = command.optsWithGlobals<{ logLevel?: string }>();
  const log = openLog(io.stderr, logLevel);
  const clock = systemClock;
  const warehouse = openWarehouse(config, { isPreemptible: true, log });
  const store = openRequestStore(config.state, { clock, log });
  const showsPersonalData = config.mcp.showPersonalData;
  const ownViews = openOwnViews({ config, schemas, views, warehouse, log });
  const reader = new WarehouseReader({
    ...{ config, warehouse, schemas, clock, showsPersonalData },
    readViews: ownViews,
  });
  const coverage = () => readCoverage({ config, schemas, warehouse, clock }, store);
  const sources = { reader, warehouse, schemas, clock, showsPersonalData, coverage };
  const stdin = io.stdin?.() ?? process.stdin;
  const closed = new Promise<void>((resolve) => {
    stdin.once('end', resolve).once('close', resolve);
    io.onStopSignal(resolve);
  });
  const served = serveStdio(() => makeMcpServer(sources, log), {
    transport: new StdioServerTransport(stdin, io.stdout),
    onerror: (error) => log.warn({ error: describeError(error) }, 'message_refused'),
  });
  await closed;
  await served.close();
}
