import { DuckDBInstance } from '@duckdb/node-api';
import { fileError } from '../errors/duckdb-error.js';

/**
 * Writes a Parquet file from a file of JSON lines, each an array of texts and nulls, which the
 * columns convert to their types. What the memory does not hold goes to `temporaryFolder`.
 * Errors: DISK_FULL, FILE_SYSTEM_FAILED; DuckDB's own for a text that its type does not hold.
 */
export async function writeParquetOfTexts(
  textsPath: string,
  columns: { name: string; type: string }[],
  path: string,
  temporaryFolder: string,
): Promise<void> {
  const instance = await DuckDBInstance.create(':memory:', { temp_directory: temporaryFolder });
  const connection = await instance.connect();
  try {
    await connection.run("SET TimeZone = 'UTC'");
    const values = columns.map(
      ({ name, type }, index) => `CAST(texts[${index + 1}] AS ${type}) AS "${name.replaceAll('"', '""')}"`,
    );
    const literal = (text: string) => `'${text.replaceAll("'", "''")}'`;
    // Texts have no limit, but DuckDB needs one for each line.
    const maxLineBytes = 1024 ** 3;
    const lines = `SELECT from_json(content, '["VARCHAR"]') AS texts FROM read_csv(${literal(textsPath)},
      columns = {content: 'VARCHAR'}, header = false, delim = '', quote = '', escape = '', max_line_size = ${maxLineBytes})`;
    await connection.run(
      `COPY (SELECT ${values} FROM (${lines})) TO ${literal(path)} (FORMAT parquet, COMPRESSION zstd)`,
    );
  } catch (error) {
    throw fileError(error, path);
  } finally {
    connection.closeSync();
    instance.closeSync();
  }
}
