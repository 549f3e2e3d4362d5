import { overviewOf } from '../ledger/overview-rows.js';
import { type LedgerOverview, recentReports } from '../types.js';
import type { BigQueryClient } from './client.js';
import { readRows } from './read-rows.js';
import { readLedgerColumns } from './state.js';

/** Summarizes the ledger by queries on columns of `_loads` and `_rejects`. */
export async function readOverview(client: BigQueryClient): Promise<LedgerOverview> {
  const rows = async (sql: string) => (await readRows(client, sql)).map((row) => Object.values(row));
  const loads = client.table('_loads');
  const tableRows = "CAST(JSON_VALUE(item, '$.rows') AS INT64)";
  const hasWarnings = (await readLedgerColumns(client)).has('warnings');
  const [statuses, tables, days, rejects, warnings] = await Promise.all([
    rows(
      `SELECT status, reason_code, COUNT(*) AS documents FROM ${loads} GROUP BY status, reason_code ORDER BY status, reason_code`,
    ),
    rows(
      `SELECT JSON_VALUE(item, '$.name') AS name, report_type, seller_id, COUNT(*) AS documents, IFNULL(SUM(${tableRows}), 0) AS table_rows,
         MAX(loaded_at) AS last_loaded, MAX(data_end) AS last_data,
         ARRAY_AGG(IFNULL(report_created_at, loaded_at) ORDER BY IFNULL(report_created_at, loaded_at) DESC LIMIT ${recentReports}) AS made
       FROM ${loads} LEFT JOIN UNNEST(JSON_QUERY_ARRAY(tables)) AS item
       WHERE status IN ('loaded', 'empty')
       GROUP BY name, report_type, seller_id ORDER BY name, report_type, seller_id`,
    ),
    rows(
      `SELECT DATE(loaded_at) AS day, COUNT(*) AS documents,
         SUM((SELECT SUM(${tableRows}) FROM UNNEST(JSON_QUERY_ARRAY(tables)) AS item)) AS table_rows, SUM(raw_bytes) AS bytes
       FROM ${loads} GROUP BY day ORDER BY day DESC LIMIT 30`,
    ),
    rows(
      `SELECT table_name, column_name, reason, COUNT(*) AS number, MAX(loaded_at) AS last_loaded FROM ${client.table('_rejects')}
       GROUP BY table_name, column_name, reason ORDER BY number DESC, table_name, column_name LIMIT 100`,
    ),
    // The ledger of an earlier version has no warnings.
    hasWarnings
      ? rows(
          `SELECT report_type, JSON_VALUE(item, '$.code') AS code, COUNT(DISTINCT key) AS documents, MAX(loaded_at) AS last_loaded
           FROM ${loads} CROSS JOIN UNNEST(JSON_QUERY_ARRAY(warnings)) AS item
           GROUP BY report_type, code ORDER BY last_loaded DESC, report_type, code`,
        )
      : [],
  ]);
  return overviewOf({ statuses, tables, days, rejects, warnings });
}
