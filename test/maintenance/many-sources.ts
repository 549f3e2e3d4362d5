import assert from 'node:assert/strict';
import { linkSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { DuckDBInstance } from '@duckdb/node-api';
import { runInProcess } from '../ingest/world.js';
import { withoutOwnHash } from './damaged-files.js';

const settings =
  'warehouse: { path: warehouse.duckdb, memoryLimitMegabytes: 128 }\nlake: lake\nraw: raw\nstate: state\nstatus: false\npipelines: []\n';

const originals = [
  ['GET_MERCHANT_LISTINGS_ALL_DATA', 'item-name\tseller-sku\tprice\tquantity\nLamp\ts-1\t9.99\t1\n', 49],
  ['GET_SELLER_FEEDBACK_DATA', 'Date\tRating\tComments\tOrder ID\n1/5/26\t5\tThanks\to-1\n', 1],
] as const;

/**
 * Fills a folder with settings, a warehouse and the files of many documents from 2020, one in fifty
 * with personal data. All are copies of two that the program loaded, with ids and times of their
 * own. The bytes of raw documents and Parquet files are shared by links: at most 60,000.
 */
export async function makeManySources(folder: string, documents: number): Promise<void> {
  writeFileSync(join(folder, 'pipelines.yaml'), settings);
  for (const [type, text] of originals) {
    writeFileSync(join(folder, 'file'), text);
    const args = ['load', 'file', '--type', type, '--created', '2020-01-01'];
    const { code, stderr } = await runInProcess(args, { env: {}, cwd: folder });
    assert.equal(code, 0, stderr);
  }
  const instance = await DuckDBInstance.create(join(folder, 'warehouse.duckdb'));
  const connection = await instance.connect();
  try {
    for (const [type, , parts] of originals) {
      const found = await connection.runAndReadAll(
        `SELECT document_id, tables->>'$[0].name' AS name, strftime(report_created_at, '%Y-%m-%dT%H:%M:%S') AS made
         FROM _loads WHERE report_type = '${type}'`,
      );
      const [row] = found.getRowObjects() as { document_id: string; name: string; made: string }[];
      assert.ok(row);
      const copies = Math.round((documents * parts) / 50) - 1;
      const renamed = (column: string) => `replace(${column}::VARCHAR, '${row.document_id}', copy)`;
      const columns = ['key', 'document_id', 'raw_path', 'files'].map(
        (column) => `${renamed(column)}${column === 'files' ? '::JSON' : ''} AS ${column}`,
      );
      const copy = `(SELECT n, '${row.name}-' || n AS copy FROM range(${copies}) numbers(n))`;
      const times = [
        'report_created_at + to_minutes(n + 1) AS report_created_at',
        `loaded_at - to_minutes(${copies} - n) AS loaded_at`,
      ];
      await connection.run(
        `INSERT INTO _loads SELECT _loads.* REPLACE (${columns}, ${times})
         FROM _loads, ${copy} WHERE report_type = '${type}' ORDER BY n`,
      );
      await connection.run(
        `INSERT INTO ${row.name} SELECT ${row.name}.* REPLACE (copy AS _document_id) FROM ${row.name}, ${copy}`,
      );
      copyFiles(folder, row, copies);
    }
  } finally {
    connection.closeSync();
    instance.closeSync();
  }
}

function copyFiles(
  folder: string,
  { document_id: original, name: table, made }: { document_id: string; name: string; made: string },
  copies: number,
): void {
  const paths = readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.includes(original))
    .map((name) => join(folder, name));
  assert.equal(paths.length, 4, 'raw bytes, their metadata, Parquet and record');
  for (const path of paths) {
    const text = path.endsWith('.json') ? withoutOwnHash(readFileSync(path, 'utf8')) : undefined;
    const name = path.slice(dirname(path).length);
    for (let n = 0; n < copies; n += 1) {
      const target = dirname(path) + name.replace(original, `${table}-${n}`);
      if (text === undefined) linkSync(path, target);
      else {
        const later = new Date(Date.parse(`${made}Z`) + (n + 1) * 60_000).toISOString();
        const renamed = text.replaceAll(original, `${table}-${n}`).replaceAll(`${made}.000Z`, later);
        writeFileSync(target, renamed);
      }
    }
  }
}
