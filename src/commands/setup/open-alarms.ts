import type { Command } from 'commander';
import type { Config } from '../../config/spec.js';
import { ReportsError } from '../../errors/reports-error.js';
import type { PipelineContext, StopSignals } from '../../ingest/context.js';
import type { Publisher } from '../../maintenance/publish.js';
import { type Alarms, openAlarms } from '../../status/alarms/alarms.js';
import type { RunLog } from '../../status/run-log.js';
import { openSnapshots } from '../../status/snapshot.js';
import type { Io } from './io.js';
import { withContext } from './open-context.js';
import { openWarehouse } from '../../warehouse/open-warehouse.js';

export type AlarmedConfig = Config & { alarms: NonNullable<Config['alarms']> };

/** Sends the alarms that are due at the end of a run. */
export async function checkAlarms(
  config: Config,
  command: Command,
  io: Io,
  { stop }: StopSignals,
  runLog: RunLog,
  publisher?: Publisher,
): Promise<void> {
  const sources = { runLog, publisher };
  await inAlarms(withAlarms(config), command, io, sources, (alarms) => alarms.check(stop));
}

/** Opens the alarms of the settings, runs the work with them, and closes everything afterwards. */
export function inAlarms<T>(
  config: AlarmedConfig,
  command: Command,
  io: Io,
  { runLog, publisher }: { runLog: RunLog; publisher?: Publisher },
  work: (alarms: Alarms, context: PipelineContext) => Promise<T>,
): Promise<T> {
  return withContext(config, command, io, 'alarms', (context: PipelineContext) => {
    const readWarehouse = openWarehouse(config, { isPreemptible: true });
    const readSnapshot = openSnapshots({ ...context, warehouse: readWarehouse }, runLog, {
      waitsForReading: true,
      publisher,
      // No alarm is about it.
      withoutCoverage: true,
    });
    return work(openAlarms(config.alarms, readSnapshot, context), { ...context, warehouse: readWarehouse });
  });
}

/** Returns the settings, which must have `alarms:`. Errors: USAGE. */
export function withAlarms(config: Config): AlarmedConfig {
  const { alarms } = config;
  if (alarms) return { ...config, alarms };
  const problem = `${config.file} has no \`alarms:\`; see docs/alarms.md`;
  throw new ReportsError('USAGE', { problem });
}
