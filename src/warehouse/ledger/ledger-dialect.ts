/** What differs between warehouses in the SQL that reads the ledger. */
export interface LedgerDialect {
  /** The full name of a table. */
  table(name: string): string;
  /** Quotes text. */
  literal(text: string): string;
  /** A time in ISO 8601 as a value that compares with the ledger's times. */
  time(iso: string): string;
  /**
   * A condition on few columns of the ledger that few rows fulfil, in the form that reads the other
   * columns only of those rows.
   */
  isOneOfFew(condition: string): string;
  /** The columns of the ledger: that of an earlier version has fewer. */
  columns(): Promise<ReadonlySet<string>>;
  /** The number of items of a list that is JSON. */
  jsonLength(column: string): string;
  /** A condition on ledger rows: their document filled a table of that name. */
  fillsTable(name: string): string;
  /** A column of `item`, one of the tables of a ledger row, as text. */
  itemValue(field: string): string;
  /** What follows `FROM _loads AS l` for a row with `item` per table of a ledger row. */
  eachItem: string;
  /** The names of the tables of a row of `_loads AS l`, as JSON text. */
  tableNames: string;
  /** An aggregate: the values of a column in the rows with the highest `by`, these first. */
  latest(column: string, by: string, count: number): string;
  /** A list of texts, or a column of JSON, as JSON text. */
  listText(column: string): string;
  /** A text in which every match of a regular expression is replaced by another text. */
  replaced(text: string, pattern: string, by: string): string;
  /** A time as microseconds since 1970. */
  micros(column: string): string;
  /**
   * Runs a query with few rows. Returns them by column name: times as ISO 8601 in UTC, lists as
   * arrays, JSON as text or parsed.
   */
  run(sql: string): Promise<Record<string, unknown>[]>;
}
