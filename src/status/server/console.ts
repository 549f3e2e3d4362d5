import { systemClock } from '../../runtime/clock.js';
import { ReportsError } from '../../errors/reports-error.js';
import type { QueryResult, Warehouse } from '../../warehouse/types.js';

/** The part of a result that the console shows. */
export interface ConsoleResult {
  columns: QueryResult['columns'];
  /** Values in the order of the columns, as `QueryResult` has them. */
  rows: unknown[][];
  /** Whether there is more than this. */
  isCut: boolean;
  milliseconds: number;
}

/** How much of an answer is returned, and how long a query may run. */
export interface RunLimits {
  rows: number;
  bytes: number;
  /** Of a cell; a longer one ends in `…`. */
  cellCharacters: number;
  seconds: number;
}

/** A page can't show more, and a query must not keep the file from commits for long. */
export const consoleLimits = {
  rows: 1000,
  bytes: 4_000_000,
  cellCharacters: 100_000,
  seconds: 30,
  bytesReadOnBigQuery: 10 * 1024 ** 3,
};

/**
 * Runs a read-only query and returns its first rows. Errors: QUERY_FAILED, also if it takes too
 * long; those of the warehouse; the reason of the signal.
 */
export async function runQuery(
  warehouse: Warehouse,
  sql: string,
  signal: AbortSignal,
  limits: RunLimits = consoleLimits,
): Promise<ConsoleResult> {
  const begunMs = systemClock.now();
  const timeout = AbortSignal.timeout(limits.seconds * 1000);
  try {
    return await warehouse.queryStream(
      sql,
      async ({ columns, groups }) => {
        const rows: unknown[][] = [];
        let bytes = 0;
        let isCut = false;
        reading: for await (const group of groups) {
          // Reads row by row, because a group may have far more rows than are shown.
          for (let index = 0; index < group.count; index += 1) {
            isCut = rows.length >= limits.rows || bytes > limits.bytes;
            if (isCut) break reading;
            const row = (group.rows(index, index + 1)[0] ?? []).map((value) => cutCell(value, limits));
            bytes += Buffer.byteLength(JSON.stringify(row));
            rows.push(row);
          }
        }
        return { columns, rows, isCut, milliseconds: systemClock.now() - begunMs };
      },
      {
        signal: AbortSignal.any([signal, timeout]),
        // One row more than is shown, to detect that there are more.
        limits: { ...limits, rows: limits.rows + 1 },
      },
    );
  } catch (error) {
    if (!timeout.aborted || signal.aborted) throw error;
    throw new ReportsError('QUERY_FAILED', {
      found: `it took longer than ${limits.seconds} s`,
      hint: 'select less data, or run it with `sp-reports query`, which has no such limit.',
    });
  }
}

/** Shortens a value that is too long; a list or an object becomes the beginning of its JSON. */
function cutCell(value: unknown, { cellCharacters }: RunLimits): unknown {
  if (typeof value !== 'string' && (typeof value !== 'object' || value === null)) return value;
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  return text.length > cellCharacters ? `${text.slice(0, cellCharacters)}…` : value;
}
