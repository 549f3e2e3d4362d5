import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { readdirSync } from 'node:fs';
import { DuckDBInstance } from '@duckdb/node-api';
import type { Pipeline } from '../../src/config/spec.js';
import { piiTreatment } from '../../src/privacy/pii-policy.js';
import { commandFolder } from '../commands/command-folder.js';
import { fakeContext, fakePipeline } from '../ingest/fake-context.js';
import { findWords } from '../ingest/data-folder.js';
import { runInProcess } from '../ingest/world.js';

const key = 'a key of the tests, long enough';
const type = 'GET_FLAT_FILE_ORDER_REPORT_DATA_SHIPPING';
const header = 'order-id\torder-item-id\tbuyer-name\tship-city\tquantity-purchased\tlocker-code';

const hashed = (text: string) => createHmac('sha256', key).update(text).digest('hex').slice(0, 32);

function document(...names: string[]): string {
  const lines = names.map(
    (name, index) => `o-${index}\ti-${index}\t${name}\tSpringfield\t${index + 1}\tL-${name}`,
  );
  return `${[header, ...lines].join('\n')}\n`;
}

describe('personal data', () => {
  const { file, path, query } = commandFolder();

  const settings = (pii: string, { engine = 'columnar', types = "'*'" } = {}) =>
    file(
      'pipelines.yaml',
      `engine: ${engine}
piiHashKey: \${KEY}
pipelines:
  - name: orders
    schedule: '0 * * * *'
    queue: https://sqs.us-east-1.amazonaws.com/123456789012/reports
    reportTypes: ${types}
    pii: ${pii}
`,
    );
  const load = async (name: string, reportType = type, env: NodeJS.ProcessEnv = { KEY: key }) => {
    const ran = await runInProcess(['load', name, '--type', reportType, '--json'], { env, cwd: path() });
    return ran;
  };
  const names = () =>
    query('SELECT buyer_name, ship_city, locker_code, quantity_purchased FROM orders_shipping ORDER BY _row');

  for (const engine of ['columnar', 'reference']) {
    it(`is hashed or dropped as the pipeline says, by the ${engine} engine`, async () => {
      const [first, empty, second] = ['Ann Archer', '', 'Zoë Ångström'];
      file('orders.txt', document(first, empty, second));
      const quantity = (row: number) => ({ quantity_purchased: String(row) });

      settings('hash', { engine });
      assert.equal((await load('orders.txt')).code, 0);
      const city = hashed('Springfield');
      assert.deepEqual(await names(), [
        { buyer_name: hashed(first), ship_city: city, locker_code: hashed(`L-${first}`), ...quantity(1) },
        { buyer_name: null, ship_city: city, locker_code: hashed('L-'), ...quantity(2) },
        { buyer_name: hashed(second), ship_city: city, locker_code: hashed(`L-${second}`), ...quantity(3) },
      ]);

      settings('drop', { engine });
      const { stdout } = await load('orders.txt');
      assert.match(stdout, /personal data dropped in orders_shipping: buyer_name, ship_city, locker_code/);
      const nothing = { buyer_name: null, ship_city: null, locker_code: null };
      assert.deepEqual(
        await names(),
        [1, 2, 3].map((row) => ({ ...nothing, ...quantity(row) })),
      );
      assert.deepEqual(await lakeTexts(path('data/lake'), first), []);
    });
  }

  it('is kept if no pipeline with the type says otherwise', async () => {
    settings('drop', { types: 'GET_MERCHANT_*' });
    file('orders.txt', document('Ann Archer'));
    assert.equal((await load('orders.txt')).code, 0);
    assert.equal(((await names()) as { buyer_name: string }[])[0]?.buyer_name, 'Ann Archer');
  });

  it('does not reach rejects, nor the reason of a quarantine', async () => {
    settings('drop');
    file('more-cells.txt', `${document('Ann Archer')}o-9\ti-9\tBea Baker\tGotham\t1\tL\tBea Baker again\n`);
    file('bad-number.txt', document('Ann Archer').replace('\t1\t', '\tCy Cooper\t'));
    file('no-header.txt', 'Dee Dean\tSpringfield\nEd Eames\tGotham\n');
    for (const name of ['more-cells.txt', 'bad-number.txt']) assert.equal((await load(name)).code, 0);
    assert.deepEqual(await query('SELECT column_name, raw, reason FROM _rejects ORDER BY 1'), [
      { column_name: 'quantity_purchased', raw: '', reason: 'expected int64; its text may be personal data' },
      { column_name: null, raw: '', reason: '1 cell more than the header; its text may be personal data' },
    ]);
    const { code, stdout } = await load('no-header.txt');
    assert.equal(code, 1);
    const { reason, reasonCode } = JSON.parse(stdout) as { reason: string; reasonCode: string };
    assert.equal(reasonCode, 'HEADER_UNKNOWN');
    assert.doesNotMatch(reason, /Dee|Gotham/);
    settings('keep');
    assert.match((await load('no-header.txt')).stdout, /Dee Dean/);
  });

  it('is in no warning and no reason of a decision, unless it is kept', async () => {
    file('dates.txt', 'order-id\torder-item-id\tbuyer-name\tpurchase-date\no-1\ti-1\tAnn\t05/03/2026\n');
    const found = async () => {
      assert.equal((await load('dates.txt')).code, 0);
      const [row] = (await query('SELECT warnings, decisions FROM _loads')) as Record<string, object>[];
      return JSON.stringify(row);
    };
    settings('drop');
    const dropped = await found();
    assert.match(dropped, /DATE_ORDER_GUESSED/);
    assert.doesNotMatch(dropped, /2026/);
    settings('keep');
    assert.match(await found(), /05\/03\/2026.*2026-05-03/);
  });

  it('is not loaded unhashed if the key is not set', async () => {
    settings('hash');
    file('orders.txt', document('Ann Archer'));
    const { code, stderr } = await load('orders.txt', type, {});
    assert.equal(code, 1);
    assert.match(stderr, /error PII_KEY_MISSING/);
    const loads = await runInProcess(['loads', '--json'], { env: {}, cwd: path() });
    assert.deepEqual(JSON.parse(loads.stdout), []);
  });

  // Its value is behind several batches of each engine.
  for (const [engine, rowsBefore] of [
    ['columnar', 40_000],
    ['reference', 12_000],
  ] as const) {
    it(`is recognized by the values of an unknown column, however late, by the ${engine} engine`, async () => {
      const feedback = 'GET_SELLER_FEEDBACK_DATA';
      const rows = Array.from({ length: rowsBefore }, (_, row) => `o-${row}\t5\t`);
      const text = ['Order ID\tRating\tErreichbar', ...rows, 'o-x\t4\tzoe@relay.example'].join('\n');
      file('late.txt', `${text}\n`);
      const last = () => query("SELECT rating, erreichbar FROM seller_feedback WHERE order_id = 'o-x'");
      const personal = () => query(`SELECT tables[0].personal AS columns FROM _loads`);

      settings('keep', { engine });
      const { stdout } = await load('late.txt', feedback);
      assert.deepEqual((JSON.parse(stdout) as { warnings: unknown }).warnings, [
        {
          code: 'PERSONAL_DATA_FOUND',
          message:
            'column erreichbar of seller_feedback, which no schema knows, has e-mail addresses in 1 value',
        },
      ]);
      assert.deepEqual(await last(), [{ rating: '4', erreichbar: 'zoe@relay.example' }]);
      assert.deepEqual(await personal(), [{ columns: ['erreichbar'] }]);

      settings('hash', { engine });
      assert.equal((await load('late.txt', feedback)).code, 0);
      assert.deepEqual(await last(), [{ rating: '4', erreichbar: hashed('zoe@relay.example') }]);

      settings('drop', { engine });
      assert.equal((await load('late.txt', feedback)).code, 0);
      assert.deepEqual(await last(), [{ rating: '4', erreichbar: null }]);
      assert.deepEqual(await lakeTexts(path('data/lake'), 'zoe@relay.example'), []);
    });
  }

  it('in an unknown column is not shown as drift, stays marked in a rebuild, and is purged', async () => {
    const relay = 'amy@relay.example';
    file('new.txt', `Order ID\tRating\tKontakt X\tFarbe\no-1\t5\t${relay}\tblau\n`);
    assert.equal((await load('new.txt', 'GET_SELLER_FEEDBACK_DATA')).code, 0);
    const run = (...args: string[]) => runInProcess(args, { env: {}, cwd: path() });
    for (const form of [[], ['--json'], ['--yaml']]) {
      const { stdout } = await run('schemas', 'drift', ...form);
      assert.doesNotMatch(stdout, /relay/);
      assert.match(stdout, /Kontakt X/);
    }
    assert.match((await run('schemas', 'drift', '--yaml')).stdout, /kontakt_x.*pii: true/);
    assert.equal((await run('rebuild')).code, 0);
    assert.equal((await run('purge', '--older-than', '0d')).code, 0);
    assert.deepEqual(await query('SELECT kontakt_x, farbe FROM seller_feedback'), [
      { kontakt_x: null, farbe: 'blau' },
    ]);
    const found = await findWords(path('data'), [relay]);
    assert.deepEqual([...found.keys()], []);
  });

  it('is hashed in columns of unknown meaning, whatever their type', async () => {
    settings('hash');
    file('dates.txt', 'order-id\torder-item-id\tborn-on\no-1\ti-1\t1990-05-01\n');
    assert.equal((await load('dates.txt')).code, 0);
    assert.deepEqual(await query('SELECT born_on FROM orders_shipping'), [{ born_on: hashed('1990-05-01') }]);
    const inferred = 'GET_FLAT_FILE_ORDERS_RECONCILIATION_DATA_TAX';
    file('inferred.txt', 'born-on\tpaid\tcount\n1990-05-01\t12.50\t7\n');
    assert.equal((await load('inferred.txt', inferred)).code, 0);
    assert.deepEqual(
      await query('SELECT born_on, paid, count FROM flat_file_orders_reconciliation_data_tax'),
      [{ born_on: hashed('1990-05-01'), paid: hashed('12.5'), count: hashed('7') }],
    );
  });

  it('is protected by a hash key that `config check` does not show', async () => {
    settings('hash');
    for (const options of [[], ['--json']]) {
      const ran = await runInProcess(['config', 'check', ...options], { env: { KEY: key }, cwd: path() });
      assert.equal(ran.code, 0, ran.stderr);
      assert.ok(!ran.stdout.includes(key));
      assert.match(ran.stdout, /hash/);
    }
  });
});

