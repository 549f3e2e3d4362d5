import { createHash } from 'node:crypto';
import { DuckDBInstance } from '@duckdb/node-api';
import { ensureLedger } from '../../src/warehouse/duckdb/ledger.js';

/**
 * Makes a warehouse file whose ledger has so many documents of three sellers: hourly orders, daily
 * reports with a column that their schema does not know, and snapshots. One in a thousand has a
 * warning. Each table has one row.
 */
export async function makeLargeLedger(path: string, documents: number): Promise<void> {
  const instance = await DuckDBInstance.create(path);
  const connection = await instance.connect();
  try {
    await connection.run("SET TimeZone = 'UTC'");
    await ensureLedger(connection, new Map());
    const lineage =
      '_report_id VARCHAR, _document_id VARCHAR, _seller_id VARCHAR, _marketplace_ids VARCHAR[], _data_start TIMESTAMP, _data_end TIMESTAMP, _row BIGINT, _loaded_at TIMESTAMP';
    for (const table of tables) {
      await connection.run(`CREATE TABLE ${table} (sku VARCHAR, ${lineage})`);
      await connection.run(
        `INSERT INTO ${table} VALUES ('s', '1', 'd1', 'A0', ['ATVPDKIKX0DER'], NULL, NULL, 1, now()::TIMESTAMP)`,
      );
    }
    await connection.run(
      `INSERT INTO _loads BY NAME
       SELECT seller || '/' || document AS key, 'loaded' AS status, seller AS seller_id, document AS document_id, n::VARCHAR AS report_id,
         ${choice(reportTypes)} AS report_type, ['ATVPDKIKX0DER'] AS marketplace_ids,
         begins AS data_start, begins + INTERVAL 1 HOUR AS data_end, begins + INTERVAL 2 HOUR AS report_created_at,
         []::VARCHAR[] AS notes,
         CASE WHEN n % 1000 = 0 THEN '[{"code":"DATE_ORDER_GUESSED","message":"the order of day and month"}]' ELSE '[]' END::JSON AS warnings,
         json_array(json_object('name', ${choice(tables)}, 'rows', n % 400, 'missing', ['quantity', 'title'],
           'added', [json_object('name', 'colour_' || n % 5, 'header', 'colour ' || n % 5, 'after', 'sku')])) AS tables,
         0 AS rejects, '[]'::JSON AS checks, seller || '/T/' || document AS raw_path, 4000 AS raw_bytes,
         sha256(document) AS raw_sha256,
         json_array(json_object('path', 'orders/seller=' || seller || '/' || document || '.parquet', 'bytes', 3000, 'sha256', sha256(document))) AS files,
         9000 AS text_bytes, 'utf-8' AS charset, '{"delimiter":"\\t"}'::JSON AS dialect, 'columnar' AS engine,
         'all' AS pipeline, 120 AS duration_ms, begins + INTERVAL 3 HOUR AS loaded_at, '0.1.0' AS version
       FROM (
         SELECT n, 'A' || n % 3 AS seller, '${documentPrefix}' || sha256(n::VARCHAR)[:40] AS document,
           TIMESTAMP '2026-01-01' - to_hours(((${documents} - n) // 9)::BIGINT) + CASE WHEN n % 90000 > 89000 THEN to_days(3) ELSE to_days(0) END AS begins
         FROM range(${documents}) numbers(n)
       )`,
    );
  } finally {
    connection.closeSync();
    instance.closeSync();
  }
}

/** The id of one of the documents of such a ledger, by its number. */
export function documentOfLedger(number: number): string {
  return `${documentPrefix}${createHash('sha256').update(`${number}`).digest('hex').slice(0, 40)}`;
}

const documentPrefix = 'amzn1.spdoc.1.4.na.';

const tables = ['orders_by_last_update', 'listings', 'fba_returns'];
const reportTypes = [
  'GET_FLAT_FILE_ALL_ORDERS_DATA_BY_LAST_UPDATE_GENERAL',
  'GET_MERCHANT_LISTINGS_ALL_DATA',
  'GET_FBA_FULFILLMENT_CUSTOMER_RETURNS_DATA',
];

function choice(values: string[]): string {
  return `[${values.map((each) => `'${each}'`)}][1 + (n // 3) % ${values.length}]`;
}
