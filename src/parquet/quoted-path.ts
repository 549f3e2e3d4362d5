/** Returns a path as an SQL string that matches only that file: its glob characters are escaped. */
export function quotedPath(path: string): string {
  return quotedText(path.replace(/[*?[]/g, '[$&]'));
}

/**
 * Returns SQL for the rows of a Parquet file, without columns from the names of its folders, such
 * as `seller=A1`.
 */
export function rowsOfFile(path: string): string {
  return `read_parquet(${quotedPath(path)}, hive_partitioning = false)`;
}

/** Returns a text as an SQL string. */
export function quotedText(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}
