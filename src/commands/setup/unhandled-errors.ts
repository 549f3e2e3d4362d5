import { describeError, errorCode } from '../../errors/reports-error.js';
import { redact } from '../../errors/secrets.js';
import { cleanUpBeforeExit } from '../../runtime/before-exit.js';
import { systemClock } from '../../runtime/clock.js';
import type { Io } from './io.js';

/** SQS answers in far less; what is not released becomes visible by itself. */
const cleanUpMs = 5000;

/**
 * Ends this process with exit code 1 on an exception or a rejection that nothing handles: after
 * that, nobody knows what the program's state is. Logs it with its code and stack, and releases the
 * messages in flight.
 */
export function exitOnUnhandledErrors(io: Pick<Io, 'stderr'>): void {
  let isEnding = false;
  process.on('uncaughtException', (error: unknown, origin) => {
    const logged = logError(error, origin, io);
    if (isEnding) return;
    isEnding = true;
    const cleanedUp = Promise.all([logged, cleanUpBeforeExit()]);
    void Promise.race([cleanedUp, systemClock.sleep(cleanUpMs)]).finally(() => process.exit(1));
  });
}

async function logError(error: unknown, origin: string, { stderr }: Pick<Io, 'stderr'>): Promise<void> {
  const code = errorCode(error);
  const message = `exiting on an error that nothing handles: ${describeError(error)}`;
  const stack = error instanceof Error ? error.stack : undefined;
  if (stderr.isTTY) {
    stderr.write(redact(`error ${code}: ${message}\n${stack ?? ''}\n`));
    return;
  }
  // Imported here so that no command waits for a logger that it may not need.
  const { openLog } = await import('./progress.js');
  openLog(stderr, 'fatal').fatal({ code, origin, stack }, message);
}
