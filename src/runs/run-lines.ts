import { describeError } from '../errors/reports-error.js';
import type { PipelineContext, StopSignals } from '../ingest/context.js';
import type { Run } from './run.js';

/** Runs that wait or are in progress, each in the line of its kind and queue. */
export interface RunLines {
  /**
   * Adds a run. It begins at once, or after the runs of its kind on its queue. If one of its
   * pipeline waits already, or is in progress, this adds nothing, but a drain in progress receives
   * again, and a request cycle follows the one in progress.
   */
  add(run: Run): void;
  /** Resolves when no run is left. After a stop, those that wait do not begin. */
  end(): Promise<void>;
}

interface Waiting {
  run: Run;
  isRunning: boolean;
  /** The last tick that came while it was in progress. */
  nextMs?: number | undefined;
}

interface LineSteps {
  execute(run: Run): Promise<unknown>;
  /** Called with each run that a stop interrupted, or kept from beginning. */
  cutShort(run: Run): Promise<void>;
}

/**
 * Opens the lines. Runs of one kind on one queue follow one another, and none waits for runs of
 * another kind: a drain never waits for a sweep or a request cycle.
 */
export function openRunLines(
  { shared, log }: PipelineContext,
  { stop }: StopSignals,
  { execute, cutShort }: LineSteps,
): RunLines {
  const lines = new Map<string, Waiting[]>();
  const working = new Set<Promise<void>>();

  function add(run: Run): void {
    const { kind, pipeline, dueAtMs } = run;
    const key = `${kind} ${pipeline.queue}`;
    const line = lines.get(key) ?? [];
    const [current] = line;
    if (kind === 'drain' && current) shared.receiveAgain(pipeline.queue);
    const same = line.filter((each) => each.run.pipeline.name === pipeline.name);
    const isEnough = kind === 'request' ? same.some(({ isRunning }) => !isRunning) : same.length > 0;
    if (isEnough) {
      log.debug(`${kind} of ${pipeline.name}: the last one is not over`);
      for (const each of same) if (each.isRunning) each.nextMs = dueAtMs;
      return;
    }
    line.push({ run, isRunning: false });
    lines.set(key, line);
    if (line.length > 1) return;
    const work = workOff(key, line).finally(() => working.delete(work));
    working.add(work);
  }

  async function workOff(key: string, line: Waiting[]): Promise<void> {
    for (let [next] = line; next; [next] = line) {
      next.isRunning = true;
      // A run that fails must not block later ones.
      await executeOne(next).catch((error: unknown) => {
        log.error({ pipeline: next.run.pipeline.name }, `${next.run.kind}: ${describeError(error)}`);
      });
      line.shift();
    }
    lines.delete(key);
  }

  async function executeOne(waiting: Waiting): Promise<void> {
    const { kind, pipeline } = waiting.run;
    do {
      const run = { ...waiting.run, dueAtMs: waiting.nextMs ?? waiting.run.dueAtMs };
      waiting.nextMs = undefined;
      if (!stop.aborted) await execute(run);
      if (stop.aborted) await cutShort(run);
      // A tick that came when the drain no longer received needs a drain of its own.
    } while (
      kind === 'drain' &&
      waiting.nextMs !== undefined &&
      shared.takeTick(pipeline.queue) &&
      !stop.aborted
    );
  }

  return {
    add,
    async end() {
      while (working.size > 0) await Promise.all(working);
    },
  };
}
