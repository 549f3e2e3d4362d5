import { createInterface } from 'node:readline/promises';
import { Readable, type Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';

/** Where a command meets the world; tests give their own. */
export interface Io {
  /** Results. */
  stdout: Writable & { columns?: number; isTTY?: boolean };
  /** Everything else. */
  stderr: Writable & { columns?: number; isTTY?: boolean };
  env: NodeJS.ProcessEnv;
  cwd: string;
  /** Asks the user, and gives the line that is answered; absent where there is no terminal to ask at. */
  prompt?(question: string): Promise<string>;
  /** Calls back on SIGINT and SIGTERM, until the function returned is called. */
  onStopSignal(callback: () => void): () => void;
}

/** The world of a real process. */
export function processIo(): Io {
  for (const stream of [process.stdout, process.stderr]) {
    stream.on('error', (error: NodeJS.ErrnoException) => {
      // A reader that has seen enough, `head` say, closes the pipe: no error, and no reason to break a load off.
      if (!isClosed(error)) throw error;
    });
  }
  return {
    stdout: process.stdout,
    stderr: process.stderr,
    env: process.env,
    cwd: process.cwd(),
    ...(process.stdin.isTTY && process.stderr.isTTY ? { prompt } : {}),
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

/** What a list says where there is nothing to list. */
export const nothingLoaded =
  'Nothing has been loaded yet: `sp-reports run`, or `sp-reports load FILE --type REPORT_TYPE`.\n';

/** Prints a result as fast as its reader takes it, and no further than the reader reads. */
export async function printAll(io: Pick<Io, 'stdout'>, texts: AsyncIterable<string>): Promise<void> {
  try {
    await pipeline(Readable.from(texts, { objectMode: true, highWaterMark: 1 }), io.stdout, { end: false });
  } catch (error) {
    if (!isClosed(error as NodeJS.ErrnoException)) throw error;
  }
}

/** Columns of the terminal that results go to; undefined where they go to a file or a program, which gets them whole. */
export function resultWidth({ stdout }: Pick<Io, 'stdout'>): number | undefined {
  const usual = 80;
  // A terminal that does not know its size says 0.
  return stdout.isTTY ? stdout.columns || usual : undefined;
}

async function prompt(question: string): Promise<string> {
  const terminal = createInterface({ input: process.stdin, output: process.stderr });
  const interrupted = new AbortController();
  // The terminal hands Ctrl-C to the question, not to the program.
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
