import { join } from 'node:path';
import { DuckDBInstance } from '@duckdb/node-api';
import { fileError } from '../errors/duckdb-error.js';
import { openScratch } from '../store/scratch.js';

/** Tables for lists that may be longer than the memory holds. DuckDB keeps the rest on disk. */
export interface WorkTables {
  run(sql: string): Promise<void>;
  /** Appends rows. The columns convert the texts, for example `true`, to their types. */
  append(table: string, rows: (string | boolean | null)[][]): Promise<void>;
  /** The number of rows of a table or a query in parentheses. */
  count(table: string): Promise<number>;
  /**
   * The rows of a table from which none was deleted, in the order of their insertion, 1,000 at a
   * time, or as many as said.
   */
  pages<Row>(table: string, rowsPerPage?: number): AsyncGenerator<Row[]>;
}

/** Enough to sort and join some million names. */
const memoryLimit = '64MB';

/**
 * Calls `work` with tables of its own, which are gone afterwards. What the memory does not hold is
 * written to a folder below `state`. Errors: DISK_FULL, FILE_SYSTEM_FAILED,
 * WAREHOUSE_OUT_OF_MEMORY.
 */
export async function withWorkTables<T>(state: string, work: (tables: WorkTables) => Promise<T>): Promise<T> {
  const scratch = await openScratch(join(state, 'scratch'));
  try {
    const instance = await DuckDBInstance.create(':memory:', {
      threads: '1',
      memory_limit: memoryLimit,
      temp_directory: scratch.folder,
    });
    const connection = await instance.connect();
    const guarded = <R>(statement: Promise<R>): Promise<R> =>
      statement.catch((error: unknown) => {
        throw fileError(error, scratch.folder);
      });
    const read = async (sql: string) =>
      (await guarded(connection.runAndReadAll(sql))).getRowObjects() as Record<string, unknown>[];
    try {
      return await work({
        async run(sql) {
          await guarded(connection.run(sql));
        },
        async append(table, rows) {
          const [first] = rows;
          if (!first) return;
          // One JSON text: appended value by value, rows leave memory that is returned late.
          const columns = first.map((_, index) => `row[${index + 1}]`).join(', ');
          const from = `SELECT unnest(from_json($1, '[["VARCHAR"]]')) AS row`;
          const sql = `INSERT INTO ${table} SELECT ${columns} FROM (${from})`;
          await guarded(connection.run(sql, [JSON.stringify(rows)]));
        },
        async count(table) {
          const [row] = await read(`SELECT count(*) AS rows FROM ${table}`);
          return Number(row?.rows);
        },
        async *pages<Row>(table: string, rowsPerPage = 1000) {
          for (let start = 0; ; start += rowsPerPage) {
            const range = `rowid >= ${start} AND rowid < ${start + rowsPerPage}`;
            const rows = await read(`SELECT * FROM ${table} WHERE ${range} ORDER BY rowid`);
            if (rows.length > 0) yield rows as Row[];
            if (rows.length < rowsPerPage) return;
          }
        },
      });
    } finally {
      connection.closeSync();
      instance.closeSync();
    }
  } finally {
    await scratch.close();
  }
}
