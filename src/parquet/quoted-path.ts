/** A path as SQL text that names that file alone: glob characters in it stand for themselves. */
export function quotedPath(path: string): string {
  return quotedText(path.replace(/[*?[]/g, '[$&]'));
}

/** SQL for the rows of a Parquet file, and nothing that the folders around it are called: `seller=A1` is no column. */
export function rowsOfFile(path: string): string {
  return `read_parquet(${quotedPath(path)}, hive_partitioning = false)`;
}

/** Text as SQL text. */
export function quotedText(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}
