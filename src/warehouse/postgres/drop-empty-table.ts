import type { View } from '../../schema/views.js';
import { findHistory, isHistory } from '../history/history-tables.js';
import { isReportTable } from '../rules/relations.js';
import { hasRows, isReadBy } from '../rules/table-stays.js';
import { lockWaitMs } from './change-tables.js';
import type { PostgresServer } from './connection.js';
import { lockCommits } from './lock.js';
import { readRelations } from './relations.js';
import type { Session } from './session.js';
import { dropViews, readReaders, refreshViews } from './views.js';

/**
 * See `Warehouse.dropEmptyTable`. Commits of other processes wait, and create the table again if
 * they fill it.
 */
export async function dropEmptyTable(
  session: Session,
  server: PostgresServer,
  views: View[],
  table: string,
): Promise<string | undefined> {
  const stays = await session.transaction('write', async () => {
    await lockCommits(session, server);
    return drop(session, server, table);
  });
  if (stays !== undefined) return stays;
  const relations = await session.transaction('read', () => readRelations(session, server));
  await refreshViews(session, server, views, relations);
  return undefined;
}

async function drop(session: Session, server: PostgresServer, table: string): Promise<string | undefined> {
  const relations = await readRelations(session, server);
  const relation = relations.get(table.toLowerCase());
  if (!relation || !isReportTable(relation)) return undefined;
  const name = server.table(relation.name);
  const [[count] = []] = await session.values(`SELECT COUNT(*) FROM ${name}`);
  if (Number(count) > 0 && !isHistory(relations, relation.name)) return hasRows;
  const { own, others } = await readReaders(session, server, relation.name);
  if (others.length > 0) return isReadBy(others);
  await session.run(`SET LOCAL lock_timeout = ${lockWaitMs}`);
  await dropViews(session, server, own);
  await session.run(`DROP TABLE ${name}`);
  const history = findHistory(relations, relation.name);
  if (history) await drop(session, server, history.relation.name);
  return undefined;
}
