/** What to do about a failed query, by DuckDB's message. */
export function queryHint(found: string): string {
  return hints.find(({ where }) => where.test(found))?.hint ?? 'read what DuckDB says about it.';
}

const hints: { where: RegExp; hint: string }[] = [
  { where: /no statement in it/, hint: 'write a statement, such as "SELECT * FROM _loads".' },
  { where: /has \d+ statements/, hint: 'give one statement at a time.' },
  {
    where: /not a statement that reads/,
    hint: 'only loads change the warehouse; for your own tables, copy the file and open the copy with DuckDB.',
  },
  {
    where:
      /disabled by configuration|file system operations are disabled|No files found|configuration has been locked/i,
    hint: 'files, network and settings are disabled here; copy the warehouse file and open the copy with DuckDB.',
  },
  {
    where: /is disabled in queries/,
    hint: 'queries call only functions that read the warehouse or compute; for others copy the warehouse file and open the copy with DuckDB.',
  },
  {
    where: /^Out of Memory Error|MB of memory$/,
    hint: 'select fewer rows, fewer columns or shorter lists, or raise `warehouse.memoryLimitMegabytes` in pipelines.yaml.',
  },
  {
    where: /more than \d+ MB$/,
    hint: 'select fewer columns, or parts of the long values, for example `left(x, 1000)`.',
  },
  {
    where: /^it ended the process/,
    hint: 'rewrite the query; nothing in the warehouse changed, and other queries run.',
  },
  {
    where: /^Catalog Error: Table /,
    hint: 'see `sp-reports tables` for the tables and `sp-reports tables --views` for views and what they wait for; _loads is the ledger, _rejects has the rejects.',
  },
  {
    where: /^Binder Error: (Referenced column|Table .* does not have a column|Values list)/,
    hint: '`sp-reports query "DESCRIBE <table>"` shows the columns of a table.',
  },
  {
    where: /^Parser Error/,
    hint: "fix the statement at the position marked; DuckDB's SQL is on duckdb.org/docs.",
  },
  {
    where: /^Conversion Error/,
    hint: '`try_cast(x AS type)` returns NULL if a value does not fit the type.',
  },
  {
    where: /^(Binder|Catalog) Error/,
    hint: "fix the expression at the position marked; DuckDB's functions are on duckdb.org/docs.",
  },
];
