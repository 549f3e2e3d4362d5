import assert from 'node:assert/strict';
import { mkdirSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { DuckDBInstance } from '@duckdb/node-api';
import fc from 'fast-check';
import { exportTables } from '../../src/schema/export/tables.js';
import { checkViews } from '../../src/schema/views.js';
import { packagedSchemasFolder, readSchemas } from '../../src/schema/read.js';
import { readRelations } from '../../src/warehouse/duckdb/relations.js';
import { bindProblems } from '../../src/warehouse/duckdb/bind-views.js';
import { createTable } from '../../src/warehouse/duckdb/table-sql.js';
import { refreshViews } from '../../src/warehouse/duckdb/views.js';
import { commandFolder } from '../commands/command-folder.js';
import { listings, listingsType, orders, ordersType, returnsType } from '../ingest/world.js';
import { runs } from '../property-runs.js';

const folders = [packagedSchemasFolder()];
const schemas = readSchemas({ folders });
/** The packaged views on orders alone. */
const ofOrders = ['order_items', 'order_sums', 'orders_per_day', 'orders_per_local_day'];
const viewText = (sql: string, tables = 'listings', more = '') =>
  `-- What is listed.\n--\n-- Tables: ${tables}\n${more}${sql}\n`;

describe('views in a warehouse', () => {
  const { run, file, path, query } = commandFolder();
  const views = async () =>
    (
      (await query('SELECT view_name AS v FROM duckdb_views() WHERE NOT internal ORDER BY 1')) as {
        v: string;
      }[]
    ).map(({ v }) => v);
  const load = async (type = listingsType, content = listings(2), ...more: string[]) => {
    const { code, stderr } = await run('load', file(`${type}.txt`, content), '--type', type, ...more);
    assert.equal(code, 0, stderr);
    return stderr;
  };
  const own = (name: string, text: string) => {
    mkdirSync(path('schemas', 'views'), { recursive: true });
    writeFileSync(path('schemas', 'views', name), text);
  };

  it('are made when their tables exist, made again when their SQL changes, and dropped with their file', async () => {
    own('dear.sql', viewText('SELECT seller_sku FROM listings WHERE price > 5'));
    await load();
    assert.deepEqual(await views(), ['dear']);
    assert.deepEqual(await query('SELECT count(*) AS n FROM dear'), [{ n: '2' }]);
    own('dear.sql', viewText('SELECT seller_sku, price FROM listings WHERE price > 50;'));
    await load(ordersType, orders([{ id: '1', status: 'Shipped' }]));
    assert.deepEqual(await views(), ['dear', ...ofOrders]);
    assert.deepEqual(await query('SELECT seller_sku, price FROM dear'), []);
    rmSync(path('schemas', 'views', 'dear.sql'));
    await load();
    assert.deepEqual(await views(), ofOrders);
  });

  it('are listed with what they wait for, and do not count as tables of reports', async () => {
    await load(
      returnsType,
      Buffer.from('order-id\tsku\tquantity\treturn-date\n1\ta\t1\t2026-10-01T00:00:00+00:00\n'),
    );
    const listed = JSON.parse((await run('tables', '--views', '--json')).stdout) as {
      name: string;
      waitsFor: string[];
    }[];
    const waits = (name: string) => listed.find((view) => view.name === name)?.waitsFor;
    assert.deepEqual(waits('returns_per_sku'), ['orders_by_last_update or orders_by_order_date']);
    assert.match(
      (await run('tables', '--views')).stdout,
      /reimbursements_owed .*ledger_detail or inventory_adjustments, reimbursements/,
    );
    await load(ordersType, orders([{ id: '1', status: 'Shipped' }]));
    const after = JSON.parse((await run('tables', '--views', '--json')).stdout) as typeof listed;
    assert.deepEqual(after.find(({ name }) => name === 'returns_per_sku')?.waitsFor, []);
    const tables = JSON.parse((await run('tables', '--json')).stdout) as { name: string }[];
    assert.deepEqual(tables.map(({ name }) => name).sort(), ['customer_returns', 'orders_by_last_update']);
  });

  it('exist for a query as soon as their file does, change with it and go with it', async () => {
    await load();
    own('cheap.sql', viewText('SELECT seller_sku FROM listings WHERE price < 1000'));
    assert.deepEqual(await query('SELECT count(*) AS n FROM cheap'), [{ n: '2' }]);
    own('cheap.sql', viewText('SELECT seller_sku FROM listings WHERE price < 0'));
    assert.deepEqual(await query('SELECT count(*) AS n FROM cheap'), [{ n: '0' }]);
    own('cheap.sql', viewText('SELECT nope FROM listings'));
    const { stderr } = await run('query', 'SELECT 1 AS one');
    assert.match(stderr, /the view was not made: .*nope.* not found/);
    rmSync(path('schemas', 'views', 'cheap.sql'));
    assert.match((await run('query', 'SELECT * FROM cheap')).stderr, /cheap does not exist/);
  });

  it('show stock as of the time of its file, rather than of its loading, if nothing else says when', async () => {
    const type = 'GET_FBA_MYI_UNSUPPRESSED_INVENTORY_DATA';
    const name = file('stock.tsv', 'sku\tcondition\tafn-fulfillable-quantity\nA\tNew\t3\n');
    utimesSync(path(name), new Date(), new Date('2026-10-05T06:07:08Z'));
    assert.equal((await run('load', name, '--type', type)).code, 0);
    assert.deepEqual(await query('SELECT sku, fulfillable, as_of FROM stock_on_hand'), [
      { sku: 'A', fulfillable: '3', as_of: '2026-10-05T06:07:08.000Z' },
    ]);
  });

  it('show stock as of the creation of its report if the document has no data period', async () => {
    const type = 'GET_FBA_MYI_UNSUPPRESSED_INVENTORY_DATA';
    const stock = Buffer.from('sku\tcondition\tafn-fulfillable-quantity\nA\tNew\t3\n');
    await load(type, stock, '--created', '2026-11-01T02:03:04Z');
    assert.deepEqual(await query('SELECT sku, as_of FROM stock_on_hand'), [
      { sku: 'A', as_of: '2026-11-01T02:03:04.000Z' },
    ]);
  });

  it('may read other views, packaged ones and facts, and do without a table that is optional', async () => {
    own(
      'busy_days.sql',
      viewText(
        `SELECT order_date, orders, LOCAL_DATE(CAST(order_date AS TIMESTAMP), time_zone) AS before
         FROM orders_per_day JOIN marketplace_facts ON marketplace_name = sales_channel
         WHERE NOT EXISTS (SELECT 1 FROM listings)`,
        'orders_per_day, marketplace_facts, listings?',
      ),
    );
    own('busier_days.sql', viewText('SELECT orders FROM busy_days', 'busy_days'));
    const order = Buffer.from(
      'amazon-order-id\tpurchase-date\tlast-updated-date\torder-status\tsales-channel\tsku\tquantity\n1\t2026-06-02T01:00:00+00:00\t2026-06-02T01:00:00+00:00\tShipped\tAmazon.com\ta\t1\n',
    );
    await load(ordersType, order);
    assert.deepEqual(await query('SELECT * FROM busy_days'), [
      { order_date: '2026-06-02', orders: '1', before: '2026-06-01' },
    ]);
    assert.deepEqual(await query('SELECT * FROM busier_days'), [{ orders: '1' }]);
    // The optional table exists now, and the packaged view is replaced.
    await load();
    assert.deepEqual(await query('SELECT * FROM busier_days'), []);
    own(
      'orders_per_day.sql',
      viewText(
        "SELECT 'Amazon.de' AS sales_channel, DATE '2026-01-01' AS order_date, 7 AS orders FROM order_items",
        'order_items',
      ),
    );
    own('busy_days.sql', viewText('SELECT order_date, orders FROM orders_per_day', 'orders_per_day'));
    await load();
    assert.deepEqual(await query('SELECT * FROM busier_days'), [{ orders: 7 }]);
    const { code, stdout } = await run('schemas', 'check');
    assert.equal(code, 0, stdout);
  });

  it('wait for the tables of the views that they read', async () => {
    await load();
    const listed = JSON.parse((await run('tables', '--views', '--json')).stdout) as {
      name: string;
      waitsFor: string[];
    }[];
    assert.deepEqual(listed.find(({ name }) => name === 'profit_per_sku_and_month')?.waitsFor, [
      'settlement_v2 or settlement_v1',
    ]);
  });

  it('are listed with the problem that prevents them', async () => {
    const problems = async () => {
      const { stdout } = await run('tables', '--views', '--json');
      const listed = JSON.parse(stdout) as { name: string; problem: string | null }[];
      return Object.fromEntries(listed.flatMap(({ name, problem }) => (problem ? [[name, problem]] : [])));
    };
    own('fine.sql', viewText('SELECT 1 AS a FROM listings'));
    own('broken.sql', viewText('SELECT nope FROM listings'));
    // Without a report schema only the warehouse knows.
    own('inferred.sql', viewText('SELECT nope FROM something_new', 'something_new'));
    await load();
    await load('GET_SOMETHING_NEW', Buffer.from('thing\n1\n'));
    assert.deepEqual(Object.keys(await problems()), ['broken', 'inferred']);
    assert.match((await problems()).inferred ?? '', /"nope" not found/);
    own('fine.sql', viewText('SELECT 2 AS a FROM listings'));
    assert.match((await problems()).fine ?? '', /the next load makes it/);
    own('fine.sql', viewText('SELECT 2 AS a, nope FROM listings'));
    assert.match(
      (await run('tables', '--views')).stdout,
      /^Not created\n(.*\n)* {2}fine: .*"nope" not found/m,
    );
  });

  it('replace a packaged view of the same name, and so does a table, without a warning', async () => {
    own(
      'orders_per_day.sql',
      viewText('SELECT 7 AS mine FROM orders_by_last_update', 'orders_by_last_update'),
    );
    await load(ordersType, orders([{ id: '1', status: 'Shipped' }]));
    assert.deepEqual(await query('SELECT * FROM orders_per_day'), [{ mine: 7 }]);
    writeFileSync(
      path('schemas', 'own.yaml'),
      'reportType: GET_OWN\ndescription: Own.\nformat: tsv\ntables:\n  - name: stock_on_hand\n    load: { mode: append }\n    columns:\n      - { name: a, from: a, type: string }\n',
    );
    await load('GET_OWN', Buffer.from('a\n1\n'));
    assert.deepEqual(await query('SELECT a FROM stock_on_hand'), [{ a: '1' }]);
  });

  it('make way for a table of their name', async () => {
    await load(ordersType, orders([{ id: '1', status: 'Shipped' }]));
    assert.deepEqual(await query('SELECT count(*)::INT AS days FROM orders_per_day'), [{ days: 1 }]);
    mkdirSync(path('schemas'));
    writeFileSync(
      path('schemas', 'own.yaml'),
      'reportType: GET_OWN\ndescription: Own.\nformat: tsv\ntables:\n  - name: orders_per_day\n    load: { mode: append }\n    columns:\n      - { name: a, from: a, type: string }\n',
    );
    await load('GET_OWN', Buffer.from('a\n1\n'));
    assert.deepEqual(await query('SELECT a FROM orders_per_day'), [{ a: '1' }]);
  });

  it('that someone else made do not change, and the rows are loaded anyway', async () => {
    await load();
    const instance = await DuckDBInstance.create(path('data', 'warehouse.duckdb'));
    const connection = await instance.connect();
    await connection.run('CREATE VIEW orders_per_day AS SELECT 1 AS theirs');
    connection.closeSync();
    instance.closeSync();
    const stderr = await load(ordersType, orders([{ id: '1', status: 'Shipped' }]));
    assert.match(stderr, /orders_per_day.*there is a view of that name already/);
    assert.match(
      (await run('tables', '--views')).stdout,
      /^ {2}orders_per_day: there is a view of that name/m,
    );
    assert.deepEqual(await query('SELECT * FROM orders_per_day'), [{ theirs: 1 }]);
    assert.deepEqual(await query('SELECT amazon_order_id FROM orders_by_last_update'), [
      { amazon_order_id: '1' },
    ]);
  });

  it('that cannot be made do not delay a load, and schemas check says why', async () => {
    own('broken.sql', viewText('SELECT seller_sku,\n  nope FROM listings'));
    assert.match(await load(), /broken.*nope.*schemas check/);
    assert.deepEqual(await query('SELECT count(*) AS n FROM listings'), [{ n: '2' }]);
    const { code, stderr } = await run('schemas', 'check');
    assert.equal(code, 2);
    assert.match(stderr, /schemas\/views\/broken\.sql:5:1 .*"nope" not found/);
  });

  it('exist after a purge, which rewrites the file, and after a rebuild', async () => {
    const returned =
      'order-id\tsku\tquantity\treturn-date\tcustomer-comments\n1\tsku-1\t1\t2026-10-01T00:00:00+00:00\tMine\n';
    await load(ordersType, orders([{ id: '1', status: 'Shipped' }]), '--created', '2026-01-01');
    await load(returnsType, Buffer.from(returned), '--created', '2026-01-01');
    own('comments.sql', viewText('SELECT customer_comments FROM customer_returns', 'customer_returns'));
    await load();
    const made = ['comments', ...ofOrders, 'returns_per_sku'];
    assert.deepEqual(await query('SELECT * FROM comments'), [{ customer_comments: 'Mine' }]);
    assert.equal((await run('purge', '--older-than', '1d')).code, 0);
    assert.deepEqual(
      [await views(), await query('SELECT * FROM comments')],
      [made, [{ customer_comments: null }]],
    );
    // Recognized as views that commits made, not as those of someone else.
    own('comments.sql', viewText('SELECT order_id FROM customer_returns', 'customer_returns'));
    assert.doesNotMatch(await load(), /was not created/);
    assert.deepEqual(await query('SELECT * FROM comments'), [{ order_id: '1' }]);
    assert.equal((await run('rebuild')).code, 0);
    assert.deepEqual([await views(), await query('SELECT * FROM comments')], [made, [{ order_id: '1' }]]);
  });
});

describe('the SQL of views', () => {
  const { path, run } = commandFolder();
  const problems = async (name: string, text: string) => {
    mkdirSync(path('views'), { recursive: true });
    writeFileSync(path('views', name), text);
    const { views, problems: found } = checkViews({ folders: [...folders, path()] }, schemas);
    return [...found, ...(await bindProblems(views))].map(({ line, message }) => `${line}: ${message}`);
  };

  it('has no mistakes in the packaged views, and describes each column', async () => {
    const { views, problems: found } = checkViews({ folders }, schemas);
    assert.deepEqual([...found, ...(await bindProblems(views))], []);
    assert.ok(views.length >= 7);
    for (const { name, columns, caveats } of views) {
      assert.ok(caveats, name);
      assert.ok(columns.length > 5 && columns.every(({ description }) => description), name);
    }
  });

  for (const [what, name, text, expected] of [
    ['other statements', 'x.sql', viewText('DROP TABLE listings'), /^4: expected one SELECT, found DROP$/],
    [
      'several statements',
      'x.sql',
      viewText("SELECT ';' AS a FROM listings; -- ;\nDELETE FROM listings"),
      /^4: .*another statement after it/,
    ],
    [
      'a change inside',
      'x.sql',
      viewText('WITH a AS (SELECT 1) DELETE FROM listings'),
      /^4: expected one SELECT/,
    ],
    ['a missing SELECT', 'x.sql', viewText(''), /found nothing/],
    [
      'a missing description',
      'x.sql',
      'SELECT 1',
      /^1: expected a comment .*\|1: expected a line such as "-- Tables/,
    ],
    ['invalid names', 'My view.sql', viewText('SELECT 1 AS a FROM listings'), /^1: expected a file name/],
    [
      'names of tables',
      'listings.sql',
      viewText('SELECT 1 AS a FROM listings'),
      /^1: listings is already the table of GET_MERCHANT_LISTINGS_ALL_DATA/,
    ],
    [
      'facts as its name',
      'marketplace_facts.sql',
      viewText('SELECT 1 AS a FROM listings'),
      /^1: marketplace_facts are facts that views can read/,
    ],
    [
      'reading itself',
      'order_items.sql',
      viewText('SELECT 1 AS a FROM orders_per_day', 'orders_per_day'),
      /^1: the view reads itself: order_items, orders_per_day, order_sums, order_items/,
    ],
    [
      'an alternative that is optional',
      'x.sql',
      viewText('SELECT 1 AS a FROM listings', 'listings | listings_open?'),
      /^1: expected a line such as "-- Tables/,
    ],
    [
      'a call of LOCAL_DATE without a zone',
      'x.sql',
      viewText('SELECT LOCAL_DATE(_loaded_at) AS a FROM listings'),
      /^4: .*local_date/i,
    ],
    ['unknown columns', 'x.sql', viewText('SELECT seller_sku,\n  prize\nFROM listings'), /^5: .*prize/],
    ['bad grammar', 'x.sql', viewText('SELECT FROM listings WHERE'), /^4: .*syntax error/],
    [
      'tables that it does not list',
      'x.sql',
      viewText('SELECT 1 AS a FROM listings, listings_open', 'listings'),
      /^4: .*listings_open/,
    ],
    [
      'tables that it does not list, beside one without a report schema',
      'x.sql',
      viewText('SELECT 1 AS a FROM something_new, listings_open', 'something_new'),
      /^1: .*reads listings_open/,
    ],
    [
      'tables that it does not read',
      'x.sql',
      viewText('SELECT 1 AS a FROM listings', 'listings, listings_open'),
      /^1: .*lists listings_open/,
    ],
    [
      'wrong column descriptions',
      'x.sql',
      viewText('SELECT 1 AS a FROM listings', 'listings', '-- Columns:\n--   b: B.\n'),
      /^1: "Columns:" lists b; the SELECT has a$/,
    ],
  ] as const) {
    it(`is refused for ${what}`, async () => {
      assert.match((await problems(name, text)).join('|'), expected);
    });
  }

  it('may read tables without a report schema: its grammar is checked, with a note', async () => {
    const text = viewText('SELECT thing FROM listing', 'listing');
    assert.deepEqual(await problems('x.sql', text), []);
    mkdirSync(path('schemas', 'views'), { recursive: true });
    writeFileSync(path('schemas', 'views', 'x.sql'), text);
    const { code, stdout } = await run('schemas', 'check');
    assert.equal(code, 0);
    assert.match(
      stdout,
      /^note: .*x\.sql: no report schema has the table listing, .*did you mean "listings"\?$/m,
    );
    assert.equal(JSON.parse((await run('schemas', 'check', '--json')).stdout).notes.length, 1);
  });

  it('finds columns that no document had, and reads columns that became text as their type', async () => {
    const { views } = checkViews({ folders }, schemas);
    const instance = await DuckDBInstance.create(':memory:');
    const connection = await instance.connect();
    const lineage =
      "'r' AS _report_id, 'd' AS _document_id, 'A1' AS _seller_id, ['US'] AS _marketplace_ids, NULL::TIMESTAMP AS _data_start, NULL::TIMESTAMP AS _data_end, 1::BIGINT AS _row, now()::TIMESTAMP AS _loaded_at";
    const settlement =
      "SELECT '1' AS settlement_id, 'ItemPrice' AS amount_type, 'Principal' AS amount_description, 'Order' AS transaction_type";
    await connection.run(
      `CREATE TABLE settlement_v2 AS ${settlement}, '12.50' AS amount, ${lineage} UNION ALL ${settlement}, 'n/a', ${lineage}`,
    );
    await refreshViews(connection, views, await readRelations(connection));
    const found = await connection.runAndReadAll(
      'SELECT CAST(sales AS VARCHAR), sku, month FROM profit_per_sku',
    );
    assert.deepEqual(found.getRows(), [['12.5000', null, null]]);
    // A new column changes the view's version, so the view is made again.
    await connection.run("ALTER TABLE settlement_v2 ADD COLUMN sku VARCHAR DEFAULT 'a'");
    await refreshViews(connection, views, await readRelations(connection));
    const later = await connection.runAndReadAll('SELECT sku FROM profit_per_sku');
    assert.deepEqual(later.getRows(), [['a']]);
    assert.ok((await readRelations(connection)).get('profit_per_sku')?.isView);
    connection.closeSync();
    instance.closeSync();
  });

  it('has each amount of a settlement in one column of the profit per SKU, whatever Amazon calls it', async () => {
    const { views } = checkViews({ folders }, schemas);
    const instance = await DuckDBInstance.create(':memory:');
    const connection = await instance.connect();
    const tables = exportTables(schemas.values()).filter(({ name }) => name.startsWith('settlement_v'));
    for (const { name, columns } of tables) {
      const own = columns.filter((column) => !column.name.startsWith('_'));
      await connection.run(createTable(name, own));
    }
    await refreshViews(connection, views, await readRelations(connection));
    const word = fc.option(
      fc.constantFrom(
        'Order',
        'Refund',
        'ItemPrice',
        'Principal',
        'ItemFees',
        'Tax',
        'Reserve Amount',
        'Promotion',
        'Gebühr',
        '',
      ),
    );
    const amount = fc.integer({ min: -99_999, max: 99_999 }).map((cents) => (cents / 100).toFixed(2));
    const settlement = fc.record({
      rows: fc.array(fc.record({ transaction: word, type: word, description: word, sku: word, amount }), {
        minLength: 1,
        maxLength: 12,
      }),
      isV2: fc.boolean(),
    });
    const text = (value: string | null) => (value === null ? 'NULL' : `'${value}'`);
    const parts = 'sales shipping promotions refunds fees advertising reimbursements other'.split(' ');
    const components = [
      'price',
      'promotion',
      'item_related_fee',
      'shipment_fee',
      'order_fee',
      'direct_payment',
    ];
    // A query of the view takes a tenth of a second, so each has several settlements.
    await fc.assert(
      fc.asyncProperty(fc.array(settlement, { minLength: 8, maxLength: 8 }), async (settlements) => {
        await connection.run('DELETE FROM settlement_v1; DELETE FROM settlement_v2');
        const inserts = settlements.flatMap(({ rows, isV2 }, id) =>
          rows.map((each, index) => {
            const kind = components[index % components.length];
            const [table, named, values] = isV2
              ? [
                  'settlement_v2',
                  'amount_type, amount_description, amount',
                  `${text(each.type)}, ${text(each.description)}, ${each.amount}`,
                ]
              : ['settlement_v1', `${kind}_type, ${kind}_amount`, `${text(each.type)}, ${each.amount}`];
            return `INSERT INTO ${table} (_seller_id, settlement_id, transaction_type, sku, ${named}) VALUES ('A', '${id}', ${text(each.transaction)}, ${text(each.sku)}, ${values})`;
          }),
        );
        await connection.run(`BEGIN; ${inserts.join('; ')}; COMMIT`);
        const found = await connection.runAndReadAll(
          `SELECT settlement_id, sum(settled)::VARCHAR, sum(${parts.join(' + ')})::VARCHAR, sum(profit)::VARCHAR, sum(profit + tax + transfers)::VARCHAR
           FROM profit_per_sku GROUP BY settlement_id ORDER BY settlement_id`,
        );
        assert.deepEqual(
          found.getRows().map(([id]) => id),
          settlements.map((_, id) => String(id)),
        );
        for (const [id, { rows }] of settlements.entries()) {
          const [, settled, inColumns, profit, all] = (found.getRows()[id] ?? []).map(Number);
          const total = rows.reduce((sum, each) => sum + Math.round(Number(each.amount) * 100), 0) / 100;
          assert.deepEqual([settled, all, inColumns], [total, total, profit]);
        }
      }),
      { numRuns: runs(5) },
    );
    connection.closeSync();
    instance.closeSync();
  });
});
