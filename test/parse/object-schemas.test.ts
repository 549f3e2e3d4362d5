import assert from 'node:assert/strict';
import fc from 'fast-check';
import { parse } from 'yaml';
import { ReportsError } from '../../src/errors/reports-error.js';
import { readJsonObjects } from '../../src/parse/objects/json.js';
import { ObjectPlan } from '../../src/parse/objects/object-plan.js';
import { readXmlObjects } from '../../src/parse/objects/xml/xml.js';
import { checkReportSchema } from '../../src/schema/check.js';
import { reportSchemaSpec, toReportSchema } from '../../src/schema/spec.js';
import type { ReportSchema } from '../../src/schema/types.js';
import { documentOf } from './document-of.js';
import { readRows } from './read-rows.js';
import { runs } from '../property-runs.js';

/** A schema of a format whose tables are written as in YAML, columns as `name: from type`. */
function schemaOf(
  format: 'json' | 'xml',
  tables: { name?: string; rows: string; key?: string[]; columns: Record<string, string> }[],
): ReportSchema {
  const yaml = {
    reportType: 'GET_TEST',
    format,
    tables: tables.map(({ name = 'test', rows, key, columns }) => ({
      name,
      rows,
      load: key ? { mode: 'merge', key } : { mode: 'append' },
      columns: Object.entries(columns).map(([column, text]) => {
        const [from, type] = text.split(' ');
        return { name: column, from, type };
      }),
    })),
  };
  const problemAt = (path: unknown[], message: string) =>
    ({ file: '', line: 0, column: 0, path: path.join('.'), message }) as const;
  assert.deepEqual(checkReportSchema({ data: yaml, problemAt }), []);
  return toReportSchema(reportSchemaSpec.parse(parse(JSON.stringify(yaml))), 'test.yaml');
}

const json = (value: unknown) => documentOf(JSON.stringify(value), {}, 7);

const failsWith = (code: string) => (error: unknown) => error instanceof ReportsError && error.code === code;

describe('lists in a document without a schema', () => {
  it('stay lists if all their values are of one kind, and otherwise become JSON', async () => {
    const rows = [
      {
        a: ['x'],
        b: [1],
        c: [1.5],
        d: ['2026-10-01'],
        e: [true],
        f: [1, 'x'],
        g: [[1]],
        h: [],
        i: [null],
        j: ['x'],
      },
      { a: [], b: [2, null], c: [2], d: ['2026-10-02'], e: [], f: [], g: [], h: [], i: [], j: 'x' },
    ];
    const { columns, rejects } = await readRows(json({ list: rows }));
    assert.deepEqual(columns, [
      'a list(string)',
      'b list(int64)',
      'c list(decimal(18,4))',
      'd list(date)',
      'e list(bool)',
      'f json',
      'g json',
      'h list(string)',
      'i list(string)',
      'j string',
    ]);
    assert.deepEqual(rejects, []);
  });
});

