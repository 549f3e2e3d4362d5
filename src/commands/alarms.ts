import { Command } from 'commander';
import { systemClock } from '../runtime/clock.js';
import { alarmBody } from '../status/alarms/alarm-message.js';
import { openRunLog } from '../status/run-log.js';
import { sendAlarm } from '../status/alarms/send-alarm.js';
import { unknownStaleTables } from './output/config-notes.js';
import type { Io } from './setup/io.js';
import { type AlarmedConfig, inAlarms, withAlarms } from './setup/open-alarms.js';
import { readFullConfig } from './setup/open-context.js';
import { untilStopped } from './setup/stop-signals.js';
import { textTable } from './output/text-table.js';

/** `sp-reports alarms`: what is not well, and whether the webhook takes it. */
export function alarmsCommand(io: Io): Command {
  return new Command('alarms')
    .description(
      'Shows what alarms tell of now: stale tables, quarantined documents, long queues, requests that were given up. Logins are met by `start` and `run` alone.',
    )
    .option('--test', 'send a test to the webhook instead')
    .option('--json', 'print a JSON array')
    .action(async (options: { test?: boolean; json?: boolean }, command: Command) => {
      const config = withAlarms(readFullConfig(command, io));
      await untilStopped(io, async (signals) => {
        if (options.test) {
          await sendTest(config, signals.stop);
          io.stdout.write('The webhook took the test.\n');
          return;
        }
        const [{ conditions, unread }, notes] = await inAlarms(
          config,
          command,
          io,
          openRunLog(systemClock),
          async (alarms, { schemas, warehouse }) => {
            const found = await alarms.look();
            // Only for a note: what was found is told whatever becomes of it.
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
              ['since', 'what', 'more'],
              conditions.map(({ since, title, text }) => [since, title, text]),
            ),
          );
        for (const note of notes) io.stderr.write(`warning: ${note}\n`);
        for (const what of unread) io.stderr.write(`warning: not looked at: ${what}\n`);
      });
    });
}

async function sendTest({ alarms: { webhook, format } }: AlarmedConfig, signal: AbortSignal): Promise<void> {
  const at = new Date(systemClock.now()).toISOString();
  const test = {
    key: 'test',
    kind: 'test' as const,
    state: 'begun' as const,
    title: 'A test of sp-reports',
    text: 'Alarms come here. Nothing is wrong.',
    since: at,
  };
  await sendAlarm(webhook, alarmBody([test], format, at), { clock: systemClock, signal });
}
