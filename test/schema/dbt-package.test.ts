import assert from 'node:assert/strict';
import { mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { DuckDBInstance } from '@duckdb/node-api';
import { parse } from 'yaml';
import { dbtPlace } from '../../src/commands/actions/dbt-place.js';
import { commandFolder } from '../commands/command-folder.js';

const book = new URL('../views/profit_per_sku_and_month/', import.meta.url).pathname;

describe('the dbt package', () => {
  const { run, file, path } = commandFolder();
  const loadBook = async () => {
    const names = readdirSync(book).filter((name) => !name.startsWith('expected'));
    for (const name of names) {
      const { code, stderr } = await run('load', join(book, name), '--type', name.replace(/\..*/, ''));
      assert.equal(code, 0, stderr);
    }
  };
  const exportTo = async (...more: string[]) => {
    const ran = await run('schemas', 'export', '--format', 'dbt', '--output', 'dbt', ...more);
    assert.equal(ran.code, 0, ran.stderr);
    return ran.stdout;
  };
  const models = (folder: string) =>
    readdirSync(path('dbt', 'models', folder)).filter((name) => name.endsWith('.sql'));
  const read = (...names: string[]) => readFileSync(path('dbt', ...names), 'utf8');

  it('has the tables that the warehouse has and the views on them, or all if asked', async () => {
    assert.match(
      (await run('schemas', 'export', '--format', 'dbt', '--output', 'dbt')).stderr,
      /no table of a report schema yet; --all exports/,
    );
    await run('load', join(book, 'PRODUCT_COSTS.csv'), '--type', 'PRODUCT_COSTS');
    assert.match(await exportTo(), /^dbt: a dbt package with 1 table and 0 views/);
    assert.deepEqual(models('staging'), ['stg_sp_reports__product_costs.sql']);
    await exportTo('--all');
    assert.ok(models('staging').length > 100);
    assert.ok(models('marts').length > 15);
  });

  it('has marts that return what the views return, on staging models with the types of the schemas', async () => {
    await loadBook();
    await exportTo();
    const instance = await DuckDBInstance.create(path('data', 'warehouse.duckdb'));
    const connection = await instance.connect();
    await connection.run('CREATE SCHEMA dbt');
    const ready = new Set<string>();
    const make = async (folder: string, name: string): Promise<void> => {
      if (ready.has(name)) return;
      ready.add(name);
      const text = read('models', folder, `${name}.sql`);
      for (const [, ref = ''] of text.matchAll(/ref\('(\w+)'\)/g)) {
        await make(ref.startsWith('stg_') ? 'staging' : 'marts', ref);
      }
      const sql = text
        .replace(/\{\{ source\('sp_reports', '(\w+)'\) \}\}/g, 'main.$1')
        .replace(/\{\{ ref\('(\w+)'\) \}\}/g, 'dbt.$1')
        .replace(/\{% (end)?raw %\}/g, '');
      await connection.run(`CREATE VIEW dbt.${name} AS ${sql}`);
    };
    const rowsOf = async (from: string) => {
      const rows = (await connection.runAndReadAll(`SELECT t::VARCHAR FROM ${from} AS t`)).getRows();
      return rows.map(String).sort();
    };
    let compared = 0;
    for (const model of models('marts')) {
      const name = model.replace('.sql', '');
      await make('marts', name);
      const rows = await rowsOf(`dbt.${name}`);
      assert.deepEqual(rows, await rowsOf(`main.${name}`), name);
      if (rows.length > 0) compared += 1;
    }
    assert.ok(compared >= 8, String(compared));
    const types = await connection.runAndReadAll(
      "SELECT column_name, data_type FROM information_schema.columns WHERE table_schema = 'dbt' AND table_name = 'stg_sp_reports__storage_fees' AND column_name IN ('estimated_monthly_storage_fee', 'weight', '_loaded_at')",
    );
    assert.deepEqual(types.getRows().sort(), [
      ['_loaded_at', 'TIMESTAMP'],
      ['estimated_monthly_storage_fee', 'DECIMAL(18,8)'],
      ['weight', 'DOUBLE'],
    ]);
    connection.closeSync();
    instance.closeSync();
  });

  it('describes every model and column, and asks the ledger when a source was loaded', async () => {
    await loadBook();
    await exportTo();
    for (const folder of ['staging', 'marts']) {
      const described = parse(read('models', folder, `${folder}.yml`)).models as {
        name: string;
        columns: { name: string; description?: string }[];
      }[];
      assert.deepEqual(described.map(({ name }) => `${name}.sql`).sort(), models(folder).sort());
      for (const { name, columns } of described) {
        for (const column of columns) assert.ok(column.description, `${name}.${column.name}`);
      }
    }
    const [source] = parse(read('models', 'sources.yml')).sources;
    const instance = await DuckDBInstance.create(path('data', 'warehouse.duckdb'));
    const connection = await instance.connect();
    for (const { name, config } of source.tables as { name: string; config: { loaded_at_query: string } }[]) {
      const sql = config.loaded_at_query.replace('"amazon".', '');
      const [[loadedAt] = []] = (await connection.runAndReadAll(sql)).getRows();
      assert.ok(loadedAt, name);
    }
    connection.closeSync();
    instance.closeSync();
  });

  it('has views of the user too, whose braces dbt does not take for its own', async () => {
    await loadBook();
    mkdirSync(path('schemas', 'views'), { recursive: true });
    file(
      join('schemas', 'views', 'braces.sql'),
      "-- Braces.\n--\n-- Tables: product_costs\nSELECT '{{ x }}' AS a FROM product_costs\n",
    );
    await exportTo();
    assert.match(read('models', 'marts', 'braces.sql'), /\{% raw %\}SELECT '\{\{ x \}\}'/);
  });

  it('connects to PostgreSQL as the program does, with the password from the environment', () => {
    const url = 'postgres://loader:s3cret@db.example:6000/reports?sslmode=verify-full&sslrootcert=ca.pem';
    const place = dbtPlace({ type: 'postgres', url, schema: 'amazon', memoryLimitMegabytes: 1024 });
    assert.doesNotMatch(JSON.stringify(place), /s3cret/);
    assert.equal(place.userWithPassword, 'loader');
    assert.deepEqual(place.source, { schema: 'amazon' });
    assert.deepEqual(JSON.parse(JSON.stringify(place.output)), {
      ...{ type: 'postgres', host: 'db.example', port: 6000, user: 'loader', dbname: 'reports' },
      ...{ password: "{{ env_var('PGPASSWORD', '') }}", schema: 'amazon_dbt', threads: 4 },
      ...{ sslmode: 'verify-full', sslrootcert: 'ca.pem' },
    });
  });
});
