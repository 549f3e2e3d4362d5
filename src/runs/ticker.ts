import cron from 'node-cron';
import type { Logger } from 'pino';
import { describeError } from '../errors/reports-error.js';
import type { Run } from './run.js';

/** When runs of one kind are due for a pipeline: at each time of any of the cron expressions. */
export interface RunTicks {
  pipeline: string;
  kind: Run['kind'];
  expressions: string[];
  timezone: string;
}

/** Calls back at the ticks of cron expressions; some calls may be missing, late or too many. */
export interface Ticker {
  /** Computes the next tick again, because the clock was set or the machine slept. */
  restart(): void;
  stop(): Promise<void>;
}

export type OpenTicker = (ticks: RunTicks, onTick: () => void) => Ticker;

/** A ticker of node-cron. */
export function cronTicker(log: Logger): OpenTicker {
  return ({ pipeline, kind, expressions, timezone }, onTick) => {
    const name = `${pipeline} ${kind}`;
    const tasks = expressions.map((expression) => {
      const task = cron.schedule(expression, onTick, {
        name,
        timezone,
        logger: {
          info: (message) => log.debug(`${name}: ${message}`),
          warn: (message) => log.info(`${name}: ${message}`),
          error: (message) => log.error(`${name}: ${describeError(message)}`),
          debug: () => {},
        },
      });
      // More than a second late, because the process was busy or slept.
      task.on('execution:missed', onTick);
      return task;
    });
    return {
      restart() {
        for (const task of tasks) {
          void task.stop();
          void task.start();
        }
      },
      async stop() {
        for (const task of tasks) await task.destroy();
      },
    };
  };
}
