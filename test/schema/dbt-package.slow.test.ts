import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse, stringify } from 'yaml';
import { commandFolder } from '../commands/command-folder.js';

const book = new URL('../views/profit_per_sku_and_month/', import.meta.url).pathname;
const dbt = process.env.SP_REPORTS_DBT ?? 'dbt';
const hasDbt = spawnSync(dbt, ['--version']).status === 0;

describe('the dbt package, built by dbt', () => {
  const { run, path } = commandFolder();

  if (!hasDbt) {
    it('passes its tests: pending, as dbt is not installed; see CONTRIBUTING.md');
    return;
  }

  it('passes its tests, and its sources are as fresh as the ledger says', async () => {
    for (const name of readdirSync(book).filter((each) => !each.startsWith('expected'))) {
      const { code, stderr } = await run('load', join(book, name), '--type', name.replace(/\..*/, ''));
      assert.equal(code, 0, stderr);
    }
    const { code, stderr } = await run('schemas', 'export', '--format', 'dbt', '--output', 'dbt');
    assert.equal(code, 0, stderr);
    const file = path('dbt', 'models', 'sources.yml');
    const sources = parse(readFileSync(file, 'utf8'));
    for (const table of sources.sources[0].tables) {
      table.config.freshness = { error_after: { count: 2, period: 'hour' } };
    }
    writeFileSync(file, stringify(sources));
    for (const [args, expected] of [
      [['build'], /ERROR=0/],
      [['source', 'freshness'], /PASS freshness of sp_reports\.settlement_v2/],
    ] as const) {
      const { status, stdout } = spawnSync(dbt, [...args, '--profiles-dir', '.', '--no-use-colors'], {
        cwd: path('dbt'),
        encoding: 'utf8',
        env: { ...process.env, DBT_SEND_ANONYMOUS_USAGE_STATS: 'false' },
      });
      assert.equal(status, 0, stdout);
      assert.match(stdout, expected);
    }
  });
});
