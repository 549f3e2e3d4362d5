import { type Stats, statSync } from 'node:fs';
import type { Logger } from 'pino';
import { publishConfig } from '../config/warehouse-spec.js';
import type { Config } from '../config/spec.js';
import { describeError, errorCode, ReportsError } from '../errors/reports-error.js';
import type { Clock } from '../runtime/clock.js';
import { isPublished } from '../warehouse/duckdb/publish.js';
import type { WarehouseFile } from '../warehouse/types.js';
import { spanMs } from '../yaml/span.js';

/** The copy of the warehouse file for other tools. Times are ISO 8601 in UTC. */
export interface PublishedCopy {
  path: string;
  /** When it was made; absent if there is none. */
  at?: string;
  /** Why the last attempt of this process failed; `since` is the first such attempt. */
  problem?: { code: string; message: string; since: string };
}

/** Keeps the copy of the settings up to date. */
export interface Publisher {
  /**
   * Makes a new copy if something was committed since the last, and that is long enough ago. Never
   * rejects: a copy that fails stops nothing.
   */
  check(): Promise<void>;
  read(): PublishedCopy;
}

interface PublisherContext {
  config: Pick<Config, 'warehouse'>;
  warehouseFile?: Pick<WarehouseFile, 'path' | 'publish'>;
  clock: Clock;
  log: Logger;
}

/** How often `start` checks whether a copy is due: it only reads the times of two files. */
const checkMs = 60_000;
/** A failed attempt may have copied much: the next one is no sooner than this, or than `every`. */
const maxPauseMs = 15 * 60_000;

/** Opens the publisher of the settings; undefined if they publish nothing. */
export function openPublisher({
  config,
  warehouseFile: file,
  clock,
  log,
}: PublisherContext): Publisher | undefined {
  const settings = publishConfig(config.warehouse);
  if (!settings || !file) return undefined;
  const { path, every } = settings;
  const everyMs = spanMs(every);
  let problem: PublishedCopy['problem'];
  let failedMs: number | undefined;
  return {
    async check() {
      const isPaused = failedMs !== undefined && clock.now() - failedMs < Math.min(everyMs, maxPauseMs);
      if (isPaused) return;
      const beganMs = clock.now();
      try {
        if (!isDue(file.path, path, everyMs, beganMs)) return;
        await file.publish(file.path, path);
        failedMs = undefined;
        problem = undefined;
        log.info({ path, durationMs: clock.now() - beganMs }, 'warehouse published');
      } catch (error) {
        const code = errorCode(error);
        // Commits meet what is wrong with the warehouse itself, and drains report it.
        if (code !== 'PUBLISH_FAILED') {
          log.info({ code }, `not published now: ${describeError(error)}`);
          return;
        }
        failedMs = clock.now();
        const message = describeError(error);
        problem = { code, message, since: problem?.since ?? new Date(failedMs).toISOString() };
        log.warn({ code }, `${message}. ${error instanceof ReportsError ? error.remedy : ''}`);
      }
    },
    read: () => ({ path, at: madeAt(path), problem }),
  };
}

/** Checks regularly until the signal. */
export async function watchPublisher(
  publisher: Publisher,
  { clock }: Pick<PublisherContext, 'clock'>,
  signal: AbortSignal,
): Promise<void> {
  while (!signal.aborted) {
    await publisher.check();
    await clock.sleep(checkMs, signal).catch(() => {});
  }
}

/** Whether a new copy is to be made. One of the future means that the clock was set back. */
function isDue(path: string, copy: string, everyMs: number, nowMs: number): boolean {
  if (!statOf(path)) return false;
  const last = statOf(copy);
  const ageMs = last ? nowMs - last.ctimeMs : Number.POSITIVE_INFINITY;
  return (ageMs >= everyMs || ageMs < 0) && !(last && isPublished(path, copy));
}

/** When it was renamed: its time of change is that of the warehouse file. */
function madeAt(copy: string): string | undefined {
  const last = statOf(copy);
  return last && new Date(last.ctimeMs).toISOString();
}

/** A file that can't be seen counts as missing: the attempt to replace it shows the reason. */
function statOf(path: string): Stats | undefined {
  try {
    return statSync(path);
  } catch {
    return undefined;
  }
}
