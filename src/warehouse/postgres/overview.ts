import { overviewOf } from '../ledger/overview-rows.js';
import { type LedgerOverview, recentReports } from '../types.js';
import type { Relations } from '../rules/relations.js';
import type { PostgresServer } from './connection.js';
import type { Session } from './session.js';

/** Summarizes the ledger. */
export async function readOverview(
  session: Session,
  server: PostgresServer,
  relations: Relations,
): Promise<LedgerOverview> {
  const loads = server.table('_loads');
  const made = 'COALESCE(report_created_at, loaded_at)';
  const tableRows = "CAST(item->>'rows' AS bigint)";
  const hasWarnings = relations.get('_loads')?.columns.has('warnings');
  return overviewOf({
    statuses: await session.values(
      `SELECT status, reason_code, COUNT(*) FROM ${loads} GROUP BY 1, 2 ORDER BY 1, 2`,
    ),
    tables: await session.values(
      `SELECT item->>'name' AS name, report_type, seller_id, COUNT(*), COALESCE(SUM(${tableRows}), 0),
         MAX(loaded_at), MAX(data_end), (ARRAY_AGG(${made} ORDER BY ${made} DESC))[1:${recentReports}]
       FROM ${loads} LEFT JOIN JSONB_ARRAY_ELEMENTS(tables) AS items(item) ON TRUE
       WHERE status IN ('loaded', 'empty') GROUP BY 1, 2, 3 ORDER BY 1, 2, 3`,
    ),
    days: await session.values(
      `SELECT CAST(loaded_at AS date) AS day, COUNT(*),
         SUM((SELECT SUM(${tableRows}) FROM JSONB_ARRAY_ELEMENTS(tables) AS items(item))), SUM(raw_bytes)
       FROM ${loads} GROUP BY day ORDER BY day DESC LIMIT 30`,
    ),
    rejects: await session.values(
      `SELECT table_name, column_name, reason, COUNT(*) AS number, MAX(loaded_at) FROM ${server.table('_rejects')}
       GROUP BY 1, 2, 3 ORDER BY number DESC, table_name, column_name LIMIT 100`,
    ),
    // The ledger of an earlier version has no warnings.
    warnings: hasWarnings
      ? await session.values(
          `SELECT report_type, item->>'code' AS code, COUNT(DISTINCT key), MAX(loaded_at) AS last_loaded
           FROM ${loads} CROSS JOIN JSONB_ARRAY_ELEMENTS(warnings) AS items(item)
           GROUP BY 1, 2 ORDER BY last_loaded DESC, report_type, code`,
        )
      : [],
  });
}
