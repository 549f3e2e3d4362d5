import { type Logger, pino } from 'pino';
import type { Config } from '../config/spec.js';
import { ReportsError } from '../errors/reports-error.js';
import { redact } from '../errors/secrets.js';
import type { PipelineEvent } from '../ingest/context.js';
import type { WorkSummary } from '../ingest/work-summary.js';
import { executeRun } from '../runs/run.js';
import { listNames } from '../text/list-names.js';
import { withPipelineContext } from './with-context.js';

export interface DrainOptions {
  /**
   * Ends the drain after the documents in progress. Their messages are deleted, all others stay.
   */
  signal?: AbortSignal;
  /** By default, warnings are logged as JSON on standard error. */
  log?: Logger;
  onEvent?(event: PipelineEvent): void;
}

/**
 * Drains the queue of a pipeline once, as `sp-reports run` does: loads what was notified, and
 * deletes each message after its load was committed. Returns what was loaded and what failed.
 * Errors: USAGE for an unknown pipeline, and whatever ends a drain, such as QUEUE_NOT_FOUND.
 */
export async function drain(
  config: Config,
  pipelineName: string,
  { signal = new AbortController().signal, log = warningLog(), onEvent = () => {} }: DrainOptions = {},
): Promise<WorkSummary> {
  const pipeline = config.pipelines.find(({ name }) => name === pipelineName);
  if (!pipeline) {
    const names = config.pipelines.map(({ name }) => name);
    const problem = `no pipeline ${pipelineName} in ${config.file}; it has ${listNames(names, names.length)}.`;
    throw new ReportsError('USAGE', { problem });
  }
  const signals = { stop: signal, abort: new AbortController().signal };
  return withPipelineContext({ config, log, onEvent }, async (context) => {
    const watch = () => ({ finished() {}, failed() {} });
    const { work, error } = await executeRun({ pipeline, kind: 'drain' }, context, signals, watch);
    if (!work) throw error;
    return work;
  });
}

function warningLog(): Logger {
  const hooks = { streamWrite: redact };
  return pino({ level: 'warn', base: null, timestamp: pino.stdTimeFunctions.isoTime, hooks }, process.stderr);
}
