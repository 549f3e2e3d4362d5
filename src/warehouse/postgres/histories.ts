import { comingTable, type HistoryDialect } from '../history/history-dialect.js';
import { historyStatements } from '../history/history-sql.js';
import { batchesOf, type HistoryPlan } from '../history/plan-history.js';
import { countOf } from '../rules/plan-batches.js';
import { wrongCount } from '../staging/document-values.js';
import type { PostgresServer } from './connection.js';
import { rowsOf } from './copy-rows.js';
import { createIndexes, type Loading } from './load-modes.js';
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
export async function applyHistories(loading: Loading, plans: HistoryPlan[]): Promise<void> {
  const { session, server, source } = loading;
  const dialect = dialectOf(server);
  for (const plan of plans) {
    const statements = historyStatements(plan, dialect);
    const { relation } = plan.history;
    if (statements) {
      await session.runAll([statements.before]);
      for (const { loads } of batchesOf(plan)) {
        const { columns, bytes } = rowsOf(source, relation, loads);
        const target = `${dialect.temporary(comingTable)} (${columns.map(identifier).join(', ')})`;
        const count = await session.copyIn(target, bytes);
        if (count !== countOf(loads)) throw await wrongCount(source.connection, loads);
      }
      await session.runAll(statements.after);
    }
    await createIndexes(loading, relation.name);
  }
}
