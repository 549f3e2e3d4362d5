import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import pg from 'pg';
import { parse, stringify } from 'yaml';
import { commandFolder } from '../commands/command-folder.js';
import { newSchema, postgresUrl } from '../warehouse/postgres-server.js';

const book = new URL('../views/profit_per_sku_and_month/', import.meta.url).pathname;
const dbt = process.env.SP_REPORTS_DBT ?? 'dbt';
const found = spawnSync(dbt, ['--version'], { encoding: 'utf8' });
const adapters = found.status === 0 ? `${found.stdout}${found.stderr}` : '';

describe('the dbt package, built by dbt', () => {
  const { run, path, file } = commandFolder();

  const build = async () => {
    for (const name of readdirSync(book).filter((each) => !each.startsWith('expected'))) {
      const { code, stderr } = await run('load', join(book, name), '--type', name.replace(/\..*/, ''));
      assert.equal(code, 0, stderr);
    }
    const { code, stderr } = await run('schemas', 'export', '--format', 'dbt', '--output', 'dbt');
    assert.equal(code, 0, stderr);
    const sourcesFile = path('dbt', 'models', 'sources.yml');
    const sources = parse(readFileSync(sourcesFile, 'utf8'));
    for (const table of sources.sources[0].tables) {
      table.config.freshness = { error_after: { count: 2, period: 'hour' } };
    }
    writeFileSync(sourcesFile, stringify(sources));
    for (const [args, expected] of [
      [['build'], /ERROR=0/],
      [['source', 'freshness'], /PASS freshness of sp_reports\.settlement_v2/],
    ] as const) {
      const { status, stdout } = spawnSync(dbt, [...args, '--profiles-dir', '.', '--no-use-colors'], {
        cwd: path('dbt'),
        encoding: 'utf8',
        env: {
          ...process.env,
          DBT_SEND_ANONYMOUS_USAGE_STATS: 'false',
          PGPASSWORD: postgresUrl && new URL(postgresUrl).password,
        },
      });
      assert.equal(status, 0, stdout);
      assert.match(stdout, expected);
    }
  };

  if (/duckdb: /.test(adapters)) {
    it('passes its tests on DuckDB, and its sources are as fresh as the ledger says', build);
  } else it('passes its tests on DuckDB: pending, as dbt-duckdb is not installed; see CONTRIBUTING.md');

  if (!postgresUrl || !/postgres: /.test(adapters)) {
    const missing = postgresUrl ? 'dbt-postgres is not installed' : 'POSTGRES_URLS is not set';
    it(`passes its tests on PostgreSQL: pending, as ${missing}; see CONTRIBUTING.md`);
    return;
  }

  it('passes its tests on PostgreSQL, has marts equal to the views, and keeps no table from changing', async () => {
    const schema = newSchema();
    const warehouse = { type: 'postgres', url: '${DATABASE_URL}', schema };
    file('pipelines.yaml', stringify({ warehouse }));
    file('.env', `DATABASE_URL=${postgresUrl}\n`);
    await build();
    const client = new pg.Client({ connectionString: postgresUrl });
    await client.connect();
    try {
      const rowsOf = async (name: string) => {
        const { rows } = await client.query({
          text: `SELECT CAST(t AS text) FROM ${name} AS t`,
          rowMode: 'array',
        });
        return rows.map(String).sort();
      };
      const marts = readdirSync(path('dbt', 'models', 'marts')).filter((name) => name.endsWith('.sql'));
      let compared = 0;
      for (const name of marts.map((mart) => mart.replace('.sql', ''))) {
        const rows = await rowsOf(`${schema}_dbt.${name}`);
        assert.deepEqual(rows, await rowsOf(`${schema}.${name}`), name);
        if (rows.length > 0) compared += 1;
      }
      assert.ok(compared >= 8, String(compared));
      await client
        .query(`ALTER TABLE ${schema}.storage_fees ALTER COLUMN weight TYPE text`)
        .catch((error) => {
          // Views of the program may read it, which the program drops first.
          assert.doesNotMatch(String(error.detail), /_dbt/);
        });
    } finally {
      await client.end();
    }
  });
});
