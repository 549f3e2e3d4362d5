import type { Writable } from 'node:stream';

/** Where a command meets the world; tests give their own. */
export interface Io {
  /** Results. */
  stdout: Writable & { columns?: number };
  /** Everything else. */
  stderr: Writable & { isTTY?: boolean };
  env: NodeJS.ProcessEnv;
  cwd: string;
  /** Calls back on SIGINT and SIGTERM, until the function returned is called. */
  onStopSignal(callback: () => void): () => void;
}

/** The world of a real process. */
export function processIo(): Io {
  // A reader that has seen enough, `head` say, closes the pipe: that is no error.
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE') process.exit(0);
    throw error;
  });
  return {
    stdout: process.stdout,
    stderr: process.stderr,
    env: process.env,
    cwd: process.cwd(),
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
