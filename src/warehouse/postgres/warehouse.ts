import type { Logger } from 'pino';
import { ReportsError } from '../../errors/reports-error.js';
import type { Clock } from '../../runtime/clock.js';
import { exportHistories, exportTables } from '../../schema/export/tables.js';
import type { ReportSchemas } from '../../schema/types.js';
import { type Histories, noHistories } from '../../schema/history.js';
import type { View } from '../../schema/views.js';
import { readWhole } from '../ledger/read-whole.js';
import { withHistories } from '../history/history-tables.js';
import { ledgerReads } from '../ledger/ledger-reads.js';
import { isReportTable, type Relations } from '../rules/relations.js';
import type { LedgerOverview, TableInfo, Warehouse } from '../types.js';
import { commitLoads } from './commit-loads.js';
import { PostgresServer, type PostgresTarget } from './connection.js';
import { dropEmptyTable } from './drop-empty-table.js';
import { inspectServer } from './inspect.js';
import { ensureLedger, hasLedger } from './ledger.js';
import { postgresLedger } from './ledger-queries.js';
import { lockCommits } from './lock.js';
import { readOverview } from './overview.js';
import { runQuery } from './query.js';
import { readRelations } from './relations.js';
import { markPurged, removePersonalData } from './remove-personal-data.js';
import type { Session } from './session.js';
import { inspectReader, maxLagSeconds, readLag } from './standby.js';
import { checkSupported } from './supported.js';
import { refreshViews, viewProblems } from './views.js';
import { WantedViews } from '../rules/wanted-views.js';

export interface PostgresWarehouseOptions extends PostgresTarget {
  /** Where a standby is, which reads use if `isPreemptible`. */
  readUrl?: string;
  /** Whether reads may come from the standby, a little late. */
  isPreemptible?: boolean;
  /** Called before a query whose answer may be this old, or of an unknown age. */
  onOldAnswer?: (seconds: number | undefined) => void;
  /** The source of the descriptions of tables and columns. */
  schemas?: ReportSchemas;
  /** Created by commits as soon as their tables exist. */
  views?: View[];
  /** The histories that commits keep. */
  histories?: Histories;
  /** How much memory of this machine the conversion of Parquet may take. */
  memoryLimitMegabytes?: number;
  log?: Logger;
  clock?: Clock;
}

/**
 * A warehouse in a schema of a PostgreSQL database, which the first commit creates. Any number of
 * processes may write to it, one commit after the other; readers neither wait for commits nor
 * keep them waiting.
 * Errors: WAREHOUSE_REFUSED (details `key`, `thing`) if a load can't be committed;
 * WAREHOUSE_MISSING for a query before the first commit; QUERY_FAILED; the codes of `failureRows`.
 */
