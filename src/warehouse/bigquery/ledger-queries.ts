import { LedgerQueries } from '../ledger/ledger-queries.js';
import type { BigQueryClient } from './client.js';
import { readRows } from './read-rows.js';
import { literal } from './sql.js';
import { readLedgerColumns } from './state.js';

/** Opens the ledger of a BigQuery dataset for reading. */
export function bigQueryLedger(client: BigQueryClient): LedgerQueries {
  return new LedgerQueries({
    table: (name) => client.table(name),
    literal,
    time: (iso) => `TIMESTAMP ${literal(iso)}`,
    isOneOfFew: (condition) => `(${condition})`,
    columns: () => readLedgerColumns(client),
    jsonLength: (column) => `ARRAY_LENGTH(JSON_QUERY_ARRAY(${column}))`,
    fillsTable,
    itemValue: (field) => `JSON_VALUE(item, '$.${field}')`,
    latest: (column, by, count) => `ARRAY_AGG(${column} ORDER BY ${by} DESC LIMIT ${count})`,
    eachItem: 'CROSS JOIN UNNEST(JSON_QUERY_ARRAY(l.tables)) AS item',
    tableNames:
      "TO_JSON_STRING(ARRAY(SELECT JSON_VALUE(item, '$.name') FROM UNNEST(JSON_QUERY_ARRAY(l.tables)) AS item))",
    listText: (column) => `TO_JSON_STRING(${column})`,
    replaced: (text, pattern, by) => `REGEXP_REPLACE(${text}, ${literal(pattern)}, ${literal(by)})`,
    micros: (column) => `UNIX_MICROS(${column})`,
    run: (sql) => readRows(client, sql),
  });
}

/** A condition on ledger rows: their document filled a table of that name. */
export function fillsTable(name: string): string {
  const quoted = JSON.stringify(name).replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
  return `REGEXP_CONTAINS(TO_JSON_STRING(tables), ${literal(`"name": ?${quoted}`)})`;
}
