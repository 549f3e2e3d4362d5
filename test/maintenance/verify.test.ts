import assert from 'node:assert/strict';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { DuckDBInstance } from '@duckdb/node-api';
import { makeWorld, orders, ordersType, type World } from '../ingest/world.js';
import { startS3 } from '../store/emulators.js';
import { damageFile, flipBit, withoutHashes } from './damaged-files.js';
import { order, runOneReport } from './load-orders.js';
import {
  describeRepairs,
  filesOf,
  findingsOf,
  flip,
  kindsOf,
  parquetDamages,
  rawDamages,
  recordDamages,
  remove,
  verifyFolder,
} from './verify-damages.js';

describe('verify', () => {
  const { path, run, query, verify, loadTwo, tables, file } = verifyFolder();

  /** Changes the warehouse file as nobody should. */
  async function tamper(...statements: string[]): Promise<void> {
    const instance = await DuckDBInstance.create(path('warehouse.duckdb'));
    const connection = await instance.connect();
    for (const sql of statements) await connection.run(sql);
    connection.closeSync();
    instance.closeSync();
  }

  it('finds nothing if ledger, files and tables agree, and changes nothing', async () => {
    await loadTwo();
    const before = [filesOf(path('lake')), filesOf(path('raw'))];
    for (const args of [[], ['--repair']]) {
      const ran = await verify(...args);
      assert.deepEqual([ran.code, ran.stdout], [0, ''], ran.stderr);
      assert.match(ran.stderr, /2 documents and 1 table checked: 0 findings/);
    }
    assert.deepEqual([filesOf(path('lake')), filesOf(path('raw'))], before);
  });

  it('leaves a Parquet file whose raw document is damaged too as it is, and its rows in the table', async () => {
    const id = await loadTwo();
    const before = await tables();
    damageFile(path('lake'), `${id}.parquet`, flip);
    damageFile(path('raw'), id, flip);
    const ran = await verify('--repair');
    assert.equal(ran.code, 1);
    assert.deepEqual(kindsOf(ran).sort(), ['parquet_damaged failed', 'raw_damaged none']);
    assert.deepEqual(await tables(), before);
  });

  it('reports a raw document from disk that is missing or damaged, which no other copy can replace', async () => {
    const id = await loadTwo();
    const bytes = damageFile(path('raw'), id, flip);
    const damaged = await verify('--repair');
    assert.deepEqual([damaged.code, kindsOf(damaged)], [1, ['raw_damaged none']]);
    assert.deepEqual([findingsOf(damaged)[0]?.path, findingsOf(damaged)[0]?.rows], [bytes, 3]);
    rmSync(bytes);
    assert.deepEqual(kindsOf(await verify('--repair')), ['raw_missing none']);
  });

  it('writes metadata that is missing or damaged again from the ledger', async () => {
    const id = await loadTwo();
    const before = await tables();
    for (const [kind, change] of [
      ['metadata_missing', remove],
      ['metadata_damaged', { damage: () => Buffer.from('{}') }],
      [
        'metadata_damaged',
        { damage: (bytes: Buffer) => flipBit(bytes, bytes.indexOf('"reportCreatedAt": "') + 22) },
      ],
    ] as const) {
      damageFile(path('raw'), `${id}.json`, change);
      assert.deepEqual(kindsOf(await verify()), [`${kind} possible`]);
      assert.deepEqual(kindsOf(await verify('--repair')), [`${kind} done`]);
      const reloaded = await run('reload', id);
      assert.equal(reloaded.code, 0, reloaded.stdout);
      assert.deepEqual(await tables(), before);
    }
  });

  it('finds rows that are missing, surplus, or of no document of the ledger, and deletes none of the last kind', async () => {
    const id = await loadTwo();
    const before = await tables();
    await tamper(`DELETE FROM orders_by_last_update WHERE amazon_order_id = '111-5'`);
    const missing = await verify();
    assert.deepEqual(
      findingsOf(missing).map(({ kind, table, rows }) => [kind, table, rows]),
      [['rows_missing', 'orders_by_last_update', 1]],
    );
    assert.deepEqual(kindsOf(await verify('--repair')), ['rows_missing done']);
    assert.deepEqual(await tables(), before);

    await tamper(
      `INSERT INTO orders_by_last_update SELECT * FROM orders_by_last_update WHERE _document_id = '${id}' LIMIT 2`,
    );
    const surplus = await verify('--repair');
    assert.deepEqual(kindsOf(surplus), ['rows_surplus done'], surplus.stdout);
    assert.equal(findingsOf(surplus)[0]?.rows, 2);
    assert.deepEqual(await tables(), before);

    await tamper(
      `INSERT INTO orders_by_last_update SELECT * REPLACE ('unknown' AS _document_id) FROM orders_by_last_update LIMIT 1`,
    );
    const orphaned = await verify('--repair');
    assert.deepEqual([orphaned.code, kindsOf(orphaned)], [1, ['rows_orphaned none']]);
    assert.match(findingsOf(orphaned)[0]?.key ?? '', /\/unknown$/);
    assert.equal(((await tables()) as unknown[]).length, 6);
  });

  it('reports no rows that a newer report replaced, and makes a dropped table again', async () => {
    const id = await loadTwo();
    await run(
      'load',
      file('newer.txt', orders([{ ...order(1), status: 'Cancelled' }])),
      '--type',
      ordersType,
    );
    const clean = await verify();
    assert.deepEqual([clean.code, clean.stdout], [0, '']);
    const before = await tables();
    await tamper('DROP TABLE orders_by_last_update');
    const dropped = await verify();
    assert.deepEqual(kindsOf(dropped), ['table_missing possible']);
    const repaired = await verify('--repair');
    assert.deepEqual([repaired.code, kindsOf(repaired)], [0, ['table_missing done']], repaired.stdout);
    assert.deepEqual(await tables(), before);
    assert.ok(id);
  });

  it('reports files of no document of the ledger and files of others, and leaves them', async () => {
    const id = await loadTwo();
    await tamper(`DELETE FROM _loads WHERE document_id = '${id}'`, 'DELETE FROM orders_by_last_update');
    await tamper(`DELETE FROM _loads`);
    for (const name of ['lake/notes.txt', 'raw/.DS_Store', 'lake/a/b/c.parquet', 'lake/_loads/x/y.json']) {
      mkdirSync(dirname(path(name)), { recursive: true });
      writeFileSync(path(name), 'of somebody else');
    }
    writeFileSync(path('lake', 'unfinished.parquet.part'), '');
    const before = [filesOf(path('lake')), filesOf(path('raw'))];
    const ran = await verify('--repair');
    const kinds = findingsOf(ran).map(({ kind }) => kind);
    assert.deepEqual(kinds.sort(), [
      ...Array(4).fill('file_foreign'),
      ...Array(2).fill('parquet_orphaned'),
      ...Array(2).fill('raw_orphaned'),
      ...Array(2).fill('record_orphaned'),
    ]);
    const keys = findingsOf(ran).flatMap(({ kind, key }) => (kind === 'raw_orphaned' ? key : []));
    assert.ok(keys.some((key) => key?.endsWith(`/${id}`)));
    assert.deepEqual([filesOf(path('lake')), filesOf(path('raw'))], before);
  });

  describe('with files of a version without hashes', () => {
    it('keeps their hashes once Parquet and raw document agree, and finds damage from then on', async () => {
      const id = await loadTwo();
      const before = await tables();
      await withoutHashes(path);
      const found = await verify();
      assert.equal(found.code, 0);
      const unhashed = ['raw_unhashed', 'parquet_unhashed'];
      assert.deepEqual(
        kindsOf(found).sort(),
        [...unhashed, ...unhashed].map((kind) => `${kind} possible`).sort(),
      );
      const repaired = await verify('--repair');
      assert.ok(
        findingsOf(repaired).every(({ repair }) => repair === 'done'),
        repaired.stdout,
      );
      assert.deepEqual([(await verify()).stdout, await tables()], ['', before]);
      damageFile(path('lake'), `${id}.parquet`, flip);
      assert.deepEqual(kindsOf(await verify()), ['parquet_damaged possible']);
    });

    it('keeps no hash of a raw document that has other rows than the Parquet file', async () => {
      const id = await loadTwo();
      await withoutHashes(path);
      damageFile(path('raw'), id, {
        damage: (bytes) => Buffer.from(bytes.toString().replace('\t0.00', '\t7.00')),
      });
      const ran = await verify('--repair');
      const own = findingsOf(ran).filter(({ key }) => key?.endsWith(`/${id}`));
      assert.deepEqual(
        own.map(({ repair }) => repair),
        ['failed', 'failed'],
        ran.stdout,
      );
      assert.match(own[0]?.found ?? '', /its rows are not those of the raw document/);
      const rows = await query(`SELECT raw_sha256 FROM _loads WHERE document_id = '${id}'`);
      assert.deepEqual(rows, [{ raw_sha256: null }]);
    });
  });
});