describe('a JSON document with a schema', () => {
  const sales = schemaOf('json', [
    {
      rows: 'salesByDate',
      key: ['period', 'date'],
      columns: {
        period: '$.spec.options.period string',
        markets: '$.spec.marketplaceIds json',
        date: 'date date',
        amount: 'sales.amount decimal(18,4)',
        currency: 'sales.currencyCode string',
        units: 'units int64',
        tags: 'tags json',
      },
    },
  ]);
  const spec = { options: { period: 'DAY' }, marketplaceIds: ['M1'] };
  const day = { date: '2026-10-01', sales: { amount: 19.99, currencyCode: 'USD' }, units: 3, tags: ['a'] };

  it('has the values of its rows by their paths, and those of the document in every row', async () => {
    const { columns, rows, parsed } = await readRows(json({ spec, salesByDate: [day] }), sales);
    assert.deepEqual(columns, [
      'period string',
      'markets json',
      'date date',
      'amount decimal(18,4)',
      'currency string',
      'units int64',
      'tags json',
    ]);
    assert.deepEqual(rows, [
      {
        period: 'DAY',
        markets: '["M1"]',
        date: '2026-10-01',
        amount: '19.99',
        currency: 'USD',
        units: '3',
        tags: '["a"]',
        _row: '1',
      },
    ]);
    assert.deepEqual(parsed.notes, []);
    assert.deepEqual(parsed.tables[0]?.load, { mode: 'merge', key: ['period', 'date'] });
  });

  it('has the values of the document in every row even if they follow the rows', async () => {
    const { rows } = await readRows(json({ salesByDate: [day, day], spec }), sales);
    assert.deepEqual(
      rows.map(({ period, markets }) => [period, markets]),
      [
        ['DAY', '["M1"]'],
        ['DAY', '["M1"]'],
      ],
    );
  });

  it('gets columns for what the schema does not know, and notes them', async () => {
    const found = { ...day, sales: { ...day.sales, tax: 1.5 }, isNew: true, since: '2026-01-02', a: null };
    const { columns, rows, parsed } = await readRows(json({ spec, salesByDate: [found] }), sales);
    assert.deepEqual(columns.slice(7), ['sales_tax decimal(18,4)', 'is_new bool', 'since date']);
    assert.equal(rows[0]?.sales_tax, '1.5');
    assert.ok(parsed.tables[0]?.columns.slice(7).every(({ origin }) => origin === 'added'));
    assert.deepEqual(parsed.notes, ['columns that the schema does not know: sales.tax, isNew, since']);
  });

  it('notes the columns that it lacks, and a null is not a missing column', async () => {
    const { rows, parsed } = await readRows(
      json({ spec, salesByDate: [{ date: '2026-10-01', units: null }] }),
      sales,
    );
    assert.equal(rows[0]?.units, null);
    assert.deepEqual(parsed.notes, ['columns not in the document: amount, currency, tags']);
  });

  it('matches paths without regard to case, blanks, - and _', async () => {
    const { rows } = await readRows(json({ spec, salesByDate: [{ Date: '2026-10-01', UNITS: 2 }] }), sales);
    assert.deepEqual([rows[0]?.date, rows[0]?.units], ['2026-10-01', '2']);
  });

  it('keeps values that do not fit their type as rejects', async () => {
    const { rows, rejects } = await readRows(
      json({ spec, salesByDate: [day, { ...day, units: 'many', date: 'N/A' }] }),
      sales,
    );
    assert.deepEqual([rows[1]?.units, rows[1]?.date], [null, null]);
    assert.deepEqual(rejects, [{ row: 2, column: 'units', raw: 'many', reason: 'expected int64' }]);
  });

  it('keeps lists that no table names in their own tables', async () => {
    const { rowsOf, parsed } = await readRows(json({ spec, salesByDate: [day], extra: [{ n: 1 }] }), sales);
    assert.deepEqual(rowsOf.test_extra, [{ n: '1', _row: '1' }]);
    assert.deepEqual(parsed.notes, ['lists that the schema does not know: extra']);
  });

  it('notes what is beside the rows and in no column', async () => {
    const { parsed } = await readRows(
      json({ spec: { ...spec, reportType: 'GET_ANY', version: 2 }, salesByDate: [day] }),
      sales,
    );
    assert.deepEqual(parsed.notes, ['values outside the rows that no column uses: spec.version']);
  });

  it('is refused if it is of another type, and has a table without rows for an empty list', async () => {
    await assert.rejects(readRows(json({ others: [{ a: 1 }] }), sales), failsWith('HEADER_UNKNOWN'));
    await assert.rejects(
      readRows(json({ spec, salesByDate: [{ a: 1 }] }), sales),
      failsWith('HEADER_UNKNOWN'),
    );
    await assert.rejects(
      readRows(json({ salesByDate: [{ units: 1 }] }), sales),
      failsWith('KEY_COLUMN_MISSING'),
    );
    for (const engine of ['reference', 'columnar'] as const) {
      const read = (value: unknown) => readRows(json(value), sales, engine);
      // The rows are there, but not in the list that the schema names.
      for (const other of [{ spec, SalesByDay: [day] }, [day], [{ spec }, day], ['No data']])
        await assert.rejects(read(other), failsWith('HEADER_UNKNOWN'), JSON.stringify(other));
      assert.equal((await read([{ spec, salesByDate: [day] }])).rows.length, 1);
    }
    await assert.rejects(readRows(documentOf('<a><b/></a>'), sales), failsWith('NOT_A_REPORT'));
    const { parsed, rows } = await readRows(json({ spec, salesByDate: [] }), sales);
    assert.deepEqual([parsed.tables.map(({ name }) => name), rows, parsed.notes], [['test'], [], []]);
  });

  const coupons = schemaOf('json', [
    {
      name: 'campaigns',
      rows: 'campaigns',
      columns: { id: 'id string', budget: 'budget.amount decimal(18,4)' },
    },
    {
      name: 'coupons',
      rows: 'campaigns.coupons',
      columns: { campaign: '^.id string', coupon: 'id string', asins: 'asins json' },
    },
    {
      name: 'discounts',
      rows: 'campaigns.coupons.discounts',
      columns: { campaign: '^.^.id string', coupon: '^.id string', asin: 'asin string' },
    },
  ]);

  it('fills a table from the lists in its rows, with values of the rows around them', async () => {
    const { rowsOf, parsed } = await readRows(
      json({
        campaigns: [
          {
            id: 'c1',
            budget: { amount: 5 },
            coupons: [
              { id: 'k1', asins: ['A'], discounts: [{ asin: 'A' }, { asin: 'B' }] },
              { id: 'k2', discounts: [] },
            ],
          },
          { id: 'c2', coupons: null },
          { id: 'c3', coupons: [{ id: 'k3', discounts: [{ asin: 'C' }] }] },
        ],
      }),
      coupons,
    );
    assert.deepEqual(
      rowsOf.campaigns?.map(({ id, budget }) => [id, budget]),
      [
        ['c1', '5'],
        ['c2', null],
        ['c3', null],
      ],
    );
    assert.deepEqual(
      rowsOf.coupons?.map(({ campaign, coupon, asins }) => [campaign, coupon, asins]),
      [
        ['c1', 'k1', '["A"]'],
        ['c1', 'k2', null],
        ['c3', 'k3', null],
      ],
    );
    assert.deepEqual(
      rowsOf.discounts?.map(({ campaign, coupon, asin, _row }) => [campaign, coupon, asin, _row]),
      [
        ['c1', 'k1', 'A', '1'],
        ['c1', 'k1', 'B', '2'],
        ['c3', 'k3', 'C', '3'],
      ],
    );
    assert.deepEqual(parsed.notes, []);
  });

  it('keeps the values of objects around nested rows if those objects are not rows themselves', async () => {
    const schema = schemaOf('json', [
      { rows: 'users.metrics', columns: { name: '^.name string', views: 'views int64' } },
    ]);
    const users = [{ name: 'A', address: { city: 'Rome' }, metrics: [{ views: 1 }, { views: 2 }] }];
    const { columns, rows } = await readRows(json({ users }), schema);
    assert.deepEqual(columns, ['name string', 'views int64', 'address_city string']);
    assert.deepEqual(
      rows.map((row) => [row.name, row.views, row.address_city]),
      [
        ['A', '1', 'Rome'],
        ['A', '2', 'Rome'],
      ],
    );
  });

  it('has rows in a list below an object, which is read item by item', async () => {
    const schema = schemaOf('json', [
      { rows: 'report.items', columns: { id: 'id string', made: '^.made date', seller: '$.seller string' } },
    ]);
    const text = JSON.stringify({
      report: { made: '2026-01-02', items: [{ id: 'a' }, { id: 'b' }] },
      seller: 'S',
    });
    const { rows } = await readRows(documentOf(text, {}, 5), schema);
    assert.deepEqual(
      rows.map(({ id, made, seller }) => [id, made, seller]),
      [
        ['a', '2026-01-02', 'S'],
        ['b', '2026-01-02', 'S'],
      ],
    );
    const read = [];
    for await (const { list, value } of readJsonObjects(documentOf(text), new ObjectPlan(schema).lists)) {
      if (list !== undefined && value !== undefined) read.push(value);
    }
    assert.deepEqual(read, [{ id: 'a' }, { id: 'b' }]);
  });

  it('may be a list itself, or one row, if rows is $', async () => {
    const schema = schemaOf('json', [{ rows: '$', columns: { id: 'id string', tags: 'tags json' } }]);
    const rowsFor = async (value: unknown) =>
      (await readRows(json(value), schema)).rows.map(({ id, tags }) => [id, tags]);
    assert.deepEqual(await rowsFor([{ id: 1 }, { id: 2 }]), [
      ['1', null],
      ['2', null],
    ]);
    assert.deepEqual(await rowsFor({ id: 1, tags: [1] }), [['1', '[1]']]);
  });

  it('has items of the column type in lists, and all others as rejects', async () => {
    const schema = schemaOf('json', [
      {
        rows: 'list',
        columns: { id: 'id string', tags: 'tags list(string)', sums: 'sums list(decimal(18,4))' },
      },
    ]);
    const text = `{"list":[
      {"id":"1","tags":["a",1,null,"b, c"],"sums":[1.5,"2.50",12345678901234.5678]},
      {"id":"2","tags":[],"sums":null},
      {"id":"3","tags":"a","sums":["many"]},
      {"id":"4","tags":[{"a":1}],"sums":{"a":1}}]}`;
    const { rows, rejects } = await readRows(documentOf(text), schema);
    assert.deepEqual(
      rows.map(({ tags, sums }) => [tags, sums]),
      [
        ['["a","1",null,"b, c"]', '["1.5","2.5","12345678901234.5678"]'],
        ['[]', null],
        [null, null],
        [null, null],
      ],
    );
    assert.deepEqual(
      rejects.map(({ row, column, raw, reason }) => [row, column, raw, reason]),
      [
        [3, 'tags', '"a"', 'expected list(string)'],
        [3, 'sums', '["many"]', 'expected list(decimal(18,4))'],
        [4, 'tags', '[{"a":1}]', 'expected list(string)'],
        [4, 'sums', '{"a":1}', 'expected list(decimal(18,4))'],
      ],
    );
  });

  it('rejects items that are not objects, so that no row is NULL throughout, in both engines', async () => {
    const schema = schemaOf('json', [{ rows: 'list', columns: { id: 'id string', n: 'n int64' } }]);
    const list = [{ id: 'a', n: 1 }, null, 5, 'x', true, [{ id: 'b', n: 2 }, null], {}, { id: 'c', n: null }];
    for (const engine of ['columnar', 'reference'] as const) {
      const { rows, rejects, columns } = await readRows(json({ list }), schema, engine);
      assert.deepEqual(
        rows.map((row) => [row._row, row.id, row.n]),
        [
          ['1', 'a', '1'],
          ['6', 'b', '2'],
          ['8', null, null],
          ['9', 'c', null],
        ],
      );
      assert.deepEqual(
        rejects.map(({ row, column, raw, reason }) => [row, column, raw, reason]),
        [
          [2, null, 'null', 'expected an object'],
          [3, null, '5', 'expected an object'],
          [4, null, 'x', 'expected an object'],
          [5, null, 'true', 'expected an object'],
          [7, null, 'null', 'expected an object'],
        ],
      );
      assert.deepEqual(columns, ['id string', 'n int64']);
    }
    const even = await readRows(json({ list: [{ id: 'a', n: 1 }, {}] }), schema, 'columnar');
    assert.equal(even.parsed.engine, 'columnar');
  });

  it('keeps an object as JSON if its column is json, and items that are not objects by "."', async () => {
    const schema = schemaOf('json', [
      { name: 'a', rows: 'list', columns: { id: 'id string', more: 'more json' } },
      { name: 'b', rows: 'list.ids', columns: { id: '. string', of: '^.id string' } },
    ]);
    const { rowsOf } = await readRows(
      json({
        list: [
          { id: 1, more: { x: { y: 'z' } }, ids: ['007'] },
          { id: 2, more: 'text', ids: [] },
        ],
      }),
      schema,
    );
    assert.deepEqual(
      rowsOf.a?.map(({ id, more }) => [id, more]),
      [
        ['1', '{"x":{"y":"z"}}'],
        ['2', '"text"'],
      ],
    );
    assert.deepEqual(rowsOf.b, [{ id: '007', of: '1', _row: '1' }]);
  });
});

