import { once } from 'node:events';
import type { Pipeline } from '../config/spec.js';
import type { PipelineContext, StopSignals } from '../ingest/context.js';
import type { RequestSummary } from '../requests/types.js';
import { executeRun, type Run, type RunWatch } from './run.js';
import { openRunLines } from './run-lines.js';
import { openTickLog } from './tick-log.js';
import { cronTicker, type OpenTicker, type RunTicks, type Ticker } from './ticker.js';

/**
 * How often the clock is compared with the runs: timers do not count the time that a machine
 * sleeps.
 */
const checkMs = 5000;

/**
 * Postponed requests are made when it is worth it, but no sooner than this after the last request
 * cycle, which reads the ledger.
 */
export const minRequestPauseMs = 60_000;

/** The parts that tests replace. */
interface ScheduleParts {
  openTicker?: OpenTicker;
  execute?(run: Run): Promise<{ requests?: Pick<RequestSummary, 'nextMs'> } | undefined>;
}

/** A pipeline, and when one kind of its runs is due. */
interface Schedule {
  pipeline: Pipeline;
  ticks: RunTicks;
}

/**
 * Runs each pipeline's drain, and its sweep and requests if it has them, by their cron expressions
 * until the stop signal. Then the work in progress is finished, or interrupted by the abort signal.
 * Ticks that came while the machine slept or the program was stopped are made up for by one run.
 * Each pipeline is drained at the start. With each drain go the pipeline's requests, so that those
 * that were postponed do not wait for their own tick; they do not wait for a drain either if
 * Amazon's quota allows them earlier.
 */
export async function runSchedule(
  context: PipelineContext,
  signals: StopSignals,
  watch: (run: Run) => RunWatch,
  {
    openTicker = cronTicker(context.log),
    execute = (run) => executeRun(run, context, signals, watch),
  }: ScheduleParts = {},
): Promise<void> {
  const { clock, log } = context;
  const tickLog = openTickLog(context);
  /** When postponed requests are made. */
  const postponed = new Map<Pipeline, number>();
  const lines = openRunLines(context, signals, {
    async execute(run) {
      const { requests } = (await execute(run)) ?? {};
      if (run.kind !== 'request') return;
      const atMs = Math.max(requests?.nextMs ?? Number.POSITIVE_INFINITY, clock.now() + minRequestPauseMs);
      if (Number.isFinite(atMs)) postponed.set(run.pipeline, atMs);
      else postponed.delete(run.pipeline);
    },
    // A start drains anyway.
    cutShort: async (run) => {
      if (run.kind !== 'drain') await tickLog.giveBack(run);
    },
  });
  const schedules = context.config.pipelines.flatMap(schedulesOf);
  for (const { name, schedule, sweep, timezone } of context.config.pipelines) {
    log.info({ pipeline: name, schedule, sweep, timezone }, 'pipeline scheduled');
  }
  const tickers = new Map<Schedule, Ticker>();
  for (const each of schedules) {
    await runIfDue(each, { isStart: true });
    tickers.set(
      each,
      openTicker(each.ticks, () => void runIfDue(each)),
    );
  }
  const stopChecks = clock.every(checkMs, () => void check());
  if (!signals.stop.aborted) await once(signals.stop, 'abort');
  log.info('stopping: finishing or releasing the work in progress');
  stopChecks();
  for (const ticker of tickers.values()) await ticker.stop();
  await lines.end();

  /** Runs what no ticker called back for, and postponed requests. */
  async function check(): Promise<void> {
    for (const [pipeline, atMs] of postponed) {
      if (atMs > clock.now() || signals.stop.aborted) continue;
      postponed.delete(pipeline);
      lines.add({ pipeline, kind: 'request' });
    }
    for (const [schedule, ticker] of tickers) {
      if (await runIfDue(schedule)) ticker.restart();
    }
  }

  /** Returns whether a tick has come that was not run. */
  async function runIfDue({ pipeline, ticks }: Schedule, { isStart = false } = {}): Promise<boolean> {
    if (signals.stop.aborted) return false;
    const dueAtMs = await tickLog.take(ticks);
    const { kind } = ticks;
    const isDue = dueAtMs !== undefined || (isStart && kind === 'drain');
    if (!isDue) return false;
    lines.add({ pipeline, kind, dueAtMs });
    if (kind === 'drain' && pipeline.request.length > 0) lines.add({ pipeline, kind: 'request', dueAtMs });
    return true;
  }
}

function schedulesOf(pipeline: Pipeline): Schedule[] {
  const { name, schedule, sweep, timezone } = pipeline;
  const expressions: Record<Run['kind'], string[]> = {
    drain: [schedule],
    sweep: sweep === undefined ? [] : [sweep],
    request: requestTimes(pipeline),
  };
  return (['drain', 'sweep', 'request'] as const)
    .filter((kind) => expressions[kind].length > 0)
    .map((kind) => ({ pipeline, ticks: { pipeline: name, kind, expressions: expressions[kind], timezone } }));
}

/** The cron expressions of requests; they also run with each drain. */
export function requestTimes({ request }: Pipeline): string[] {
  return [...new Set(request.flatMap(({ cron: expression }) => expression ?? []))];
}
