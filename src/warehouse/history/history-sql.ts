import { historyEnd } from '../../schema/history.js';
import { lineage } from '../../schema/lineage.js';
import { changeStatements } from './changes-sql.js';
import { comingTable, type HistoryDialect } from './history-dialect.js';
import { type HistoryTable, ownColumns } from './history-tables.js';
import { planChanges } from './plan-changes.js';
import { planDaily } from './plan-daily.js';
import type { HistoryPlan } from './plan-history.js';

/**
 * The statements that bring a history up to date. Those `before` make `comingTable`, which then
 * gets the rows of the documents that come, with their lineage; `after` does the rest. None if
 * nothing changes.
 */
export function historyStatements(
  plan: HistoryPlan,
  dialect: HistoryDialect,
): { before: string; after: string[] } | undefined {
  const { history, change, keptSince } = plan;
  const rounds = history.mode === 'changes' ? planChanges(change) : [];
  const after =
    history.mode === 'changes'
      ? rounds.flatMap((windows) => changeStatements(history, windows, dialect))
      : dailyStatements(history, planDaily(change), dialect);
  if (after.length === 0) return undefined;
  const since = history.mode === 'changes' ? dialect.time(keptSince) : dialect.day(keptSince.slice(0, 10));
  const names = [...ownColumns(history), ...lineage].map(({ name }) => dialect.identifier(name));
  const table = dialect.table(history.relation.name);
  return {
    before: dialect.createTemporary(comingTable, `SELECT ${names.join(', ')} FROM ${table} LIMIT 0`),
    after: [...after, `DELETE FROM ${table} WHERE ${historyEnd[history.mode]} < ${since}`],
  };
}

function dailyStatements(
  history: HistoryTable,
  { leaving, coming }: ReturnType<typeof planDaily>,
  dialect: HistoryDialect,
): string[] {
  const { literal } = dialect;
  const table = dialect.table(history.relation.name);
  const ofDocument = (alias: string) => `${alias}._document_id`;
  const sellerOf = (alias: string) => `COALESCE(${alias}._seller_id, '')`;
  const idsOf = ({ entry }: (typeof leaving)[number]) => [
    literal(entry.sellerId ?? ''),
    literal(entry.documentId),
  ];
  const statements: string[] = [];
  if (leaving.length > 0) {
    const rows = dialect.rows({ seller: 'text', doc: 'text' }, leaving.map(idsOf), 'g');
    statements.push(
      `DELETE FROM ${table} AS h WHERE ${ofDocument('h')} IN (${leaving.map(({ entry }) => literal(entry.documentId)).join(', ')})
       AND EXISTS (SELECT 1 FROM ${rows} WHERE g.seller = ${sellerOf('h')} AND g.doc = ${ofDocument('h')})`,
    );
  }
  if (coming.length > 0) {
    const days = coming.map(({ document, day }) => [...idsOf(document), literal(day)]);
    const rows = dialect.rows({ seller: 'text', doc: 'text', day: 'text' }, days, 'g');
    const names = [...ownColumns(history), ...lineage].map(({ name }) => dialect.identifier(name));
    statements.push(
      `INSERT INTO ${table} (valid_on, ${names.join(', ')})
       SELECT CAST(g.day AS DATE), ${names.map((name) => `c.${name}`).join(', ')}
       FROM ${dialect.temporary(comingTable)} AS c
       JOIN ${rows} ON g.seller = ${sellerOf('c')} AND g.doc = ${ofDocument('c')}`,
    );
  }
  return statements;
}
