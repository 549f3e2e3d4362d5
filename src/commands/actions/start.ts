import type { Command } from 'commander';
import type { Io } from '../setup/io.js';
import { openPage } from '../setup/open-page.js';
import { readFullConfig } from '../setup/open-context.js';
import { startSchedules } from '../setup/start-schedules.js';
import { untilStopped } from '../setup/stop-signals.js';

/** Runs `sp-reports start`. */
export async function startAction(
  { json = false, open = false }: { json?: boolean; open?: boolean },
  command: Command,
  io: Io,
): Promise<void> {
  const config = readFullConfig(command, io);
  const onServed = (url: string) => {
    if (io.stderr.isTTY) io.stderr.write(`Status page: ${url}\n`);
    if (open) openPage(url, io);
  };
  await untilStopped(io, (signals) => startSchedules(config, command, io, signals, { json, onServed }));
}
