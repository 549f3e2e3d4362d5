import assert from 'node:assert/strict';
import fc from 'fast-check';
import { ReportsError } from '../../src/errors/reports-error.js';
import { readJsonObjects } from '../../src/parse/objects/json.js';
import { readXmlObjects } from '../../src/parse/objects/xml/xml.js';
import { documentOf } from './document-of.js';
import { readRows } from './read-rows.js';

async function all<T>(items: AsyncIterable<T>): Promise<T[]> {
  const found: T[] = [];
  for await (const item of items) found.push(item);
  return found;
}

const unparsable = (error: unknown) => error instanceof ReportsError && error.code === 'DOCUMENT_UNPARSABLE';

describe('a JSON document', () => {
  it('becomes rows of its lists, with nested objects flattened and other lists kept as JSON', async () => {
    const text = JSON.stringify({
      reportSpecification: { reportType: 'GET_X', marketplaceIds: ['M'] },
      salesByDate: [
        {
          date: '2026-10-01',
          sales: { amount: 19.99, currencyCode: 'USD' },
          units: 3,
          tags: ['a'],
          asin: '0012',
        },
        { date: '2026-10-02', sales: { amount: 5 }, units: null, asin: 'B1' },
      ],
    });
    const { columns, rows, parsed } = await readRows(documentOf(text, { reportType: 'GET_SALES' }, 7));
    assert.deepEqual(
      parsed.tables.map(({ name }) => name),
      ['sales', 'sales_header'],
    );
    assert.deepEqual(columns, [
      'date date',
      'sales_amount decimal(18,4)',
      'sales_currency_code string',
      'units int64',
      'tags list(string)',
      'asin string',
    ]);
    assert.deepEqual(rows[0], {
      date: '2026-10-01',
      sales_amount: '19.99',
      sales_currency_code: 'USD',
      units: '3',
      tags: '["a"]',
      asin: '0012',
      _row: '1',
    });
    assert.equal(rows[1]?.units, null);
  });

  it('is read the same in chunks of any size', async () => {
    const rows = fc.array(fc.dictionary(fc.string({ maxLength: 3 }), fc.jsonValue({ maxDepth: 2 })), {
      maxLength: 4,
    });
    await fc.assert(
      fc.asyncProperty(
        rows,
        fc.jsonValue({ maxDepth: 1 }),
        fc.integer({ min: 1, max: 9 }),
        fc.constantFrom(0, 2),
        async (list, other, chunk, indent) => {
          const beside = Array.isArray(other) ? null : other;
          const read = await all(
            readJsonObjects(documentOf(JSON.stringify({ beside, list }, null, indent), {}, chunk)),
          );
          const expected = JSON.parse(
            JSON.stringify([
              { list: 'list' },
              ...list.map((value) => ({ list: 'list', value })),
              { value: { beside } },
            ]),
          );
          assert.deepEqual(JSON.parse(JSON.stringify(read)), expected);
        },
      ),
    );
  });

  it('keeps numbers to the last digit', async () => {
    const text =
      '[{"id":9007199254740993,"v":0.12345678901234567890,"m":12345678901234567.89,"a":[9007199254740993,"x"]}]';
    const { rows } = await readRows(documentOf(text));
    assert.deepEqual(rows, [
      {
        id: '9007199254740993',
        v: '0.1234567890123456789',
        m: '12345678901234567.89',
        a: '[9007199254740993,"x"]',
        _row: '1',
      },
    ]);
  });

  it('has the same table for a list whether other lists are empty or not', async () => {
    const tablesOf = async (value: unknown) =>
      (await readRows(documentOf(JSON.stringify(value)))).parsed.tables.map(({ name }) => name);
    const spec = { reportSpecification: { reportType: 'X' } };
    assert.deepEqual(await tablesOf({ ...spec, data: [] }), []);
    assert.deepEqual(await tablesOf({ ...spec, data: [{ a: 1 }] }), ['test', 'test_header']);
    assert.deepEqual(await tablesOf({ byDate: [{ n: 1 }], byAsin: [] }), ['test_by_date']);
    assert.deepEqual(await tablesOf({ byDate: [{ n: 1 }], byAsin: [{ n: 1 }] }), [
      'test_by_date',
      'test_by_asin',
    ]);
  });

  it('loses no member, whatever its name', async () => {
    const text = '{"__proto__":{"x":1},"list":[{"a.b":1,"a":{"b":2},"__proto__":3}]}';
    const { rows, parsed } = await readRows(documentOf(text));
    assert.deepEqual(Object.values(rows[0] ?? {}), ['1', '2', '3', '1']);
    assert.equal(parsed.tables.length, 2);
  });

  it('is refused with its line if it is cut short or damaged', async () => {
    for (const text of [
      '{"a": [\n{"b": 1},\n',
      '{"a": [{"b": 1}], }',
      '{"a" 1}',
      '[{"a": 1}] x',
      '{"a": [{"b": 1 "c": 2}]}',
    ]) {
      await assert.rejects(all(readJsonObjects(documentOf(text, {}, 4))), unparsable, text);
    }
  });
});

describe('an XML document', () => {
  it('becomes rows of the children of its root', async () => {
    const text = `<?xml version="1.0"?><Result xmlns="urn:x"><Node id="1"><name>A &amp; B</name><path><![CDATA[a<b]]></path></Node>
      <Node id="2"><name>C</name><child>1</child><child>2</child></Node></Result>`;
    const { rows } = await readRows(documentOf(text, {}, 5));
    assert.deepEqual(rows, [
      { id: '1', name: 'A & B', path: 'a<b', child: null, _row: '1' },
      { id: '2', name: 'C', path: null, child: '["1","2"]', _row: '2' },
    ]);
  });

  it('keeps the values of the root, and members of any name', async () => {
    const text = '<Report count="5"><Item><__proto__>a</__proto__><x>1</x></Item></Report>';
    const { parsed, rows } = await readRows(documentOf(text));
    assert.deepEqual(
      parsed.tables.map(({ columns }) => columns.map(({ header }) => header)),
      [['__proto__', 'x'], ['@count']],
    );
    assert.deepEqual(Object.values(rows[0] ?? {}), ['a', '1', '1']);
  });

  it('is refused if it defines entities, is cut short, or is not well-formed', async () => {
    const bomb = '<!DOCTYPE r [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]><r><n>&b;</n></r>';
    const outside = '<!DOCTYPE r [<!ENTITY x SYSTEM "file:///etc/passwd">]><r><n>&x;</n></r>';
    for (const text of [bomb, outside, '<r><n>1</n>', '<r><n></r></n>', '<r><n>&unknown;</n></r>']) {
      await assert.rejects(all(readXmlObjects(documentOf(text))), unparsable, text);
    }
  });
});
