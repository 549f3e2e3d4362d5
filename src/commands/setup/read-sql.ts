import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { text } from 'node:stream/consumers';
import { ReportsError } from '../../errors/reports-error.js';
import { unreadable } from '../../source/document/raw-store.js';
import type { Io } from './io.js';

/**
 * The statement of a query: as given, from standard input for `-`, or from a file. Errors: USAGE,
 * FILE_UNREADABLE.
 */
export async function readSql(
  given: string | undefined,
  file: string | undefined,
  { cwd, stdin }: Pick<Io, 'cwd' | 'stdin'>,
): Promise<string> {
  if ((given === undefined) === (file === undefined)) {
    const problem =
      'query what? Give one SQL statement, or a file with one by --file, or - for standard input.';
    throw new ReportsError('USAGE', { problem });
  }
  const sql = await (file === undefined ? fromInput() : fromFile(resolve(cwd, file)));
  // Editors on Windows begin a file with a byte order mark.
  return sql.replace(/^\uFEFF/, '');

  async function fromInput(): Promise<string> {
    if (given !== '-') return given ?? '';
    if (!stdin)
      throw new ReportsError('FILE_UNREADABLE', { path: 'standard input', found: 'there is no input' });
    return text(stdin());
  }
}

function fromFile(path: string): Promise<string> {
  return readFile(path, 'utf8').catch((error: unknown) => {
    throw unreadable(error, path);
  });
}
