import { ReportsError } from '../../errors/reports-error.js';

/** Why a query is not run; becomes QUERY_FAILED. */
export class QueryRefusal extends Error {}

/** QUERY_FAILED with the hint that fits. */
export function queryFailed(found: string, cause?: unknown): ReportsError {
  return new ReportsError('QUERY_FAILED', { found, hint: queryHint(found) }, { cause });
}

/** What to do about a failed query, by DuckDB's message. */
function queryHint(found: string): string {
  return hints.find(({ where }) => where.test(found))?.hint ?? "see DuckDB's message above.";
}

const hints: { where: RegExp; hint: string }[] = [
  { where: /no statement in it/, hint: 'write a statement, such as "SELECT * FROM _loads".' },
  { where: /has \d+ statements/, hint: 'run one statement at a time.' },
  {
    where: /not a statement that reads/,
    hint: 'only loads change the warehouse. To create tables of your own, copy the file and open the copy with DuckDB.',
  },
  {
    where:
      /disabled by configuration|file system operations are disabled|No files found|configuration has been locked/i,
    hint: 'files, network and settings are not available here. Copy the warehouse file and open the copy with DuckDB.',
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
    hint: 'write it in another way; nothing in the warehouse changed, and other queries run.',
  },
  {
    where: /^Catalog Error: Table /,
    hint: '`sp-reports tables` lists the tables, `sp-reports tables --views` the views and the tables they wait for. _loads is the ledger, _rejects has the rejects.',
  },
  {
    where: /^Binder Error: (Referenced column|Table .* does not have a column|Values list)/,
    hint: '`sp-reports query "DESCRIBE <table>"` lists the columns of a table.',
  },
  {
    where: /^Parser Error/,
    hint: "correct the statement at the marked position. duckdb.org/docs describes DuckDB's SQL.",
  },
  {
    where: /^Conversion Error/,
    hint: '`try_cast(x AS type)` returns NULL if a value does not fit the type.',
  },
  {
    where: /^(Binder|Catalog) Error/,
    hint: "correct the expression at the marked position. duckdb.org/docs describes DuckDB's functions.",
  },
];
