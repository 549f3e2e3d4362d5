import { createInterface } from 'node:readline/promises';
import { Readable, type Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';

/** The environment of a command; tests provide their own. */
export interface Io {
  /** Results. */
  stdout: Writable & { columns?: number; isTTY?: boolean };
  /** Everything else. */
  stderr: Writable & { columns?: number; isTTY?: boolean };
  /** Standard input; absent if there is none. */
  stdin?(): Readable;
  env: NodeJS.ProcessEnv;
  cwd: string;
  /** Prompts the user and returns the line they type; absent if there is no terminal. */
  prompt?(question: string): Promise<string>;
  /** Calls back on SIGINT and SIGTERM, until the returned function is called. */
  onStopSignal(callback: () => void): () => void;
}

/** Returns the environment of the real process. */
export function processIo(): Io {
  for (const stream of [process.stdout, process.stderr]) {
    stream.on('error', (error: NodeJS.ErrnoException) => {
      // A reader such as `head` closes the pipe when it has enough. That is no error, and no reason
      // to abort a load.
      if (!isClosed(error)) throw error;
    });
  }
  return {
    stdout: process.stdout,
    stderr: process.stderr,
    stdin: () => process.stdin,
    env: process.env,
    cwd: process.cwd(),
    prompt: process.stdin.isTTY && process.stderr.isTTY ? prompt : undefined,
    onStopSignal(callback) {
      process.on('SIGINT', callback);
      process.on('SIGTERM', callback);
      return () => {
        process.off('SIGINT', callback);
        process.off('SIGTERM', callback);
      };
    },
  };
}

/** The message of a list command before the first load. */
export const nothingLoaded =
  'Nothing has been loaded yet. Run `sp-reports run`, or `sp-reports load FILE --type REPORT_TYPE`.\n';

/** Prints a result as fast as its reader accepts it, and stops when the reader does. */
export async function printAll(io: Pick<Io, 'stdout'>, texts: AsyncIterable<string | Buffer>): Promise<void> {
  try {
    await pipeline(Readable.from(texts, { objectMode: true, highWaterMark: 1 }), io.stdout, { end: false });
  } catch (error) {
    if (!isClosed(error as NodeJS.ErrnoException)) throw error;
  }
}

/**
 * Returns the width of the terminal that results go to; undefined for a file or a program, which
 * get them uncut.
 */
export function resultWidth({ stdout }: Pick<Io, 'stdout'>): number | undefined {
  const defaultWidth = 80;
  // A terminal that does not know its size reports 0.
  return stdout.isTTY ? stdout.columns || defaultWidth : undefined;
}

async function prompt(question: string): Promise<string> {
  const terminal = createInterface({ input: process.stdin, output: process.stderr });
  const interrupted = new AbortController();
  // During the prompt, the terminal sends Ctrl-C to it and not to the program.
  terminal.on('SIGINT', () => interrupted.abort());
  try {
    return await terminal.question(question, { signal: interrupted.signal }).catch(() => '');
  } finally {
    terminal.close();
  }
}

function isClosed({ code }: NodeJS.ErrnoException): boolean {
  return code === 'EPIPE' || code === 'ERR_STREAM_DESTROYED' || code === 'ERR_STREAM_PREMATURE_CLOSE';
}
