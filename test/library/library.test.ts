import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { drain, openReader, parseFile, readConfig, ReportsError } from '../../src/library/index.js';
import { blocksOf, root } from '../docs/blocks.js';
import { makeWorld, sellerId, type World } from '../ingest/world.js';

const listings = 'item-name\tseller-sku\tprice\tquantity\nLamp\tA-1\t19.99\t5\nDesk\tB-2\tcheap\t1\n';
const reportType = 'GET_MERCHANT_LISTINGS_ALL_DATA';

describe('the library', function () {
  this.timeout(120_000);
  let world: World;
  beforeEach(async () => {
    world = await makeWorld();
    const body = Buffer.from(listings);
    const documentId = 'listings-of-the-library';
    await world.sandbox.notify(world.sandbox.addReport({ sellerId, reportType, documentId, body }));
    writeFileSync(join(world.folder, 'GET_MERCHANT_LISTINGS_ALL_DATA.tsv'), listings);
  });
  afterEach(() => world.close());

  const settings = () => readConfig({ path: 'pipelines.yaml', cwd: world.folder, env: world.env });

  it('does what its page shows', async () => {
    const [example] = blocksOf('docs/library.md').filter(({ language }) => language === 'ts');
    const library = join(root, 'src', 'library', 'index.ts');
    const file = join(world.folder, 'example.mts');
    const text = example?.text.replace("'sp-reports'", JSON.stringify(library));
    writeFileSync(file, text ?? '');
    const args = ['--import', import.meta.resolve('tsx'), file];
    const { stdout } = await promisify(execFile)(process.execPath, args, {
      cwd: world.folder,
      env: world.env,
    });
    assert.deepEqual(stdout.trim().split('\n'), [
      '1 loaded, 0 failed',
      'A-1 19.9900',
      'B-2 null',
      `${reportType}: 2 rows for listings, 1 values rejected`,
    ]);
  });

  it('drains a queue once: what was loaded is not there the next time', async () => {
    assert.equal((await drain(settings(), 'all')).committed, 1);
    assert.equal((await drain(settings(), 'all')).committed, 0);
    const loads = await openReader(settings()).loads({});
    assert.deepEqual(
      loads.map(({ status, documentId }) => [status, documentId]),
      [['loaded', 'listings-of-the-library']],
    );
  });

  it('parses a document to Arrow as the commands load it', async () => {
    const {
      tables,
      reportType: found,
      decisions,
    } = await parseFile(join(world.folder, 'GET_MERCHANT_LISTINGS_ALL_DATA.tsv'));
    assert.equal(found, reportType);
    const [table] = tables;
    const sku = table?.rows.getChild('seller_sku');
    assert.deepEqual([...(sku ?? [])], ['A-1', 'B-2']);
    assert.equal(String(table?.rows.getChild('price')?.type), 'Decimal[18e+4]');
    assert.deepEqual(
      table?.rejects.map(({ row, column, raw }) => [row, column, raw]),
      [[2, 'price', 'cheap']],
    );
    assert.ok(Array.isArray(decisions));
  });

  it('only reads by its reader, and fails with the errors of the catalogue', async () => {
    await drain(settings(), 'all');
    const reader = openReader(settings());
    const isOf = (code: string) => (error: unknown) => error instanceof ReportsError && error.code === code;
    await assert.rejects(reader.query('DELETE FROM listings'), isOf('QUERY_FAILED'));
    await assert.rejects(drain(settings(), 'none'), isOf('USAGE'));
    await assert.rejects(
      parseFile(join(world.folder, 'absent.tsv'), { reportType }),
      isOf('FILE_UNREADABLE'),
    );
  });
});
