import { LedgerQueries } from '../ledger/ledger-queries.js';
import type { PostgresServer } from './connection.js';
import { readRelations } from './relations.js';
import type { Session } from './session.js';
import { literal } from './sql.js';

/** Opens the ledger of a schema for reading. */
export function postgresLedger(session: Session, server: PostgresServer): LedgerQueries {
  return new LedgerQueries({
    table: (name) => server.table(name),
    literal,
    time: (iso) => `CAST(${literal(iso)} AS timestamp with time zone)`,
    isOneOfFew: (condition) => `(${condition})`,
    columns: async () => new Set((await readRelations(session, server)).get('_loads')?.columns.keys()),
    jsonLength: (column) => `JSONB_ARRAY_LENGTH(${column})`,
    fillsTable,
    itemValue: (field) => `(item->>${literal(field)})`,
    latest: (column, by, count) =>
      `(ARRAY_AGG(${column} ORDER BY ${by} DESC) FILTER (WHERE ${by} IS NOT NULL))[1:${count}]`,
    eachItem: 'CROSS JOIN JSONB_ARRAY_ELEMENTS(l.tables) AS items(item)',
    tableNames: "CAST(JSONB_PATH_QUERY_ARRAY(l.tables, '$[*].name') AS text)",
    listText: (column) => `CAST(TO_JSON(${column}) AS text)`,
    replaced: (text, pattern, by) => `REGEXP_REPLACE(${text}, ${literal(pattern)}, ${literal(by)}, 'g')`,
    micros: (column) => `CAST(EXTRACT(EPOCH FROM ${column}) * 1000000 AS bigint)`,
    run: (sql) => session.records(sql),
  });
}

/** A condition on ledger rows: their document filled a table of that name. */
export function fillsTable(name: string): string {
  return `tables @> ${literal(JSON.stringify([{ name }]))}`;
}
