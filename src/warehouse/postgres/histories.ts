import { comingTable, type HistoryDialect } from '../history/history-dialect.js';
import { historyStatements } from '../history/history-sql.js';
import type { HistoryPlan } from '../history/plan-history.js';
import { Refusal } from '../rules/refusal.js';
import type { PostgresServer } from './connection.js';
import type { Loading } from './load-modes.js';
import { identifier, literal } from './sql.js';

function dialectOf(server: PostgresServer): HistoryDialect {
  return {
    identifier,
    table: (name) => server.table(name),
    literal,
    time: (iso) => `TIMESTAMP WITH TIME ZONE ${literal(iso)}`,
    day: (iso) => `DATE ${literal(iso)}`,
    types: { text: 'text', time: 'timestamp with time zone', number: 'bigint' },
    rows: (columns, rows, alias) =>
      `(VALUES ${rows.map((row) => `(${row.join(', ')})`).join(', ')}) AS ${alias}(${Object.keys(columns).join(', ')})`,
    temporary: (name) => `pg_temp.${identifier(name)}`,
    createTemporary: (name, query) =>
      `DROP TABLE IF EXISTS pg_temp.${identifier(name)}; CREATE TEMPORARY TABLE ${identifier(name)} ON COMMIT DROP AS ${query}`,
    content: (columns) => `MD5(CAST(ROW(${columns.map(({ value }) => value).join(', ')}) AS text))`,
    joined: (list) => `COALESCE(ARRAY_TO_STRING(${list}, ','), '')`,
    split: (text) =>
      `CASE WHEN ${text} = '' THEN CAST('{}' AS text[]) ELSE STRING_TO_ARRAY(${text}, ',') END`,
  };
}

/** Carries out what a commit changes in histories, as history/ plans it. */
export async function applyHistories(
  { session, server, staged }: Loading,
  plans: HistoryPlan[],
): Promise<void> {
  const dialect = dialectOf(server);
  for (const plan of plans) {
    const statements = historyStatements(plan, dialect);
    if (!statements) continue;
    await session.runAll([statements.before]);
    for (const { timed, rows } of plan.loads) {
      const file = staged.rowsOf(rows);
      const columns = file?.columns.map(identifier).join(', ');
      const count = file
        ? await session.copyIn(`${dialect.temporary(comingTable)} (${columns})`, [file.path])
        : 0;
      if (count === rows.rows) continue;
      const found = `${count} rows came in, where the document has ${rows.rows}`;
      throw new Refusal(`table ${rows.name}: ${found}`, timed.load);
    }
    await session.runAll(statements.after);
  }
}
