import type { Command } from 'commander';
import { type ReadConfigOptions, readConfig } from '../../config/read.js';
import type { Config } from '../../config/spec.js';
import type { PipelineContext } from '../../ingest/context.js';
import { withPipelineContext } from '../../library/with-context.js';
import { packagedSchemasFolder, readSchemas } from '../../schema/read.js';
import type { ReportSchemas } from '../../schema/types.js';
import type { Io } from './io.js';
import { openProgress } from './progress.js';

/** The options of every command. */
export interface GlobalOptions {
  config?: string;
  logLevel?: string;
}

/** Returns where to find pipelines.yaml and the variables it names. */
export function configOptions(command: Command, io: Io): ReadConfigOptions {
  const { config } = command.optsWithGlobals<GlobalOptions>();
  return { path: config, cwd: io.cwd, env: io.env };
}

/** Reads pipelines.yaml for a command that needs all settings. */
export function readFullConfig(command: Command, io: Io): Config {
  return readConfig(configOptions(command, io));
}

/**
 * Reads pipelines.yaml for a command that only uses the warehouse. The file may be missing, and
 * sellers may lack credentials.
 */
export function readWarehouseConfig(command: Command, io: Io): Config {
  return readConfig({ ...configOptions(command, io), missing: 'defaults', tolerateUnset: true });
}

/** Returns the folders of report schemas: the packaged one, then the user's. */
export function schemaFolders(command: Command, io: Io): string[] {
  return [packagedSchemasFolder(), readWarehouseConfig(command, io).schemas];
}

/** Reads all report schemas, by report type. Errors: SCHEMA_INVALID. */
export function readAllSchemas(command: Command, io: Io): ReportSchemas {
  return readSchemas({ folders: schemaFolders(command, io) });
}

/** Opens everything that a command needs, runs its work, and closes everything afterwards. */
export async function withContext<T>(
  config: Config,
  command: Command,
  io: Io,
  title: string,
  work: (context: PipelineContext) => Promise<T>,
  defaultLogLevel?: string,
): Promise<T> {
  const { logLevel = defaultLogLevel } = command.optsWithGlobals<GlobalOptions>();
  const progress = openProgress(io, { title, logLevel });
  try {
    return await withPipelineContext({ config, log: progress.log, onEvent: progress.onEvent }, work);
  } finally {
    progress.close();
  }
}