describe('for any lists that a schema names,', () => {
  /** A value that can be recognized, wherever it ends up. */
  const value = fc.integer({ min: 0, max: 1e9 }).map((number) => `v${number}v`);
  const sub = fc.record({ e: value, f: fc.option(value) }, { requiredKeys: [] });
  const item = fc.record(
    { d: value, g: fc.record({ h: value }), subs: fc.array(sub, { maxLength: 3 }) },
    { requiredKeys: ['d'] },
  );
  const row = fc.record(
    {
      a: value,
      b: fc.record({ c: value, more: fc.array(value, { maxLength: 2 }) }, { requiredKeys: [] }),
      items: fc.array(item, { minLength: 1, maxLength: 3 }),
      others: fc.array(fc.oneof(value, sub), { maxLength: 2 }),
    },
    { requiredKeys: ['a', 'items'] },
  );
  const document = fc.record(
    {
      head: fc.record({ x: value }),
      list: fc.array(row, { maxLength: 4 }),
      extra: fc.array(sub, { maxLength: 2 }),
    },
    { requiredKeys: ['list', 'head'] },
  );
  const columnsOf: Record<string, Record<string, string>> = {
    list: { top: '$.head.x string', a: 'a string', c: 'b.c string' },
    'list.items': { top: '$.head.x string', a: '^.a string', d: 'd string' },
    'list.items.subs': { a: '^.^.a string', d: '^.d string', e: 'e string' },
  };
  const someTables = fc
    .subarray(Object.keys(columnsOf), { minLength: 1 })
    // Nothing is kept of an item without subs if only subs are rows.
    .filter((rows) => rows.includes('list') || rows.includes('list.items'))
    .filter((rows) => !rows.includes('list.items.subs') || rows.includes('list.items'));

  it('no value of a row is lost', async () => {
    await fc.assert(
      fc.asyncProperty(document, someTables, fc.integer({ min: 1, max: 30 }), async (found, lists, chunk) => {
        const schema = schemaOf(
          'json',
          lists.map((rows) => ({
            name: rows.replaceAll('.', '_'),
            rows,
            columns: columnsOf[rows] ?? {},
          })),
        );
        const text = JSON.stringify(found);
        const { rows, rejects } = await readRows(documentOf(text, {}, chunk), schema);
        const { head: _, ...ofRows } = found;
        const values = JSON.stringify(ofRows).match(/v\d+v/g) ?? [];
        const kept = JSON.stringify(rows);
        assert.deepEqual(
          values.filter((each) => !kept.includes(each)),
          [],
        );
        assert.deepEqual(rejects, []);
      }),
      { numRuns: runs(300) },
    );
  });
});