// verify.slow.test.ts has all damages.
describeRepairs('damage that verify repairs', {
  parquet: parquetDamages.slice(0, 2),
  record: recordDamages.slice(1, 2),
  raw: rawDamages.slice(1, 3),
});

describe('verify with a seller that is configured', () => {
  let world: World;
  afterEach(() => world.close());

  const load = () => runOneReport(world);

  it('reports that a document which Amazon no longer has was not repaired, and why', async () => {
    world = await makeWorld();
    const before = await load();
    damageFile(join(world.folder, 'raw'), 'amzn1.spdoc.1', flip);
    world.sandbox.state.reports.length = 0;
    const ran = await world.run('verify', '--repair', '--json');
    assert.deepEqual([ran.code, kindsOf(ran)], [1, ['raw_damaged failed']]);
    assert.match(findingsOf(ran)[0]?.found ?? '', /differ from those that were written; .*71/);
    assert.deepEqual(await world.contents(), before);
  });

  it('works on buckets', async () => {
    const standIn = await startS3();
    const settings = {
      lake: `${standIn.url}/lake`,
      raw: `${standIn.url}/raw`,
      bucket: { endpoint: standIn.endpoint },
    };
    world = await makeWorld({ settings });
    try {
      const before = await load();
      const clean = await world.run('verify', '--json');
      assert.deepEqual([clean.code, clean.stdout], [0, ''], clean.stderr);
      for (const name of await standIn.bucket.list('')) {
        if (!name.endsWith('.parquet') && !/_loads.*\.json$/.test(name) && !name.endsWith('spdoc.1'))
          continue;
        const copy = join(world.folder, 'copy');
        rmSync(copy, { force: true });
        await standIn.bucket.get(name, copy);
        writeFileSync(copy, flipBit(readFileSync(copy), 0));
        await standIn.bucket.put(name, copy);
      }
      const ran = await world.run('verify', '--repair', '--json');
      assert.deepEqual(
        [ran.code, kindsOf(ran).sort()],
        [0, ['parquet_damaged done', 'raw_damaged done', 'record_damaged done']],
        ran.stdout + ran.stderr,
      );
      assert.ok(findingsOf(ran).every(({ path }) => path?.startsWith(standIn.url)));
      assert.deepEqual([(await world.run('verify', '--json')).stdout, await world.contents()], ['', before]);
    } finally {
      await standIn.close();
    }
  });
});
