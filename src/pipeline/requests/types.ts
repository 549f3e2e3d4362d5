import type { CallOptions } from '../../source/types.js';
import type { PipelineContext } from '../../ingest/context.js';
import type { StopSignals } from '../../ingest/context.js';
import type { Failure, WorkSummary } from '../../ingest/work-summary.js';
import type { AskedReport } from './ask.js';
import type { GivenUp, RequestBook } from './book.js';
import type { ScheduleStep } from './schedules.js';

export interface RequestOptions {
  /** Ask for what has ended by now, whatever the cron expressions say. */
  now?: boolean;
  /** Wait for the quota in place of leaving the rest to a later turn. */
  patient?: boolean;
  /** Ask once more for what was given up. */
  again?: boolean;
  /** Ask for nothing, and write nothing down. */
  dryRun?: boolean;
}

/** What became of a pipeline's requests. */
export interface RequestSummary {
  asked: AskedReport[];
  /** Windows that are left to a later turn: the quota of Amazon, or of what is underway, is used up. */
  left: number;
  /** Reports that Amazon has not finished, or that were not loaded yet. */
  underway: number;
  /** Windows that failed and will be asked for again. */
  waiting: number;
  /** Windows that failed too often. */
  givenUp: (GivenUp & { sellerId: string; reportType: string })[];
  schedules: ScheduleStep[];
  failures: Failure[];
  /** What was loaded because its notification never came. */
  taken?: WorkSummary;
}

/** The work of a turn: what was loaded because its notification never came, and all that failed. */
export function workOf({ taken, failures }: Pick<RequestSummary, 'taken' | 'failures'>): WorkSummary {
  return {
    outcomes: taken?.outcomes ?? {},
    committed: taken?.committed ?? [],
    failures: [...(taken?.failures ?? []), ...failures],
  };
}

/** What one turn works with. */
export interface Turn {
  book: RequestBook;
  context: PipelineContext;
  signals: StopSignals;
  options: RequestOptions;
  summary: RequestSummary;
}

/** A call that can't be made at once is left to the next turn, so that no drain waits for it. */
const shortWaitMs = 15_000;

export function callOf({
  context,
  signals,
  options,
}: Pick<Turn, 'context' | 'signals' | 'options'>): CallOptions {
  return {
    signal: signals.stop,
    ...(options.patient ? {} : { deadlineMs: context.clock.now() + shortWaitMs }),
  };
}
