/**
 * Table functions that only compute or describe. Any other one of DuckDB is refused, so a new one
 * is refused until it is listed here.
 */
const harmlessTableFunctions = new Set([
  'duckdb_approx_database_count',
  'duckdb_columns',
  'duckdb_constraints',
  'duckdb_coordinate_systems',
  'duckdb_databases',
  'duckdb_dependencies',
  'duckdb_extensions',
  'duckdb_functions',
  'duckdb_indexes',
  'duckdb_keywords',
  'duckdb_memory',
  'duckdb_optimizers',
  'duckdb_schemas',
  'duckdb_sequences',
  'duckdb_settings',
  'duckdb_table_sample',
  'duckdb_tables',
  'duckdb_temporary_files',
  'duckdb_types',
  'duckdb_variables',
  'duckdb_views',
  'generate_series',
  'histogram',
  'histogram_values',
  'icu_calendar_names',
  'json_each',
  'json_tree',
  'pg_timezone_names',
  'pragma_collations',
  'pragma_database_size',
  'pragma_metadata_info',
  'pragma_platform',
  'pragma_show',
  'pragma_storage_info',
  'pragma_table_info',
  'pragma_user_agent',
  'pragma_version',
  'query_table',
  'range',
  'repeat',
  'repeat_row',
  'summary',
  'test_all_types',
  'test_vector_types',
  'unnest',
]);

/** DuckDB's other functions that write, log, wait, or read something other than the warehouse. */
const refusedFunctions = new Set(['currval', 'getenv', 'nextval', 'pg_sleep', 'sleep_ms', 'write_log']);

/** Whether a query may call a table function of DuckDB. */
export function isHarmlessTableFunction(name: string): boolean {
  return harmlessTableFunctions.has(name.toLowerCase());
}

/** Whether a query may not call this function, which is not a table function. */
export function isRefusedFunction(name: string): boolean {
  return refusedFunctions.has(name.toLowerCase());
}
