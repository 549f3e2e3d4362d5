import assert from 'node:assert/strict';
import {
  copyFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DuckDBInstance } from '@duckdb/node-api';
import { findWords } from '../ingest/data-folder.js';
import { crashPurge, makeOldData, oldWords, youngWords } from './old-data.js';
import { digestFile } from '../../src/files/file-digest.js';
import type { LakeFile, LedgerEntry } from '../../src/warehouse/types.js';
import { runInProcess } from '../ingest/world.js';

describe('purge', () => {
  let template = '';
  let folder = '';
  const run = (...args: string[]) => runInProcess(args, { env: {}, cwd: folder });
  const data = () => join(folder, 'data');
  const query = async (sql: string) => JSON.parse((await run('query', '--json', sql)).stdout) as unknown;
  const purge = async (...args: string[]) => {
    const { code, stdout, stderr } = await run('purge', '--older-than', '30d', '--json', ...args);
    assert.equal(code, 0, stderr);
    return JSON.parse(stdout) as { documents: string[]; rawDocuments: number; removedFiles: string[] };
  };
  const contents = () =>
    query(`SELECT order_id, order_item_id, quantity_purchased, _row FROM orders_shipping
      UNION ALL SELECT thing, NULL, NULL, _row FROM something_new UNION ALL SELECT seller_sku, item_name, quantity, _row FROM listings
      UNION ALL SELECT order_id, NULL, rating, _row FROM seller_feedback ORDER BY ALL`);

  const purgedKeys = async () => {
    const rows = (await query(
      "SELECT key FROM _loads WHERE list_contains(notes, 'personal data removed') AND raw_path IS NULL ORDER BY key",
    )) as { key: string }[];
    return rows.map(({ key }) => key);
  };

  before(async () => {
    template = await makeOldData();
    folder = template;
  });
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'sp-reports-test-'));
    cpSync(template, folder, { recursive: true, preserveTimestamps: true });
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));
  after(() => rmSync(template, { recursive: true, force: true }));

  it('removes every byte of personal data of old documents, and keeps everything else', async () => {
    const found = await findWords(data(), oldWords);
    const places = [...found].flatMap(([name, ways]) => ways.map((way) => `${kindOf(name)}: ${way}`));
    assert.deepEqual([...new Set(places)].sort(), [
      'copy: bytes',
      'copy: tables',
      'lake: bytes',
      'lake: rows',
      'raw: bytes',
      'raw: gunzipped',
      'record: bytes',
      'rejects: bytes',
      'rejects: rows',
      'warehouse: bytes',
      'warehouse: tables',
    ]);
    const before = await contents();
    mkdirSync(join(data(), 'warehouse.duckdb.rebuild.tmp'));
    const youngBefore = [...(await findWords(data(), youngWords)).keys()].filter(
      (name) => kindOf(name) !== 'copy',
    );

    const planned = await purge('--dry-run');
    assert.deepEqual(await findWords(data(), oldWords), found);
    const done = await purge();
    assert.deepEqual({ ...done, before: '', dryRun: '' }, { ...planned, before: '', dryRun: '' });
    assert.equal(done.documents.length, 6);

    assert.deepEqual(await findWords(data(), oldWords), new Map());
    assert.deepEqual(await contents(), before);
    assert.deepEqual(
      readdirSync(data()).filter((name) => name.startsWith('warehouse')),
      ['warehouse.duckdb'],
    );
    assert.deepEqual([...(await findWords(data(), youngWords)).keys()], youngBefore);
    assert.deepEqual((await purge()).documents, []);
  });

  it('leaves the codes of warnings, and nothing that they quoted, in the ledger and load records', async () => {
    const quoted = '05/03/2026';
    writeFileSync(
      join(folder, 'quoted.txt'),
      `order-id\torder-item-id\tbuyer-name\tpurchase-date\no-1\ti-1\tAnn\t${quoted}\n`,
    );
    const type = ['--type', 'GET_FLAT_FILE_ORDER_REPORT_DATA_SHIPPING', '--created', '2026-06-01'];
    const { stdout } = await run('load', 'quoted.txt', ...type, '--json');
    const { documentId } = JSON.parse(stdout);
    const places = async () => [...(await findWords(data(), [quoted])).keys()].map(kindOf);
    for (const kind of ['raw', 'record', 'warehouse']) assert.ok((await places()).includes(kind), kind);
    await purge();
    assert.deepEqual(await places(), []);
    const { warnings, decisions } = JSON.parse((await run('loads', documentId, '--json')).stdout);
    const removed = 'left out, as it may quote personal data';
    const [{ code, message }] = warnings;
    assert.deepEqual([code, message], ['DATE_ORDER_GUESSED', removed]);
    assert.ok(decisions.length > 0);
    for (const { value, reason } of decisions) assert.deepEqual([value !== '', reason], [true, removed]);
  });

  it('keeps what the user made in the warehouse file, and its access rights', async () => {
    await alter(join(data(), 'warehouse.duckdb'), [
      'CREATE VIEW buyers AS SELECT order_id, buyer_name FROM orders_shipping',
      'CREATE INDEX by_order ON orders_shipping (order_id)',
      "CREATE TABLE mine AS SELECT 'kept' AS word",
      "COMMENT ON TABLE mine IS 'of the user'",
    ]);
    const shape = () =>
      query(`SELECT view_name AS name, sql FROM duckdb_views() WHERE NOT internal UNION ALL SELECT index_name, sql FROM duckdb_indexes()
        UNION ALL SELECT table_name, comment FROM duckdb_tables() UNION ALL SELECT word, NULL FROM mine ORDER BY ALL`);
    const before = await shape();
    await purge();
    assert.deepEqual(await shape(), before);
    assert.equal(statSync(join(data(), 'warehouse.duckdb')).mode & 0o777, 0o600);
  });

  it('is final: only the user can bring the data back', async () => {
    const { documents: keys } = await purge();
    const [{ document_id: id }] = (await query(
      "SELECT document_id FROM _loads WHERE report_type LIKE '%SHIPPING' AND report_created_at < '2021-01-01' LIMIT 1",
    )) as [{ document_id: string }];
    const reloaded = await run('reload', id, '--json');
    assert.equal(reloaded.code, 1);
    assert.match(reloaded.stdout, /"code":"RAW_PURGED"/);
    assert.equal((await run('rebuild')).code, 0);
    assert.deepEqual(await findWords(data(), oldWords), new Map());
    assert.deepEqual(await purgedKeys(), keys.toSorted());
  });

  it('keeps everything that a rebuild needs, also if only the raw documents had it', async () => {
    rmSync(join(data(), 'lake', '_loads'), { recursive: true });
    rmSync(join(data(), 'lake', 'seller_feedback'), { recursive: true });
    const before = await contents();
    const { documents } = await purge();
    const { code, stderr } = await run('rebuild');
    assert.equal(code, 0, stderr);
    assert.deepEqual(await contents(), before);
    assert.deepEqual(await purgedKeys(), documents.toSorted());
    assert.deepEqual(await findWords(data(), oldWords), new Map());
  });

  it('removes what a crash left in lake and raw without a ledger row, once it is old', async () => {
    const folders = ['raw', 'lake'].map((name) => join(data(), name));
    rmSync(join(data(), 'warehouse.duckdb'));
    rmSync(join(data(), 'lake', '_loads'), { recursive: true });
    const before = await findWords(data(), oldWords);
    assert.ok(folders.every((each) => existsSync(each)) && before.size > 3);
    const aged = new Date('2020-01-01');
    for (const name of readdirSync(join(data(), 'lake'), { recursive: true, encoding: 'utf8' })) {
      utimesSync(join(data(), 'lake', name), aged, aged);
    }
    await purge();
    assert.deepEqual(await findWords(data(), oldWords), new Map());
    // Types without personal data keep everything.
    assert.ok(existsSync(join(data(), 'lake', 'listings')));
  });

  it('replaces the published copy of the warehouse', async () => {
    writeFileSync(
      join(folder, 'pipelines.yaml'),
      'warehouse: { publish: { path: data/tools/copy.duckdb, every: 9 weeks } }\n',
    );
    const copy = join(data(), 'tools', 'copy.duckdb');
    mkdirSync(join(data(), 'tools'));
    copyFileSync(join(data(), 'warehouse.duckdb'), copy);
    assert.ok((await findWords(join(data(), 'tools'), oldWords)).size > 0);
    await purge();
    assert.deepEqual(await findWords(data(), oldWords), new Map());
    assert.equal((await run('query', 'SELECT 1 FROM _loads')).code, 0);
    assert.ok((await findWords(join(data(), 'tools'), youngWords)).size > 0);
  });

  it('is repeated after a crash', async () => {
    await crashPurge(folder, ['file-copied']);
    // What is left of it is not readable for others either.
    assert.deepEqual(readableByOthers(data()), []);
    assert.equal((await purge()).documents.length, 6);
    assert.deepEqual(await findWords(data(), oldWords), new Map());
  });

  /** The Parquet files of each document, as its record and the ledger know them. */
  async function knownFiles(): Promise<Record<string, LakeFile[]>> {
    const ledger = (await query('SELECT key, files FROM _loads ORDER BY key')) as {
      key: string;
      files: LakeFile[];
    }[];
    const records = join(data(), 'lake', '_loads');
    const recorded = readdirSync(records, { recursive: true, encoding: 'utf8' })
      .filter((name) => name.endsWith('.json'))
      .map((name) => JSON.parse(readFileSync(join(records, name), 'utf8')).entry as LedgerEntry);
    for (const { key, files } of recorded) {
      assert.deepEqual(ledger.find((row) => row.key === key)?.files, files, key);
    }
    return Object.fromEntries(ledger.map(({ key, files }) => [key, files]));
  }

  async function assertKnown(): Promise<void> {
    const files = Object.values(await knownFiles()).flat();
    assert.ok(files.length > 5);
    for (const { path, ...digest } of files) {
      assert.deepEqual(await digestFile(join(data(), 'lake', path)), digest, path);
    }
    const { fromRaw } = JSON.parse((await run('rebuild', '--json')).stdout);
    assert.equal(fromRaw, 0);
  }

  it('records the hashes of the files that it wrote, so that a rebuild accepts them', async () => {
    await assertKnown();
    await purge();
    await assertKnown();
  });

  it('records the hashes also after a crash between the files and their hashes', async () => {
    await crashPurge(folder, ['lake-purged']);
    const before = await contents();
    const { code, stderr } = await run('rebuild', '--json');
    assert.equal(code, 0, stderr);
    assert.deepEqual(await contents(), before);
    await purge();
    await assertKnown();
  });

  it('makes a damaged file again from the raw document first, and uses none of its bytes', async () => {
    const before = await contents();
    const flip = (path: string) => {
      const bytes = readFileSync(path);
      // In the rows, before the footer.
      bytes[20] = (bytes[20] ?? 0) ^ 1;
      writeFileSync(path, bytes);
    };
    const lake = join(data(), 'lake', 'orders_shipping', 'seller=local');
    const old = readdirSync(lake).map((name) => join(lake, name));
    for (const path of old) flip(path);
    await purge();
    const { code, stderr } = await run('rebuild');
    assert.equal(code, 0, stderr);
    assert.deepEqual(await contents(), before);
  });

  it('needs the age of the documents, in words that it knows', async () => {
    for (const age of ['30', '-1d', '30 days', '1m']) {
      const { code, stderr } = await run('purge', '--older-than', age);
      assert.equal(code, 2);
      assert.match(stderr, /It must be an age, such as 30d, 72h or 5w/);
    }
    assert.equal((await run('purge')).code, 2);
  });
});

/** Files and folders that users other than their owner have rights to. */
function readableByOthers(folder: string): string[] {
  const names = ['.', ...readdirSync(folder, { recursive: true, encoding: 'utf8' })];
  return names.filter((name) => (statSync(join(folder, name)).mode & 0o077) !== 0);
}

async function alter(path: string, statements: string[]): Promise<void> {
  const instance = await DuckDBInstance.create(path);
  const connection = await instance.connect();
  for (const statement of statements) await connection.run(statement);
  connection.closeSync();
  instance.closeSync();
}

/** Which part of the data folder a file is in. */
function kindOf(name: string): string {
  if (name.includes('before-rebuild')) return 'copy';
  if (name.startsWith('warehouse.duckdb')) return 'warehouse';
  if (name.startsWith('raw')) return 'raw';
  if (name.startsWith('lake/_loads')) return 'record';
  return name.startsWith('lake/_rejects') ? 'rejects' : 'lake';
}
