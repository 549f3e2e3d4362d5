import { execFileSync } from 'node:child_process';
import { createWriteStream, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { fileURLToPath } from 'node:url';
import { gunzipSync } from 'node:zlib';
import pg from 'pg';
import { usualReportType, writeDocument } from './document.js';

/**
 * `scripts/postgres npm run bench:merge -- ROWS…`: how long the built program takes for a document
 * of 20,000 rows, all of which replace a row of a table in PostgreSQL, while the table grows to
 * each of these numbers of rows.
 */
const sizes = process.argv.slice(2).map(Number);
const rows = 20_000;
const main = fileURLToPath(new URL('../../dist/main.cjs', import.meta.url));
const url = process.env.POSTGRES_URLS?.split(' ')[0];
const schema = 'bench_merge';
const table = `${schema}.orders_by_last_update`;
const folder = mkdtempSync(join(tmpdir(), 'sp-reports-merge-'));
const client = new pg.Client(url);
await client.connect();
try {
  await client.query(`DROP SCHEMA IF EXISTS ${schema} CASCADE`);
  writeFileSync(
    join(folder, 'pipelines.yaml'),
    `warehouse: { type: postgres, url: "\${DATABASE_URL}", schema: ${schema} }\n`,
  );
  await writeDocument(join(folder, 'first.gz'), { reportType: usualReportType, rows, seed: 7 });
  const text = gunzipSync(readFileSync(join(folder, 'first.gz'))).toString();
  const load = async (age: number): Promise<number> => {
    // Other bytes make another document of the same orders.
    const file = `${age}.tsv`;
    await pipeline(Readable.from([text, '\n'.repeat(age)]), createWriteStream(join(folder, file)));
    const created = new Date(Date.UTC(2026, 9, 2) + age * 60_000).toISOString();
    const beganMs = performance.now();
    execFileSync(process.execPath, [main, 'load', file, '--type', usualReportType, '--created', created], {
      cwd: folder,
      env: { ...process.env, DATABASE_URL: url },
      stdio: ['ignore', 'ignore', 'inherit'],
    });
    return (performance.now() - beganMs) / 1000;
  };
  console.log('| rows in the table | seconds |\n|---:|---:|');
  let age = 0;
  console.log(`| 0 | ${(await load(age)).toFixed(1)} |`);
  let filled = rows;
  for (const size of sizes) {
    const named = await client.query<{ name: string }>(
      'SELECT column_name AS name FROM information_schema.columns WHERE table_schema = $1 AND table_name = $2',
      [schema, 'orders_by_last_update'],
    );
    const names = named.rows.map(({ name }) => name);
    const values = names.map((name) => {
      if (name === 'amazon_order_id') return "amazon_order_id || '-' || n";
      return name === '_document_id' ? "'filler-' || n" : `"${name}"`;
    });
    await client.query(
      `INSERT INTO ${table} (${names.map((name) => `"${name}"`).join(', ')})
       SELECT ${values.join(', ')} FROM (SELECT * FROM ${table} WHERE _document_id NOT LIKE 'filler-%') AS here,
         GENERATE_SERIES($1::integer, $2::integer) AS n`,
      [Math.ceil(filled / rows), Math.ceil(size / rows) - 1],
    );
    filled = size;
    await client.query(`ANALYZE ${table}`);
    for (let count = 0; count < 2; count++) {
      age += 1;
      console.log(`| ${size} | ${(await load(age)).toFixed(1)} |`);
    }
  }
} finally {
  await client.query(`DROP SCHEMA IF EXISTS ${schema} CASCADE`);
  await client.end();
  rmSync(folder, { recursive: true });
}
