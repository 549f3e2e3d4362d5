export interface QueryResult {
  columns: { name: string; type: string }[];
  /** Decimals and 64-bit integers as strings, times as ISO UTC, nested values as JSON values. */
  rows: Record<string, unknown>[];
}

/** An answer whose rows arrive while they are read. */
export interface StreamedAnswer {
  columns: QueryResult['columns'];
  /** May be read once. Errors: QUERY_FAILED if the query fails on a later row. */
  groups: AsyncIterable<ResultChunk>;
}

/** Some rows of an answer. Reading them takes time, counting them does not. */
export interface ResultChunk {
  count: number;
  /** The values in column order, as in QueryResult: of all rows, or from `from` to before `to`. */
  rows(from?: number, to?: number): unknown[][];
}

export interface QueryLimits {
  signal?: AbortSignal;
  limits?: AnswerLimits;
  /** How many rows are read; default: all. */
  rowsRead?: number;
}

/** How much of an answer to return. */
export interface AnswerLimits {
  rows: number;
  /**
   * The length of a cell of any type. A longer one is the beginning of its text, and ends in `…`.
   * With many columns the limit may be lower.
   */
  cellCharacters: number;
  /** The approximate length of one row. */
  bytes: number;
}
