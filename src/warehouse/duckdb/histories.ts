import type { DuckDBConnection } from '@duckdb/node-api';
import { comingTable, type HistoryDialect } from '../history/history-dialect.js';
import { historyStatements } from '../history/history-sql.js';
import { batchesOf, type HistoryPlan } from '../history/plan-history.js';
import { identifier, literal, run } from '../staging/sql.js';
import { insertInto } from './load-modes.js';

const dialect: HistoryDialect = {
  identifier,
  table: identifier,
  literal,
  time: (iso) => `TIMESTAMP ${literal(iso.replace(/Z$/, ''))}`,
  day: (iso) => `DATE ${literal(iso)}`,
  types: { text: 'VARCHAR', time: 'TIMESTAMP', number: 'BIGINT' },
  rows: (columns, rows, alias) =>
    `(VALUES ${rows.map((row) => `(${row.join(', ')})`).join(', ')}) AS ${alias}(${Object.keys(columns).join(', ')})`,
  temporary: identifier,
  createTemporary: (name, query) => `CREATE OR REPLACE TEMP TABLE ${identifier(name)} AS ${query}`,
  content: (columns) => `md5(CAST(to_json(row(${columns.map(({ value }) => value).join(', ')})) AS VARCHAR))`,
  joined: (list) => `coalesce(array_to_string(${list}, ','), '')`,
  split: (text) => `CASE WHEN ${text} = '' THEN CAST([] AS VARCHAR[]) ELSE string_split(${text}, ',') END`,
};

/** Carries out what a commit changes in histories, as history/ plans it. */
export async function applyHistories(connection: DuckDBConnection, plans: HistoryPlan[]): Promise<void> {
  for (const plan of plans) {
    const statements = historyStatements(plan, dialect);
    if (!statements) continue;
    await run(connection, statements.before);
    for (const batch of batchesOf(plan)) await insertInto(connection, batch, comingTable);
    for (const statement of statements.after) await run(connection, statement);
  }
}
