import type { Command } from 'commander';
import { systemClock } from '../../runtime/clock.js';
import { alarmBody } from '../../status/alarms/alarm-message.js';
import { openRunLog } from '../../status/run-log.js';
import { sendAlarm } from '../../status/alarms/send-alarm.js';
import { unknownStaleTables } from '../output/config-notes.js';
import { type Io, resultWidth } from '../setup/io.js';
import { type AlarmedConfig, inAlarms, withAlarms } from '../setup/open-alarms.js';
import { readFullConfig } from '../setup/open-context.js';
import { untilStopped } from '../setup/stop-signals.js';
import { textTable } from '../output/text-table.js';

/** Runs `sp-reports alarms`. */
export async function alarmsAction(
  options: { test?: boolean; json?: boolean },
  command: Command,
  io: Io,
): Promise<void> {
  const config = withAlarms(readFullConfig(command, io));
  await untilStopped(io, async (signals) => {
    if (options.test) {
      await sendTest(config, signals.stop);
      io.stdout.write('The webhook accepted the test alarm.\n');
      return;
    }
    const [{ conditions, unread }, notes] = await inAlarms(
      config,
      command,
      io,
      { runLog: openRunLog(systemClock) },
      async (alarms, { schemas, warehouse }) => {
        const found = await alarms.look();
        // Only for a note: alarms are shown even if this fails.
        const tables = found.unread.length > 0 ? [] : await warehouse.tables().catch(() => []);
        const names = tables.map(({ name }) => name);
        return [found, unknownStaleTables(config, schemas, names)] as const;
      },
    );
    if (options.json) io.stdout.write(`${JSON.stringify(conditions, null, 2)}\n`);
    else if (conditions.length === 0 && unread.length === 0) io.stdout.write('All is well.\n');
    else if (conditions.length > 0)
      io.stdout.write(
        textTable(
          ['since', 'alarm', 'details'],
          conditions.map(({ since, title, text }) => [since, title, text]),
          { width: resultWidth(io), wrap: true },
        ),
      );
    for (const note of notes) io.stderr.write(`warning: ${note}\n`);
    for (const what of unread) io.stderr.write(`warning: not checked: ${what}\n`);
  });
}

async function sendTest({ alarms: { webhook, format } }: AlarmedConfig, signal: AbortSignal): Promise<void> {
  const at = new Date(systemClock.now()).toISOString();
  const test = {
    key: 'test',
    kind: 'test' as const,
    state: 'begun' as const,
    title: 'Test alarm of sp-reports',
    text: 'Alarms will arrive here. Nothing is wrong.',
    since: at,
  };
  await sendAlarm(webhook, alarmBody([test], format, at), { clock: systemClock, signal });
}
