import type { DuckDBConnection } from '@duckdb/node-api';
import { overviewOf } from '../ledger/overview-rows.js';
import { type LedgerOverview, recentReports } from '../types.js';
import type { Relations } from '../rules/relations.js';
import { run } from '../staging/sql.js';
import { toJsonValue } from './values.js';

/** Summarizes the ledger. */
export async function readOverview(
  connection: DuckDBConnection,
  relations: Relations,
): Promise<LedgerOverview> {
  const hasWarnings = relations.get('_loads')?.columns.has('warnings');
  const rows = async (sql: string) =>
    (await run(connection, sql)).map((row) => row.map((value) => toJsonValue(value ?? null)));
  return overviewOf({
    statuses: await rows('SELECT status, reason_code, count(*) FROM _loads GROUP BY ALL ORDER BY ALL'),
    tables: await rows(
      `SELECT item.name AS name, report_type, seller_id, count(*), coalesce(sum(item.rows), 0), max(loaded_at), max(data_end), max(made, ${recentReports})
       FROM (
         SELECT report_type, seller_id, loaded_at, data_end, made, unnest(CASE WHEN len(items) = 0 THEN [NULL] ELSE items END) AS item
         FROM (
           SELECT report_type, seller_id, loaded_at, data_end, coalesce(report_created_at, loaded_at) AS made,
             from_json(tables, '[{"name": "VARCHAR", "rows": "BIGINT"}]') AS items
           FROM _loads WHERE status IN ('loaded', 'empty')
         )
       ) GROUP BY ALL ORDER BY name, report_type, seller_id`,
    ),
    // The JSON of a few days only is read.
    days: await rows(
      `SELECT loaded_at::DATE AS day, count(*), sum(list_sum((tables->>'$[*].rows')::BIGINT[])), sum(raw_bytes)
       FROM _loads
       WHERE loaded_at >= (SELECT min(day) FROM (SELECT DISTINCT loaded_at::DATE AS day FROM _loads ORDER BY day DESC LIMIT 30))
       GROUP BY day ORDER BY day DESC`,
    ),
    rejects: await rows(
      `SELECT table_name, column_name, reason, count(*) AS number, max(loaded_at) FROM _rejects
       GROUP BY ALL ORDER BY number DESC, table_name, column_name LIMIT 100`,
    ),
    // The ledger of an earlier version has no warnings.
    warnings: hasWarnings
      ? await rows(
          `SELECT report_type, code, count(*), max(loaded_at) AS last_loaded
           FROM (
             SELECT report_type, loaded_at, unnest(list_distinct(warnings->>'$[*].code')) AS code
             FROM _loads WHERE json_array_length(warnings) > 0
           ) GROUP BY ALL ORDER BY last_loaded DESC, report_type, code`,
        )
      : [],
  });
}