describe('an XML document with a schema', () => {
  const orders = schemaOf('xml', [
    {
      name: 'orders',
      rows: 'Message',
      columns: {
        merchant: '$.Header.MerchantIdentifier string',
        order_id: 'OrderReport.AmazonOrderID string',
        ordered: 'OrderReport.OrderDate timestamp',
        kind: '@kind string',
      },
    },
    {
      name: 'items',
      rows: 'Message.OrderReport.Item',
      columns: {
        order_id: '^.AmazonOrderID string',
        message: '^.^.MessageID string',
        title: 'Title string',
        amount: 'Price.Amount decimal(18,4)',
        currency: 'Price.Amount.@currency string',
        gifts: 'Gift list(string)',
      },
    },
  ]);
  const text = `<?xml version="1.0"?>
<am:AmazonEnvelope xmlns:am="urn:a" xmlns:xsi="urn:xsi" xsi:noNamespaceSchemaLocation="amzn-envelope.xsd">
  <am:Header><am:MerchantIdentifier>M_1</am:MerchantIdentifier></am:Header>
  <am:Message kind="new"><am:MessageID>1</am:MessageID><OrderReport>
    <Item><Title>Pots &amp; Pans</Title><Price><Amount currency="USD">15.00</Amount></Price><Gift>a</Gift></Item>
    <Item><Title><![CDATA[<b> 10" & more]]></Title><Price><Amount>5</Amount></Price><Gift>a</Gift><Gift>b</Gift></Item>
    <AmazonOrderID>111-1</AmazonOrderID><OrderDate>2026-10-01T10:00:00-07:00</OrderDate>
  </OrderReport></am:Message>
  <am:Message><am:MessageID>2</am:MessageID><OrderReport><AmazonOrderID>111-2</AmazonOrderID>
    <Item><Title>One &#8364;</Title></Item></OrderReport></am:Message>
</am:AmazonEnvelope>`;

  it('has values by element and attribute in any namespace; one element and several make the same rows', async () => {
    const { rowsOf, rejects, parsed } = await readRows(documentOf(text, {}, 9), orders);
    assert.deepEqual(rowsOf.orders, [
      {
        merchant: 'M_1',
        order_id: '111-1',
        ordered: String(Date.UTC(2026, 9, 1, 17)),
        kind: 'new',
        message_id: '1',
        _row: '1',
      },
      { merchant: 'M_1', order_id: '111-2', ordered: null, kind: null, message_id: '2', _row: '2' },
    ]);
    assert.deepEqual(
      rowsOf.items?.map((item) => Object.values(item)),
      [
        ['111-1', '1', 'Pots & Pans', '15', 'USD', '["a"]', '1'],
        ['111-1', '1', '<b> 10" & more', '5', null, '["a","b"]', '2'],
        ['111-2', '2', 'One €', null, null, null, '3'],
      ],
    );
    assert.deepEqual(rejects, []);
    assert.deepEqual(parsed.notes, ['orders: columns that the schema does not know: MessageID']);
  });

  it('is read one row at a time, however deep its rows are', async () => {
    const schema = schemaOf('xml', [
      { rows: 'Body.Nodes.Node', columns: { id: 'id string', count: '$.Body.count int64' } },
    ]);
    const deep =
      '<R><Body><Nodes><Node><id>1</id></Node><Node><id>2</id></Node></Nodes><count>2</count></Body></R>';
    const values = [];
    for await (const { list, value } of readXmlObjects(documentOf(deep), new ObjectPlan(schema).lists)) {
      if (list !== undefined) values.push(JSON.stringify(value));
    }
    assert.deepEqual(values, ['{"id":"1"}', '{"id":"2"}']);
    const { rows } = await readRows(documentOf(deep), schema);
    assert.deepEqual(
      rows.map(({ id, count }) => [id, count]),
      [
        ['1', '2'],
        ['2', '2'],
      ],
    );
  });

  it('keeps elements that no table names: repeated ones in a table, others in the notes', async () => {
    const schema = schemaOf('xml', [{ rows: 'Node', columns: { id: 'id string' } }]);
    const { rowsOf, parsed } = await readRows(
      documentOf('<R><query>7</query><Node><id>1</id></Node><More><x>1</x></More><More><x>2</x></More></R>'),
      schema,
    );
    assert.deepEqual(
      rowsOf.test_more?.map(({ x }) => x),
      ['1', '2'],
    );
    assert.deepEqual(parsed.notes, [
      'lists that the schema does not know: More',
      'values outside the rows that no column uses: query',
    ]);
  });

  it('is refused if it defines entities, before any is expanded', async () => {
    const entities = Array.from({ length: 30 }, (_, n) => `<!ENTITY e${n + 1} "&e${n};&e${n};">`).join('');
    const bomb = `<!DOCTYPE r [<!ENTITY e0 "ha">${entities}]><r><Message>&e30;</Message></r>`;
    await assert.rejects(readRows(documentOf(bomb), orders), /declares entities of its own/);
  });
});
