import { type DuckDBConnection, DuckDBInstance } from '@duckdb/node-api';
import { fileError } from '../errors/duckdb-error.js';
import { describeError, ReportsError } from '../errors/reports-error.js';
import { rowsOfFile } from './quoted-path.js';

/** Reads Parquet files to describe and compare them. */
export interface ParquetReader {
  /** The columns, with their types as DuckDB spells them. Errors: as `guarded`. */
  columns(path: string): Promise<{ name: string; type: string }[]>;
  /**
   * Whether two files have the same columns and rows, in whatever order. Errors: PARQUET_FAILED.
   */
  isSame(left: string, right: string): Promise<boolean>;
  close(): void;
}

/** Opens a reader. What the memory does not hold goes to `temporaryFolder`. */
export async function openParquetReader(temporaryFolder: string): Promise<ParquetReader> {
  const instance = await DuckDBInstance.create(':memory:', { threads: '1', temp_directory: temporaryFolder });
  const connection = await instance.connect();
  await connection.run("SET TimeZone = 'UTC'");
  return {
    columns: (path) => guarded(path, () => columnsOf(connection, path)),
    isSame: (left, right) =>
      guarded(left, async () => {
        const columns = [await columnsOf(connection, left), await columnsOf(connection, right)];
        if (JSON.stringify(columns[0]) !== JSON.stringify(columns[1])) return false;
        const without = (from: string, of: string) =>
          `SELECT * FROM (SELECT * FROM ${rowsOfFile(from)} EXCEPT ALL SELECT * FROM ${rowsOfFile(of)})`;
        const sql = `SELECT count(*) FROM (${without(left, right)} UNION ALL ${without(right, left)})`;
        const [[count] = []] = (await connection.runAndReadAll(sql)).getRows();
        return Number(count) === 0;
      }),
    close() {
      connection.closeSync();
      instance.closeSync();
    },
  };
}

/** The columns of a Parquet file, with their types as DuckDB spells them. */
export async function columnsOf(
  connection: DuckDBConnection,
  path: string,
): Promise<{ name: string; type: string }[]> {
  const reader = await connection.runAndReadAll(`DESCRIBE SELECT * FROM ${rowsOfFile(path)}`);
  return reader.getRows().map(([name, type]) => ({ name: String(name), type: String(type) }));
}

/** Does work on a Parquet file. Errors: PARQUET_FAILED, DISK_FULL, FILE_SYSTEM_FAILED. */
export async function guarded<T>(path: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    const known = fileError(error, path);
    if (known instanceof ReportsError && known.code !== 'WAREHOUSE_UNREADABLE') throw known;
    throw new ReportsError('PARQUET_FAILED', { path, found: describeError(error) }, { cause: error });
  }
}
