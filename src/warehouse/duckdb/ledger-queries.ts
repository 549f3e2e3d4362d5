import type { DuckDBConnection } from '@duckdb/node-api';
import { LedgerQueries } from '../ledger/ledger-queries.js';
import { identifier, literal, runForRecords, utcTimestamp } from '../staging/sql.js';
import { readRelations } from './relations.js';
import { toJsonValue } from './values.js';

/** Opens the ledger of a DuckDB file for reading. */
export function duckDbLedger(connection: DuckDBConnection): LedgerQueries {
  return new LedgerQueries({
    table: identifier,
    literal,
    time: (iso) => utcTimestamp(literal(iso)),
    // A list with several values, or a function, makes DuckDB read all columns of the whole ledger.
    isOneOfFew: (condition) => `rowid IN (SELECT rowid FROM _loads WHERE ${condition})`,
    columns: async () => new Set((await readRelations(connection)).get('_loads')?.columns.keys()),
    jsonLength: (column) => `json_array_length(${column})`,
    fillsTable,
    itemValue: (field) => `item->>'$.${field}'`,
    latest: (column, by, count) => `max_by(${column}, ${by}, ${count})`,
    eachItem: "CROSS JOIN unnest(CAST(l.tables->'$[*]' AS JSON[])) AS items(item)",
    tableNames: "CAST(to_json(l.tables->>'$[*].name') AS VARCHAR)",
    listText: (column) => `CAST(to_json(${column}) AS VARCHAR)`,
    replaced: (text, pattern, by) => `regexp_replace(${text}, ${literal(pattern)}, ${literal(by)}, 'g')`,
    micros: (column) => `epoch_us(${column})`,
    async run(sql) {
      const rows = await runForRecords(connection, sql, {});
      return rows.map((row) =>
        Object.fromEntries(Object.entries(row).map(([column, value]) => [column, toJsonValue(value)])),
      );
    },
  });
}

/** A condition on ledger rows: their document filled a table of that name. */
export function fillsTable(name: string): string {
  return `list_contains(tables->>'$[*].name', ${literal(name)})`;
}
