import { statSync } from 'node:fs';
import { DuckDBInstance } from '@duckdb/node-api';
import { describeError, ReportsError } from '../errors/reports-error.js';
import { quotedPath, rowsOfFile } from './quoted-path.js';

export interface ParquetMetadata {
  rows: number;
  rowGroups: number;
  bytes: number;
  createdBy: string;
  metadata: Record<string, string>;
  columns: { name: string; physicalType: string; logicalType: string; nullable: boolean }[];
  /** The first rows, with JSON values. */
  sample: Record<string, unknown>[];
}

const sampleRows = 5;

/**
 * Describes the contents of a Parquet file. DuckDB reads it, and not the code that wrote it.
 * Errors: FILE_UNREADABLE.
 */
export async function inspectParquet(path: string): Promise<ParquetMetadata> {
  const file = statSync(path, { throwIfNoEntry: false });
  if (!file?.isFile()) {
    throw new ReportsError('FILE_UNREADABLE', {
      path,
      found: file ? 'it is not a file' : 'the file does not exist',
    });
  }
  const instance = await DuckDBInstance.create(':memory:');
  const connection = await instance.connect();
  const quoted = quotedPath(path);
  const read = async (sql: string) => (await connection.runAndReadAll(sql)).getRowObjectsJson();
  try {
    const [fileMetadata] = await read(`SELECT * FROM parquet_file_metadata(${quoted})`);
    const metadata = await read(
      `SELECT decode(key) AS key, decode(value) AS value FROM parquet_kv_metadata(${quoted})`,
    );
    const fields = await read(
      `SELECT * FROM parquet_schema(${quoted}) WHERE num_children IS NULL OR num_children = 0`,
    );
    return {
      rows: Number(fileMetadata?.num_rows),
      rowGroups: Number(fileMetadata?.num_row_groups),
      bytes: file.size,
      createdBy: String(fileMetadata?.created_by ?? 'unknown'),
      metadata: Object.fromEntries(metadata.map(({ key, value }) => [String(key), String(value)])),
      columns: fields.map((field) => ({
        name: String(field.name),
        physicalType: String(field.type),
        logicalType: String(field.logical_type ?? field.converted_type ?? ''),
        nullable: field.repetition_type !== 'REQUIRED',
      })),
      sample: await read(`SELECT * FROM ${rowsOfFile(path)} LIMIT ${sampleRows}`),
    };
  } catch (error) {
    throw new ReportsError('FILE_UNREADABLE', { path, found: describeError(error) }, { cause: error });
  } finally {
    connection.closeSync();
    instance.closeSync();
  }
}
