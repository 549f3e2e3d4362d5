import { isUtf8 } from 'node:buffer';
import { readFileSync, type Stats, statSync } from 'node:fs';
import { join } from 'node:path';
import { parseEnv } from 'node:util';
import { describeError, ReportsError } from '../errors/reports-error.js';
import { pluralize } from '../text/pluralize.js';

/** The variables that pipelines.yaml may name. */
export interface Variables {
  /** Those of the environment, and those of the file that the environment lacks. */
  env: NodeJS.ProcessEnv;
  /** The names of those that come from the file. */
  fromFile: Set<string>;
  /** The file as a user would write it, for messages; undefined if there is none. */
  file?: string;
  /** Present if other users of the machine may read the file. */
  exposure?: FileExposure;
}

/** What was found, and what to do about it. */
export interface FileExposure {
  found: string;
  next: string;
}

/**
 * Reads `.env` in a folder. Variables of the environment win, except empty ones, which count as
 * unset. `shown` returns a path as a user would write it. Errors: ENV_FILE_INVALID with all
 * mistakes; FILE_UNREADABLE.
 */
export function readVariables(
  folder: string,
  env: NodeJS.ProcessEnv,
  shown: (path: string) => string,
): Variables {
  const path = join(folder, '.env');
  const file = shown(path);
  const none = { env, fromFile: new Set<string>() };
  const found = onFile(file, () => statSync(path, { throwIfNoEntry: false }));
  if (!found) return none;
  // Docker makes a folder for a file that is missing, and Python makes one for its packages.
  if (found.isDirectory()) return { ...none, file: `${file}, which is a folder` };
  const text = textOf(
    file,
    onFile(file, () => readFileSync(path)),
  );
  const { values, mistakes } = parseVariables(text);
  if (mistakes.length > 0) {
    const problems = mistakes.map(({ line, message }) => `${file}:${line} ${message}`).join('\n');
    throw new ReportsError('ENV_FILE_INVALID', {
      path: file,
      count: pluralize(mistakes.length, 'mistake'),
      problems,
    });
  }
  const added = Object.entries(values).filter(([name, value]) => value !== '' && !env[name]);
  return {
    env: { ...env, ...Object.fromEntries(added) },
    fromFile: new Set(added.map(([name]) => name)),
    file,
    exposure: exposureOf(file, found),
  };
}

/**
 * Adds the variables of AWS and Google that come from the file to the environment: their libraries
 * look for them there.
 */
export function shareWithLibraries({ env, fromFile }: Variables, target: NodeJS.ProcessEnv): void {
  for (const name of fromFile) if (/^(?:AWS|GOOGLE)_/.test(name)) target[name] = env[name];
}

/** A mistake in the file. `message` never quotes a value, which may be a secret. */
interface Mistake {
  line: number;
  message: string;
}

/**
 * Parses a text of variables: `NAME=value` lines, comments and blank lines. Node's parser reads
 * each value. It skips or misreads the lines that it does not understand, and takes a line break
 * within quotes from wherever the next quote is, so the lines are separated here.
 */
export function parseVariables(text: string): { values: Record<string, string>; mistakes: Mistake[] } {
  const lines = text
    .replace(/^\uFEFF/, '')
    .replace(/\r\n?/g, '\n')
    .split('\n');
  const values = new Map<string, string>();
  const mistakes: Mistake[] = [];
  for (let index = 0; index < lines.length; index += 1) {
    const line = lines[index] ?? '';
    const number = index + 1;
    if (/^\s*(?:#|$)/.test(line)) continue;
    const [, name, start] = /^\s*(?:export\s+)?([A-Za-z_]\w*)\s*=\s*(.*)$/.exec(line) ?? [];
    if (name === undefined || start === undefined) {
      mistakes.push({ line: number, message: 'expected NAME=value, a comment or a blank line' });
      continue;
    }
    const quote = /^["'`]/.exec(start)?.[0];
    let value = quote ? start : start.trimEnd();
    while (quote && value.indexOf(quote, 1) < 0 && index + 1 < lines.length) {
      index += 1;
      value += `\n${lines[index]}`;
    }
    const message = values.has(name) ? `${name} is set a second time` : mistakeIn(value, quote);
    if (message) {
      mistakes.push({ line: number, message });
      // An open quote would hide all further lines.
      if (quote && value.indexOf(quote, 1) < 0) index = number - 1;
    }
    values.set(name, parseEnv(`${name}=${value}`)[name] ?? '');
  }
  return { values: Object.fromEntries(values), mistakes };
}

function mistakeIn(value: string, quote: string | undefined): string | undefined {
  if (quote) {
    const end = value.indexOf(quote, 1);
    if (end < 0) return `the quote ${quote} is not closed`;
    if (!/^\s*(?:#|$)/.test(value.slice(end + 1))) return 'there is more behind the closing quote';
  } else if (/(?:^|\S)#/.test(value.replace(/\s#.*$/, ''))) {
    return 'the value would end at #; write it in quotes, or a blank before a comment';
  }
  if (quote !== "'" && /\$\{\w/.test(value))
    return 'variables are not filled in here; write the value itself';
  return undefined;
}

function exposureOf(file: string, { mode }: Stats): FileExposure | undefined {
  // Windows has no such permissions.
  if (process.platform === 'win32' || (mode & 0o077) === 0) return undefined;
  const octal = (mode & 0o777).toString(8).padStart(4, '0');
  const found = `${file} holds secrets, and other users may open it (mode ${octal})`;
  return { found, next: `Run \`chmod 600 ${file}\`.` };
}

function textOf(file: string, bytes: Buffer): string {
  if (isUtf8(bytes) && !bytes.includes(0)) return bytes.toString('utf8');
  throw new ReportsError('FILE_UNREADABLE', { path: file, found: 'not UTF-8 text' });
}

function onFile<T>(file: string, read: () => T): T {
  try {
    return read();
  } catch (error) {
    const found = (error as NodeJS.ErrnoException).code ?? describeError(error);
    throw new ReportsError('FILE_UNREADABLE', { path: file, found }, { cause: error });
  }
}
