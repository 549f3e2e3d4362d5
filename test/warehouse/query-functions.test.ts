import assert from 'node:assert/strict';
import { DuckDBInstance } from '@duckdb/node-api';
import { isHarmlessTableFunction, isRefusedFunction } from '../../src/warehouse/duckdb/query-functions.js';

/**
 * Table functions of the shipped DuckDB that queries may not call, because they read or write
 * files, log, change settings, run SQL, or show something other than the warehouse. A new function
 * of a later DuckDB is in neither list, and somebody must decide.
 */
const refusedTableFunctions = `
  arrow_scan arrow_scan_dumb check_peg_parser checkpoint disable_logging disable_peg_parser disable_profiling
  duckdb_connection_count duckdb_external_file_cache duckdb_log_contexts duckdb_logs duckdb_logs_parsed
  duckdb_prepared_statements duckdb_profiling_settings duckdb_secret_types duckdb_secrets enable_logging
  enable_peg_parser enable_profiling force_checkpoint glob json_execute_serialized_sql parquet_bloom_probe
  parquet_file_metadata parquet_full_metadata parquet_kv_metadata parquet_metadata parquet_scan parquet_schema query
  read_blob read_csv read_csv_auto read_duckdb read_json read_json_auto read_json_objects read_json_objects_auto
  read_ndjson read_ndjson_auto read_ndjson_objects read_parquet read_text seq_scan sniff_csv sql_auto_complete
  truncate_duckdb_logs which_secret`
  .trim()
  .split(/\s+/);

/** Functions that are harmless although they have side effects, or a name that suggests some. */
const harmlessFunctions = `
  current_connection_id current_query current_query_id current_setting current_transaction_id error gen_random_uuid
  getvariable parse_duckdb_log_message random set_bit setseed st_setcrs stats uuid uuidv4 uuidv7`
  .trim()
  .split(/\s+/);

describe('the functions of the shipped DuckDB', () => {
  const functions = async (condition: string) => {
    const instance = await DuckDBInstance.create(':memory:');
    const connection = await instance.connect();
    try {
      const sql = `SELECT DISTINCT function_name FROM duckdb_functions() WHERE internal AND (${condition}) ORDER BY 1`;
      return (await connection.runAndReadAll(sql)).getRows().map(([name]) => String(name));
    } finally {
      connection.closeSync();
      instance.closeSync();
    }
  };

  it('are each allowed in queries, or known and refused, if they are tables', async () => {
    const found = await functions("function_type IN ('table', 'table_macro')");
    assert.ok(found.length > 80);
    assert.deepEqual(
      found.filter((name) => !isHarmlessTableFunction(name)),
      refusedTableFunctions,
    );
  });

  it('are each refused in queries, or known to be harmless, if they may have side effects', async () => {
    const telling =
      'set|enable|disable|write|force|truncate|install|load|env|read|execute|checkpoint|copy|import|export|sleep|file|secret|attach|pragma|variable|_log_';
    const found = await functions(
      `function_type NOT IN ('table', 'table_macro', 'pragma')
       AND (has_side_effects OR stability = 'VOLATILE' OR regexp_matches(function_name, '${telling}'))
       AND function_name NOT IN ('parse_filename', 'pg_conf_load_time')`,
    );
    assert.ok(found.includes('write_log'));
    assert.deepEqual(
      found.filter((name) => !isRefusedFunction(name)),
      harmlessFunctions,
    );
  });
});
