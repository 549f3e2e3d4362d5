import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { readSchemas } from '../../../src/schema/read.js';
import { startInProcess } from '../../ingest/world.js';
import { answers, command, inWorld, type Provocations, withServer } from '../provoke.js';

/** Errors of the command line, the settings, the status page, alarms and schemas. */
export const settingsProvocations: Provocations = {
  USAGE: { input: 'reload without a word of what', provoke: (folder) => command(folder, 'reload') },
  CONFIG_NOT_FOUND: {
    input: 'the name of a settings file that does not exist',
    provoke: (folder) => command(folder, '--config', 'absent.yaml', 'run'),
  },
  CONFIG_INVALID: {
    input: 'a settings file with an unknown key',
    provoke: (folder) => {
      writeFileSync(join(folder, 'pipelines.yaml'), 'warehose: { path: w.duckdb }\n');
      return command(folder, 'run');
    },
  },
  COSTS_INVALID: {
    input: 'a file of costs with a currency sign',
    provoke: (folder) => {
      writeFileSync(join(folder, 'pipelines.yaml'), 'costs: { file: costs.csv }\n');
      writeFileSync(join(folder, 'costs.csv'), 'sku,cost,currency\nlamp,€ 4.20,EUR\n');
      return command(folder, 'config', 'check');
    },
  },
  RATES_INVALID: {
    input: 'exchange rates without the reporting currency',
    provoke: (folder) => {
      writeFileSync(join(folder, 'pipelines.yaml'), 'rates: { file: rates.csv, currency: CHF }\n');
      writeFileSync(join(folder, 'rates.csv'), 'Date,USD\n2026-06-15,1.2\n');
      return command(folder, 'config', 'check');
    },
  },
  ENV_FILE_INVALID: {
    input: 'a .env with a line that sets nothing',
    provoke: (folder) => {
      writeFileSync(join(folder, 'pipelines.yaml'), 'lake: ${LAKE:-lake}\n');
      writeFileSync(join(folder, '.env'), 'LAKE lake\n');
      return command(folder, 'run');
    },
  },
  FILE_EXISTS: {
    input: 'init in a folder that has settings',
    provoke: async (folder) => {
      await command(folder, 'init');
      return command(folder, 'init');
    },
  },
  STATUS_NOT_SERVED: {
    input: 'a port for the status page that another program has',
    provoke: () =>
      withServer(answers(200, ''), (endpoint) => {
        const settings = { status: { port: Number(new URL(endpoint).port) } };
        return inWorld({ settings }, (world) => {
          const started = startInProcess(['start'], world, (text) => {
            if (text.includes('pipeline scheduled')) setImmediate(started.stop);
          });
          return started.running;
        });
      }),
  },
  ALARM_NOT_SENT: {
    input: 'a webhook that answers 404',
    provoke: () =>
      withServer(answers(404, ''), (endpoint) =>
        inWorld({ settings: { alarms: { webhook: '${WEBHOOK}' } } }, (world) => {
          world.env.WEBHOOK = `${endpoint}/hook`;
          return world.run('alarms', '--test');
        }),
      ),
  },
  SCHEMA_INVALID: {
    input: 'a report schema without a format',
    provoke: async (folder) => {
      mkdirSync(join(folder, 'schemas'));
      writeFileSync(join(folder, 'schemas', 'GET_THINGS.yaml'), 'reportType: GET_THINGS\n');
      readSchemas({ folders: [join(folder, 'schemas')] });
    },
  },
  SCHEMA_UNKNOWN: {
    input: 'a report type that no schema describes',
    provoke: (folder) => command(folder, 'schemas', 'show', 'GET_ABSENT'),
  },
};
