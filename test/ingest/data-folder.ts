import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { DuckDBInstance } from '@duckdb/node-api';
import { asyncBufferFromFile, parquetReadObjects } from 'hyparquet';

/**
 * Searches for words in all bytes of all files of a folder. Decodes gzip and reads Parquet and
 * DuckDB files too, because their bytes are compressed. Returns for each file, by its path in the
 * folder, in which form a word was found.
 */
export async function findWords(folder: string, words: string[]): Promise<Map<string, string[]>> {
  const found = new Map<string, string[]>();
  const needles = words.map((word) => Buffer.from(word));
  const has = (bytes: Buffer) => needles.some((needle) => bytes.includes(needle));
  for (const name of readdirSync(folder, { recursive: true, encoding: 'utf8' }).sort()) {
    const path = join(folder, name);
    if (!statSync(path).isFile()) continue;
    const bytes = readFileSync(path);
    const ways = [
      ...(has(bytes) ? ['bytes'] : []),
      ...(bytes[0] === 0x1f && bytes[1] === 0x8b && has(gunzipSync(bytes)) ? ['gunzipped'] : []),
      ...(bytes.subarray(0, 4).toString() === 'PAR1' && has(await parquetText(path)) ? ['rows'] : []),
      ...(bytes.subarray(8, 12).toString() === 'DUCK' && has(await databaseText(path)) ? ['tables'] : []),
    ];
    if (ways.length > 0) found.set(name, ways);
  }
  return found;
}

async function parquetText(path: string): Promise<Buffer> {
  const file = await asyncBufferFromFile(path);
  return Buffer.from(textOf(await parquetReadObjects({ file })));
}

async function databaseText(path: string): Promise<Buffer> {
  const instance = await DuckDBInstance.create(path, { access_mode: 'READ_ONLY' });
  const connection = await instance.connect();
  const read = async (sql: string) => (await connection.runAndReadAll(sql)).getRowObjectsJson();
  const texts: string[] = [];
  for (const { name } of await read('SELECT table_name AS name FROM duckdb_tables()')) {
    texts.push(textOf(await read(`SELECT * FROM "${name}"`)));
  }
  connection.closeSync();
  instance.closeSync();
  return Buffer.from(texts.join('\n'));
}

function textOf(value: unknown): string {
  return JSON.stringify(value, (_, each) => (typeof each === 'bigint' ? String(each) : each));
}
