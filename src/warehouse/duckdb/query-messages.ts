import type { ErrorDetails } from '../../errors/fill.js';
import type { ErrorCode } from '../../errors/reports-error.js';
import type { AnswerLimits, QueryResult } from '../types.js';

/** The requests to the query process: one JSON text per line. */
export interface QueryRequest {
  path: string;
  sql: string;
  lockWaitMs: number;
  memoryLimitMegabytes?: number;
  /** The process ends itself when it takes more. */
  residentMegabytes: number;
  limits?: AnswerLimits;
  rowsRead?: number;
}

/**
 * Its answers: one JSON text per line. Columns, then rows, then the end; an error may replace what
 * is left.
 */
export type QueryMessage =
  | { columns: QueryResult['columns'] }
  /** `count` includes the rows that come without values. */
  | { rows: unknown[][]; count: number }
  /** `isClosed`: whether the file is known to be closed. */
  | { isEnd: true; isClosed: boolean }
  | { code: ErrorCode; details: ErrorDetails; isClosed: boolean };

/** The exit status of a process that took too much memory. */
export const tooMuchMemoryStatus = 86;