describe('the personal data policy', () => {
  const rule = (name: string, queue: string, reportTypes: string, pii: 'keep' | 'hash' | 'drop') =>
    fakePipeline({ name, queue, reportTypes: [reportTypes], pii });
  const policy = (pipeline: string | null, reportType: string, rules: Pipeline[]) => {
    const { config } = fakeContext({ config: { pipelines: [], unsetPipelines: rules, piiHashKey: key } });
    return piiTreatment({ pipeline, reportType }, config)?.policy ?? 'keep';
  };

  it('is the strictest of all pipelines of one queue that load the type, whichever of them drained it', () => {
    const rules = [
      rule('all', 'q1', '*', 'keep'),
      rule('orders', 'q1', 'GET_ORDERS_*', 'drop'),
      rule('elsewhere', 'q2', '*', 'hash'),
    ];
    assert.equal(policy('all', 'GET_ORDERS_X', rules), 'drop');
    assert.equal(policy('orders', 'GET_ORDERS_X', rules), 'drop');
    assert.equal(policy('all', 'GET_LISTINGS', rules), 'keep');
    assert.equal(policy('elsewhere', 'GET_ORDERS_X', rules), 'hash');
  });

  it('is the strictest of all that load the type for a document from disk, or of a removed pipeline', () => {
    const rules = [rule('a', 'q1', 'GET_ORDERS_*', 'keep'), rule('b', 'q2', 'GET_ORDERS_*', 'hash')];
    for (const pipeline of [null, 'gone']) {
      assert.equal(policy(pipeline, 'GET_ORDERS_X', rules), 'hash');
      assert.equal(policy(pipeline, 'GET_LISTINGS', rules), 'keep');
    }
  });
});

/** The Parquet files of a folder in which a value of any column has the text. */
async function lakeTexts(folder: string, text: string): Promise<string[]> {
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((name) =>
    name.endsWith('.parquet'),
  );
  const instance = await DuckDBInstance.create(':memory:');
  const connection = await instance.connect();
  const found: string[] = [];
  for (const name of files) {
    const reader = await connection.runAndReadAll(
      `SELECT count(*) FROM read_parquet('${folder}/${name}') rows WHERE contains(rows::VARCHAR, '${text}')`,
    );
    if (Number(reader.getRows()[0]?.[0]) > 0) found.push(name);
  }
  connection.closeSync();
  instance.closeSync();
  return found;
}
