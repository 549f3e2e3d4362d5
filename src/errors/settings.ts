import type { CatalogueEntry } from './entry.js';

/** Of the command line, the settings, the status page and alarms. */
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
      'Run in the folder that holds pipelines.yaml, or name the file with --config; to begin, `sp-reports init` writes one.',
  },
  CONFIG_INVALID: {
    kind: 'terminal',
    message: 'reading {path}: {count} found\n{problems}',
    remedy:
      'Mend each line, then run `sp-reports config check`. Every key is described in docs/pipelines.md.',
  },
  FILE_EXISTS: {
    kind: 'terminal',
    message: 'writing {path}: it is there already',
    remedy:
      'Nothing was changed. Edit it, and see `sp-reports config check`; or name another file with --config.',
  },
  STATUS_NOT_SERVED: {
    kind: 'terminal',
    message: 'serving the status page on {host}, port {port}: {found}',
    remedy:
      'Reports are loaded all the same. Give it another `status.port` in pipelines.yaml where another program has that one, or `status: false`.',
  },
  ALARM_NOT_SENT: {
    kind: 'retryable',
    message: 'sending alarms to the webhook: {found}',
    remedy:
      'Check the variable that `alarms.webhook` in pipelines.yaml names, and try it with `sp-reports alarms --test`. What was to be told is told the next time.',
  },
} as const satisfies Record<string, CatalogueEntry>;
