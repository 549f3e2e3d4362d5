import type { CatalogueEntry } from './entry.js';

/** Errors of the command line, the settings, the status page and alarms. */
export const settingsErrors = {
  USAGE: {
    kind: 'terminal',
    message: '{problem}',
    remedy: 'See `sp-reports --help` or `sp-reports <command> --help`.',
  },
  CONFIG_NOT_FOUND: {
    kind: 'terminal',
    message: 'reading the settings: no file {path}',
    remedy:
      'Run the command in the folder that contains pipelines.yaml, or name the file with --config. If you have none yet, `sp-reports init` writes one.',
  },
  CONFIG_INVALID: {
    kind: 'terminal',
    message: 'reading {path}: {count} found\n{problems}',
    remedy:
      'Fix each problem above, then run `sp-reports config check`. docs/pipelines.md describes every key.',
  },
  COSTS_INVALID: {
    kind: 'terminal',
    message: 'reading the costs in {path}: {count} found\n{problems}',
    remedy:
      'Fix each problem above, then run `sp-reports config check`. Until then, the costs that were loaded before hold. docs/guides/profit.md describes the columns.',
  },
  RATES_INVALID: {
    kind: 'terminal',
    message: 'reading the exchange rates in {path}: {count} found\n{problems}',
    remedy:
      'Download the file again, or fix each problem above, then run `sp-reports config check`. Until then, the rates that were loaded before hold. docs/guides/profit.md describes the file.',
  },
  ENV_FILE_INVALID: {
    kind: 'terminal',
    message: 'reading {path}: {count} found\n{problems}',
    remedy:
      'Write one NAME=value on each line, and values with blanks, quotes or # in single quotes; docs/pipelines.md has an example. Then run `sp-reports config check`.',
  },
  FILE_EXISTS: {
    kind: 'terminal',
    message: 'writing {path}: the file already exists',
    remedy:
      'Nothing was changed. Edit the file and check it with `sp-reports config check`, or name another file with --config.',
  },
  STATUS_NOT_SERVED: {
    kind: 'terminal',
    message: 'serving the status page on {host}, port {port}: {found}',
    remedy:
      'Loading continues. If another program uses the port, set a different `status.port` in pipelines.yaml, or `status: false`.',
  },
  ALARM_NOT_SENT: {
    kind: 'retryable',
    message: 'sending alarms to the webhook: {found}',
    remedy:
      'Check the variable that `alarms.webhook` in pipelines.yaml names, and test it with `sp-reports alarms --test`. Pending alarms are sent on the next check.',
  },
} as const satisfies Record<string, CatalogueEntry>;
