import { ReportsError } from '../../errors/reports-error.js';
import { queryHint } from './query-hint.js';

/** QUERY_FAILED with the hint that fits. */
export function queryFailed(found: string, cause?: unknown): ReportsError {
  return new ReportsError('QUERY_FAILED', { found, hint: queryHint(found) }, { cause });
}
