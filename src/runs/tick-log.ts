import { join } from 'node:path';
import { z } from 'zod';
import { lastTickMs } from '../config/cron-ticks.js';
import type { PipelineContext } from '../ingest/context.js';
import { describeError } from '../errors/reports-error.js';
import { type JsonKind, openSharedJson } from '../files/shared-json.js';
import type { Run } from './run.js';
import type { RunTicks } from './ticker.js';

/** ISO times, by pipeline and kind of run. */
const ticksShape = z.record(z.string(), z.record(z.string(), z.iso.datetime()));

type RunKind = Pick<RunTicks, 'pipeline' | 'kind'>;

type TickTimes = z.output<typeof ticksShape>;

/** `ticks.json`: the last tick of each pipeline and kind whose run began. */
export const ticksJson: JsonKind<TickTimes> = {
  parse: (content) => ticksShape.parse(content),
  missing: () => ({}),
  lost: () => ({}),
  consequence: 'runs that were due before are not made up for',
};

/** A tick that came this long ago was missed: then one of several replicas runs it. */
const maxOnTimeMs = 30_000;

/** Knows which ticks came and were not run, by the clock and `<state>/ticks.json`. */
export interface TickLog {
  /**
   * Takes the tick that is due, in epoch milliseconds; undefined if there is none. Of several that
   * were missed only the last is due. Each is returned once by this process, and to one of the
   * processes that share the state folder, except that drains are on time in all of them. Never
   * rejects: what cannot be stored is known to this process alone.
   */
  take(ticks: RunTicks): Promise<number | undefined>;
  /** The run of a tick did not take place or was cut short: the next start runs it. */
  giveBack(run: Run): Promise<void>;
}

/** Opens the log. Ticks before this are due as far as the file says that they were not run. */
export function openTickLog({ config, clock, log }: PipelineContext): TickLog {
  const state = openSharedJson(join(config.state, 'ticks.json'), ticksJson, { clock, log });
  const startedMs = clock.now();
  /** By pipeline and kind, the time until which this process has dealt with all ticks. */
  const dealtWith = new Map<string, number>();

  /** A file that cannot be read counts as empty: noting the next tick fails by it. */
  function storedMs(ticks: RunTicks): number | undefined {
    try {
      return timeOf(ticks, state.read());
    } catch {
      return undefined;
    }
  }

  /** Stores a time in place of the last one if `isWanted`. Returns whether it was. */
  async function store(
    { pipeline, kind }: RunKind,
    atMs: number,
    isWanted: (lastMs: number | undefined) => boolean,
  ): Promise<boolean> {
    let isStored = true;
    try {
      await state.change((times) => {
        isStored = isWanted(timeOf({ pipeline, kind }, times));
        const at = new Date(atMs).toISOString();
        return isStored ? { ...times, [pipeline]: { ...times[pipeline], [kind]: at } } : times;
      });
    } catch (error) {
      log.warn({ pipeline, kind }, `noting when a run was due: ${describeError(error)}`);
    }
    return isStored;
  }

  return {
    async take(ticks) {
      const nowMs = clock.now();
      const name = `${ticks.pipeline} ${ticks.kind}`;
      const isFirst = !dealtWith.has(name);
      const sinceMs = countFrom(ticks, dealtWith.get(name) ?? storedMs(ticks) ?? startedMs, nowMs);
      // Noted before anything is awaited, so that no second call takes the same tick.
      dealtWith.set(name, Math.max(sinceMs, nowMs));
      const tickMs = lastTick(ticks, nowMs, sinceMs);
      if (tickMs === undefined) {
        // What is missed from now on is known by the next start.
        if (isFirst) await store(ticks, nowMs, (lastMs) => lastMs === undefined);
        return undefined;
      }
      const isMine = await store(
        ticks,
        tickMs,
        (lastMs) => lastMs === undefined || lastMs < tickMs || wasSetBack(ticks, lastMs, nowMs),
      );
      const isForAll = ticks.kind === 'drain' && nowMs - tickMs <= maxOnTimeMs;
      return isMine || isForAll ? tickMs : undefined;
    },

    async giveBack({ pipeline, kind, dueAtMs }) {
      if (dueAtMs === undefined) return;
      await store({ pipeline: pipeline.name, kind }, dueAtMs - 1, (lastMs) => lastMs === dueAtMs);
    },
  };
}

function timeOf({ pipeline, kind }: RunKind, times: TickTimes): number | undefined {
  const at = times[pipeline]?.[kind];
  return at === undefined ? undefined : Date.parse(at);
}

/**
 * Until when all ticks were dealt with. In the future, that means that the clock was set back. A
 * tick that comes a second time is not run a second time, but if there are several of them, all
 * would be too long without a run.
 */
function countFrom(ticks: RunTicks, dealtWithMs: number, nowMs: number): number {
  return wasSetBack(ticks, dealtWithMs, nowMs) ? nowMs : dealtWithMs;
}

/** Whether the clock was set back by more than one tick. */
function wasSetBack(ticks: RunTicks, dealtWithMs: number, nowMs: number): boolean {
  const last = dealtWithMs > nowMs ? lastTick(ticks, dealtWithMs, nowMs) : undefined;
  return last !== undefined && lastTick(ticks, last - 1, nowMs) !== undefined;
}

/** The last tick of any of the expressions until `nowMs`, after `sinceMs`. */
function lastTick({ expressions, timezone }: RunTicks, nowMs: number, sinceMs: number): number | undefined {
  const times = expressions.flatMap((each) => lastTickMs(each, timezone, nowMs, sinceMs) ?? []);
  return times.length > 0 ? Math.max(...times) : undefined;
}
