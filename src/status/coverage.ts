import type { PipelineContext } from '../ingest/context.js';
import { isGap } from '../requests/coverage.js';
import { type Coverage, coverageOfAll } from '../requests/read-coverage.js';
import type { RequestStore } from '../requests/request-store.js';
import { ReportsError } from '../errors/reports-error.js';
import { openPolled, type PollOptions } from './polled.js';

/** How far back periods are sent: the page shows fewer days. */
const sentDays = 90;

/** The periods change once a day or so. A read of BigQuery costs money. */
const minSeconds = { duckdb: 60, postgres: 60, bigquery: 3600 };

/**
 * Returns a function that reads the states of the periods of the last 90 days. The ledger is read
 * at most once a minute, or once an hour if it is in BigQuery; the state of requests each time.
 * Empty while the ledger or that state cannot be read, which the snapshot reports elsewhere.
 */
export function openCoveragePoll(
  context: PipelineContext,
  store: Pick<RequestStore, 'progress'>,
  options: Pick<PollOptions, 'waitsForReading'>,
): () => Promise<Coverage[]> {
  const { warehouse, clock, config } = context;
  const minMs = minSeconds[config.warehouse.type] * 1000;
  const readPeriods = openPolled(() => warehouse.periods(), {
    ...options,
    clock,
    isDue: (sinceMs) => sinceMs >= minMs,
  });
  return async () => {
    const { value: periods = [] } = await readPeriods();
    try {
      const since = new Date(clock.now() - sentDays * 86_400_000).toISOString();
      const all = coverageOfAll(periods, context, store).map((each) => ({
        ...each,
        periods: each.periods.filter(({ to }) => to > since),
      }));
      return all
        .filter((each) => each.periods.length > 0)
        .sort((a, b) => Number(hasGap(b)) - Number(hasGap(a)));
    } catch (error) {
      if (error instanceof ReportsError && error.code === 'REQUEST_STATE_INVALID') return [];
      throw error;
    }
  };
}

function hasGap({ periods }: Coverage): boolean {
  return periods.some(isGap);
}
