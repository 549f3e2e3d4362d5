import assert from 'node:assert/strict';
import { listings, listingsType } from '../ingest/world.js';
import { commandFolder } from './command-folder.js';

const sku = (name: string, rows: number) =>
  `seller-sku\tprice\tquantity\n${Array.from({ length: rows }, (_, row) => `${name}-${row}\t9.99\t${row + 1}`).join('\n')}\n`;

describe('a load that takes rows away', () => {
  const { file, query, run } = commandFolder();
  const load = (name: string, day: string, ...more: string[]) =>
    run('load', name, '--type', listingsType, '--created', `2026-10-${day}`, ...more);
  const count = async () =>
    ((await query('SELECT count(*) AS rows FROM listings')) as { rows: string }[])[0]?.rows;

  it('warns in load, loads and the ledger, also if the rows came from an earlier run', async () => {
    file('large.txt', listings(30));
    file('small.txt', sku('s', 4));
    await load('large.txt', '01', '--marketplace', 'US');
    const { stdout, stderr, code } = await load('small.txt', '02', '--marketplace', 'US');
    assert.equal(code, 0);
    assert.match(stdout, /^ {2}warning: listings: 4 rows replace the 30 rows of file-\w+,/m);
    assert.match(stderr, /"code":"SNAPSHOT_SHRANK"/);
    assert.match((await run('loads')).stdout, /4 rows replace the 30 rows/);
    const found = await query("SELECT warnings->0->>'code' AS code FROM _loads ORDER BY report_created_at");
    assert.deepEqual(found, [{ code: null }, { code: 'SNAPSHOT_SHRANK' }]);
    assert.equal(await count(), '4');
  });

  it('asks for the marketplace if one file without it replaces another', async () => {
    file('us.txt', sku('us', 3));
    file('uk.txt', sku('uk', 3));
    const { stdout } = await run('load', 'us.txt', 'uk.txt', '--type', listingsType);
    assert.match(
      stdout,
      /warning: listings: (3 rows of file-\w+ were replaced|its 3 rows were replaced by those of file-\w+), because nothing says/,
    );
    const again = await load('us.txt', '09', '--marketplace', 'US');
    assert.doesNotMatch(again.stdout, /nothing says/);
  });

  it('is held back if a pipeline says so, until the loss is accepted', async () => {
    file(
      'pipelines.yaml',
      "pipelines:\n  - { name: p, schedule: '0 * * * *', queue: 'http://127.0.0.1:1/1/q', snapshotLoss: hold }\n",
    );
    file('large.txt', listings(30));
    file('small.txt', sku('s', 4));
    await load('large.txt', '01', '--marketplace', 'US');
    const held = await load('small.txt', '02', '--marketplace', 'US', '--json');
    assert.equal(held.code, 1);
    const { reasonCode, reason, documentId } = JSON.parse(held.stdout);
    assert.equal(reasonCode, 'SNAPSHOT_HELD');
    assert.match(reason, /4 rows replace the 30 rows/);
    assert.equal(await count(), '30');
    const accepted = await run('reload', documentId, '--accept-loss');
    assert.equal(accepted.code, 0, accepted.stderr);
    assert.equal(await count(), '4');
  });

  it('warns of a measure that is zero throughout, with both engines', async () => {
    for (const engine of ['columnar', 'reference']) {
      file('pipelines.yaml', `engine: ${engine}\nwarehouse: { path: ${engine}.duckdb }\n`);
      file('good.txt', sku('s', 20));
      file('outage.txt', sku('s', 20).replaceAll(/\t\d+$/gm, '\t0'));
      await load('good.txt', '01', '--marketplace', 'US');
      const { stdout } = await load('outage.txt', '02', '--marketplace', 'US');
      assert.match(stdout, /every value of quantity is NULL or zero, but not in file-/, engine);
    }
  });
});
