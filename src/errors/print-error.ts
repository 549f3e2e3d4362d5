import { describeError, knownError, ReportsError } from './reports-error.js';
import { redact } from './secrets.js';

/** Prints why the program ends and what to do next. Returns its exit code: 2 for wrong usage. */
export function printError(thrown: unknown, stderr: Pick<NodeJS.WritableStream, 'write'>): number {
  const error = knownError(thrown);
  if (!(error instanceof ReportsError)) {
    const trace = error instanceof Error && error.stack ? redact(error.stack) : describeError(error);
    stderr.write(`error: ${trace}\nThis is a bug. Please report it with the lines above.\n`);
    return 1;
  }
  stderr.write(`error ${error.code}: ${error.message}\n${error.remedy}\n`);
  return wrongUse.has(error.code) ? 2 : 1;
}

const wrongUse = new Set([
  'USAGE',
  'CONFIG_NOT_FOUND',
  'CONFIG_INVALID',
  'ENV_FILE_INVALID',
  'FILE_EXISTS',
  'SCHEMA_INVALID',
  'SCHEMA_UNKNOWN',
]);
