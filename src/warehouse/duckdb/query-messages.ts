import type { ErrorCode, ErrorDetails } from '../../errors/reports-error.js';
import type { AnswerLimits, QueryResult } from '../types.js';

/** What the process for queries is sent: JSON, one a line. */
export interface QueryRequest {
  path: string;
  sql: string;
  lockWaitMs: number;
  memoryLimitMegabytes?: number;
  /** It ends itself when it takes more. */
  residentMegabytes: number;
  most?: AnswerLimits;
  rowsRead?: number;
}

/** What it answers with: JSON, one a line. Columns, then rows, then the end; or an error in place of what is left. */
export type QueryMessage =
  | { columns: QueryResult['columns'] }
  /** `count` is of the rows that come without values too. */
  | { rows: unknown[][]; count: number }
  /** `isClosed`: whether the file is known to be closed. */
  | { isEnd: true; isClosed: boolean }
  | { code: ErrorCode; details: ErrorDetails; isClosed: boolean };

/** The exit status of a process that took too much memory. */
export const tooMuchMemoryStatus = 86;

/** The folder for what the memory of that process does not hold. */
export function temporaryFolderOf(path: string, pid: number | undefined): string {
  return `${path}.${pid}.tmp`;
}