export function openPostgresWarehouse(options: PostgresWarehouseOptions): Warehouse {
  const { url, schema, schemas, views: firstViews, histories, memoryLimitMegabytes, log, clock } = options;
  const { readUrl, isPreemptible = false, onOldAnswer } = options;
  const server = new PostgresServer({ url, schema }, clock);
  const standby = readUrl === undefined ? undefined : new PostgresServer({ url: readUrl, schema }, clock);
  const reader = isPreemptible ? (standby ?? server) : server;

  // Views change with the program and the settings, which are fixed for this process, and with
  // tables.
  const views = new WantedViews(firstViews, clock);

  type Read<T> = (session: Session, relations: Relations) => Promise<T>;

  const withLedger = <T>(empty: T, read: Read<T>) =>
    reader.read(async (session) => {
      const relations = await readRelations(session, reader);
      return hasLedger(relations) ? read(session, relations) : empty;
    });

  const relationsNow = (session: Session) =>
    session.transaction('read', () => readRelations(session, server));

  /** Work on views has transactions of its own. */
  const withViews = <T>(empty: T, work: Read<T>) =>
    server.work('read', async (session) => {
      const relations = await relationsNow(session);
      return hasLedger(relations) ? work(session, relations) : empty;
    });

  /** Changes what was loaded, in one transaction. Does nothing before the first commit. */
  function changeLedger(change: (session: Session, relations: Relations) => Promise<void>): Promise<void> {
    return server.work('commit', (session) =>
      session.transaction('write', async () => {
        await lockCommits(session, server);
        const relations = await readRelations(session, server);
        if (!hasLedger(relations)) return;
        await ensureLedger(session, server, relations);
        await change(session, relations);
      }),
    );
  }

  const queryStream: Warehouse['queryStream'] = async (sql, read, { signal, limits } = {}) => {
    const isThere = await withLedger(false, async (session) => {
      const { seconds } = reader === standby ? await readLag(session) : { seconds: 0 };
      if (seconds === undefined || seconds > maxLagSeconds) onOldAnswer?.(seconds);
      return true;
    });
    if (!isThere) throw new ReportsError('WAREHOUSE_MISSING', { path: reader.path });
    return runQuery(reader, sql, read, { signal, limits });
  };

  return {
    ...ledgerReads((empty, read) =>
      withLedger(empty, (session, relations) =>
        read({ ledger: postgresLedger(session, server), readRelations: async () => relations }),
      ),
    ),
    async commit(loads) {
      if (loads.length === 0) return [];
      const known = [...(schemas?.values() ?? [])];
      const described = [...exportTables(known), ...exportHistories(known, histories ?? noHistories)];
      const descriptions = new Map(described.map((table) => [table.name, table]));
      return commitLoads(server, loads, {
        descriptions,
        histories,
        memoryLimitMegabytes,
        log,
        onTableChanged: () => views.expire(),
        async onCommitted(session, tablesChanged) {
          if (!views.isDue && !tablesChanged) return;
          await views.refresh(async (wanted) =>
            refreshViews(session, server, wanted, await relationsNow(session), log),
          );
        },
      });
    },
    removePersonalData: (documents, personalColumns) =>
      changeLedger((session, relations) =>
        removePersonalData(session, server, relations, documents, personalColumns),
      ),
    markPurged: (keys) => changeLedger((session) => markPurged(session, server, keys)),
    checkWritable: () =>
      server.work('read', async (session) => {
        await session.transaction('write', async () => {
          await checkSupported(session, server);
          await session.run('SELECT pg_current_xact_id()');
        });
      }),
    async inspect() {
      const found = await inspectServer(server);
      if (!standby || found.next !== undefined) return found;
      const ofReader = await inspectReader(standby);
      return { found: `${found.found}; ${ofReader.found}`, next: ofReader.next };
    },
    tables: () => withLedger([], (session, relations) => readTables(session, server, relations)),
    async refreshViews(wanted) {
      views.replace(wanted);
      if (!views.isDue) return;
      await withViews<void>(undefined, (session, relations) =>
        views.refresh((due) => refreshViews(session, server, due, relations, log)),
      );
    },
    dropEmptyTable: (table) =>
      server.work('commit', (session) => dropEmptyTable(session, server, views.list, table)),
    viewProblems: (wanted) =>
      withViews(new Map(), (session, relations) => viewProblems(session, server, wanted, relations)),
    overview: () =>
      withLedger<LedgerOverview | undefined>(undefined, (session, relations) =>
        readOverview(session, server, relations),
      ),
    query: (sql) => queryStream(sql, readWhole),
    queryStream,
  };
}

async function readTables(
  session: Session,
  server: PostgresServer,
  relations: Relations,
): Promise<TableInfo[]> {
  const rows = await session.values(
    `SELECT LOWER(item->>'name'), (ARRAY_AGG(report_type ORDER BY loaded_at DESC))[1], MAX(loaded_at)
     FROM ${server.table('_loads')} CROSS JOIN JSONB_ARRAY_ELEMENTS(tables) AS items(item) GROUP BY 1`,
  );
  const ledger = new Map(
    rows.map(([name, reportType, loadedAt]) => [String(name), { reportType, loadedAt }]),
  );
  const tables: TableInfo[] = [];
  for (const relation of relations.values()) {
    if (!isReportTable(relation)) continue;
    const [count = []] = await session.values(`SELECT COUNT(*) FROM ${server.table(relation.name)}`);
    const known = ledger.get(relation.name.toLowerCase());
    tables.push({
      name: relation.name,
      reportType: (known?.reportType as string | null | undefined) ?? null,
      rows: Number(count[0]),
      lastLoadedAt: (known?.loadedAt as string | undefined) ?? null,
    });
  }
  return withHistories(tables, relations);
}
