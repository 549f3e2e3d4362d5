import { join } from 'node:path';
import { type DuckDBConnection, DuckDBInstance } from '@duckdb/node-api';
import { withTempFolder } from '../../files/temp-folder.js';
import { withoutUndefined } from '../../runtime/without-undefined.js';

/**
 * Where Parquet is read, cast and written before it is sent: an in-memory DuckDB and a folder, both
 * removed after the work.
 */
export interface Stager {
  connection: DuckDBConnection;
  folder: string;
}

/** Calls `work` with a new stager. Parquet beyond the memory limit is worked on in the folder. */
export async function withStager<T>(
  memoryLimitMegabytes: number | undefined,
  work: (stager: Stager) => Promise<T>,
): Promise<T> {
  return withTempFolder(async (folder) => {
    const settings = withoutUndefined({
      threads: '1',
      // Each file is read once.
      enable_external_file_cache: 'false',
      temp_directory: join(folder, 'tmp'),
      memory_limit: memoryLimitMegabytes ? `${memoryLimitMegabytes}MB` : undefined,
    });
    const instance = await DuckDBInstance.create(':memory:', settings);
    const connection = await instance.connect();
    try {
      await connection.run("SET TimeZone = 'UTC'");
      await connection.run('SET preserve_insertion_order = false');
      return await work({ connection, folder });
    } finally {
      connection.closeSync();
      instance.closeSync();
    }
  });
}
