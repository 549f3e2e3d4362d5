import assert from 'node:assert/strict';
import { ReportsError } from '../../src/errors/reports-error.js';
import { parseDocument } from '../../src/parse/parse-document.js';
import type { ReportSchema } from '../../src/schema/types.js';
import { documentOf } from './document-of.js';
import { readRows } from './read-rows.js';

function schemaOf(format: ReportSchema['format'], rows?: string): ReportSchema {
  const columns = ['order-id', 'sku', 'amount'].map((header) => ({
    name: header.replace('-', '_'),
    from: [header],
    type: { kind: 'string' as const },
  }));
  const table = { name: 'test', rows, load: { mode: 'append' as const, key: [] }, columns };
  return {
    reportType: 'GET_TEST',
    description: '',
    format,
    quoting: 'none',
    restricted: false,
    file: '',
    tables: [table],
  };
}

const schemas: Record<string, ReportSchema | undefined> = {
  'a tab-separated type': schemaOf('tsv'),
  'a comma-separated type': schemaOf('csv'),
  'a JSON type': schemaOf('json', 'orders'),
  'an XML type': schemaOf('xml', 'Order'),
  'an unknown type': undefined,
};

const unavailable = 'The requested data is unavailable. Please try a different date range.';

/** Messages, and the words of Amazon that must be in the reason. */
const messages: [text: string, words: string][] = [
  [`{"errorDetails":"${unavailable}"}`, unavailable],
  [`{"reportRequestError":"${unavailable}"}`, unavailable],
  [`{"reportSpecification":{"reportType":"GET_TEST"},"errorDetails":"${unavailable}"}`, unavailable],
  [`{"orders":[],"errorDetails":"${unavailable}"}`, unavailable],
  [
    '{"errors":[{"code":"InvalidInput","message":"No such marketplace.","details":""}]}',
    'InvalidInput: No such marketplace.',
  ],
  ['{"error":{"code":"Throttled","message":"Slow down."},"requestId":"1"}', 'Throttled: Slow down.'],
  ['{"code":"InternalFailure","message":"We had an error."}', 'InternalFailure: We had an error.'],
  ['{"message":"Forbidden"}', 'Forbidden'],
  ['{"__type":"AccessDeniedException","Message":"Not allowed."}', 'AccessDeniedException: Not allowed.'],
  ['{"response":{"error":{"code":"Throttled","message":"Slow down."}}}', 'Throttled: Slow down.'],
  ['{"success":false,"reason":"No rows in this period"}', 'No rows in this period'],
  ['[{"code":"InternalFailure","message":"We had an error."}]', 'InternalFailure: We had an error.'],
  ['\n { "Message" : "Forbidden" , "code" : 403 }\n', 'Forbidden: 403'],
  ['{"errorDetails":"cut off here', 'cut off here'],
  [
    '<?xml version="1.0"?><Error><Code>AccessDenied</Code><Message>Request has expired</Message></Error>',
    'AccessDenied Request has expired',
  ],
  [
    '<ErrorResponse xmlns="urn:x"><Error><Message>Bad &amp; ugly</Message></Error></ErrorResponse>',
    'Bad & ugly',
  ],
  ['<!-- c --><ns:Error><ns:Message><![CDATA[No <data>]]></ns:Message></ns:Error>', 'No'],
  [
    '<html><head><title>503</title><style>p{}</style></head><body><p>Service&nbsp;Unavailable</p></body></html>',
    '503 Service Unavailable',
  ],
  ['<!DOCTYPE HTML PUBLIC "-//W3C//DTD HTML 4.01//EN">\n<HTML><BODY>Sorry</BODY></HTML>', 'Sorry'],
  [
    '<?xml version="1.0"?><!DOCTYPE html><html xmlns="http://www.w3.org/1999/xhtml"><body>Sorry</body></html>',
    'Sorry',
  ],
  ['<h1>Bad gateway</h1>', 'Bad gateway'],
  [unavailable, unavailable],
  ['No data available', 'No data available'],
  [
    'We could not make your report.\nPlease contact support, or try again later.\n',
    'Please contact support, or try again later.',
  ],
  ['Report is not available\nTry again later.', 'Report is not available Try again later.'],
  ['申し訳ありません。データがありません。', 'データがありません'],
];

describe('a message in place of a report', () => {
  for (const [type, schema] of Object.entries(schemas)) {
    it(`is refused for ${type}, with the words of Amazon`, async () => {
      for (const [text, words] of messages) {
        for (const engine of ['columnar', 'reference'] as const) {
          await assert.rejects(readRows(documentOf(text), schema, engine), (error) => {
            assert(error instanceof ReportsError, text);
            assert.equal(error.code, 'NOT_A_REPORT', `${text}: ${error.message}`);
            assert.ok(error.message.includes(words), error.message);
            return true;
          });
        }
      }
    });
  }

  it('is not seen in a report of another format, which is refused with the type that it fits', async () => {
    const schema = schemaOf('tsv');
    const other = { ...schemaOf('json', 'orders'), reportType: 'GET_OTHER' };
    const types = new Map([schema, other].map((each) => [each.reportType, each]));
    const document = documentOf('{"orders":[{"order-id":"1","sku":"A","amount":"2"}]}');
    for (const engine of ['columnar', 'reference'] as const)
      await assert.rejects(parseDocument({ document, schema, schemas: types, engine }), {
        code: 'WRONG_REPORT_TYPE',
        message: /it is JSON, not delimited text; the schema of GET_OTHER knows \d of its headers/,
      });
  });

  it('is not seen in reports that have such words, names or elements', async () => {
    const reports: [text: string, schema: ReportSchema | undefined, rows: number][] = [
      ['{"errors":[{"sku":"A","code":"1","message":"bad"}]}', undefined, 1],
      ['{"orders":[{"sku":"A"}],"errorDetails":"partial"}', schemaOf('json', 'orders'), 1],
      ['{"errors":[{"sku":"A"},{"sku":"B"}]}', schemaOf('json', 'errors'), 2],
      ['[{"message":"hello","sku":"A"}]', undefined, 1],
      ['{"data":{"orders":[{"message":"hello"}]}}', undefined, 1],
      ['{"success":true,"description":"a box"}', undefined, 1],
      ['<Errors2><e><Message>x</Message></e></Errors2>', undefined, 1],
      ['Customer comments\nGreat product. Would buy again.\n', undefined, 1],
      ['Error\tMessage\n1\tno data\n', undefined, 1],
      ['order-id\nNo data is unavailable. Try again.\n', schemaOf('tsv'), 1],
    ];
    for (const [text, schema, rows] of reports) {
      for (const engine of ['columnar', 'reference'] as const)
        assert.equal((await readRows(documentOf(text), schema, engine)).rows.length, rows, text);
    }
  });
});

describe('a header line that ends like a sentence', () => {
  it('is a header if rows of its width follow', async () => {
    const documents: [text: string, columns: string[], rows: number][] = [
      ['id,name,Valid?\n1,apple,1\n2,pear,0\n', ['id', 'name', 'valid'], 2],
      ['id,name,Price!\n1,apple,1\n', ['id', 'name', 'price'], 1],
      ['No.,Item,Qty.\nA,apple,x\nB,pear,y\n', ['no', 'item', 'qty'], 2],
      ['id;name;Is it valid?\n1;apple;yes\n', ['id', 'name', 'is_it_valid'], 1],
      ['id, name, valid?\n1, apple, 1\n2, pear, 0\n', ['id', 'name', 'valid'], 2],
      ['番号,名前,有効。\n1,りんご,1\n', ['番号', '名前', '有効'], 1],
      ['id\tname\tValid?\n1\tapple\t1\n', ['id', 'name', 'valid'], 1],
      ['"Order","Did it arrive?"\n"1","yes, it did."\n', ['order', 'did_it_arrive'], 1],
    ];
    for (const [text, columns, rows] of documents) {
      for (const engine of ['columnar', 'reference'] as const) {
        const found = await readRows(documentOf(text), undefined, engine);
        assert.deepEqual(
          found.columns.map((column) => column.split(' ')[0]),
          columns,
          text,
        );
        assert.equal(found.rows.length, rows, text);
      }
    }
  });

  it('is a sentence before the header otherwise, with a note if it is as wide as the header', async () => {
    const text = 'Made for you, as you wished.\nid,name\n1,apple\n2,pear\n';
    const { columns, rows, parsed } = await readRows(documentOf(text));
    assert.deepEqual(columns, ['id string', 'name string']);
    assert.equal(rows.length, 2);
    assert.match(parsed.notes.join(), /taken for a sentence before it: "Made for you, as you wished\."/);
  });
});

describe('the format of a text', () => {
  const codeOf = async (text: string, schema?: ReportSchema) => {
    try {
      await readRows(documentOf(text), schema);
      return 'read';
    } catch (error) {
      assert(error instanceof ReportsError, String(error));
      return error.code;
    }
  };

  it('is JSON for what only looks like it, so that no piece of it becomes a table', async () => {
    for (const text of [
      "{'a': 1, 'b': 2}",
      '{a: 1,\nb: 2}',
      '{',
      '{"a"',
      '[',
      "['a', 'b']",
      '[NaN]',
      '[1, 2',
      '[,]',
      '{ // c\n}',
    ]) {
      assert.equal(await codeOf(text), 'DOCUMENT_UNPARSABLE', text);
    }
  });

  it('is delimited for headers and remarks that begin with a bracket', async () => {
    for (const text of [
      '[Date],[Total]\n1,2\n',
      '[1] Amounts in EUR\nid,total\n1,2\n',
      '[EUR]\tsku\n1\tA\n',
    ]) {
      assert.equal(await codeOf(text), 'read', text);
    }
  });

  it('is XML whatever processing instruction, comment or document type comes first', async () => {
    const rows = '<r><i><sku>A</sku></i><i><sku>B</sku></i></r>';
    const before = [
      '<?xml-stylesheet type="text/xsl" href="a.xsl"?>',
      '<?mso-application progid="x"?>\n',
      '<!-- <html> -->',
      '<!DOCTYPE r>\n<?p ?>',
      '<?xml version="1.0"?><?xml-stylesheet href="<html>"?>',
    ];
    for (const text of before)
      for (const schema of [undefined, schemaOf('xml', 'i')])
        assert.equal((await readRows(documentOf(text + rows), schema)).rows.length, 2, text);
  });

  it('of JSON states the report type, which is a decision of the ledger', async () => {
    for (const engine of ['columnar', 'reference'] as const) {
      for (const schema of [undefined, schemaOf('json', 'orders')]) {
        for (const type of ['GET_TEST', 'GET_OTHER']) {
          const text = `{"reportSpecification":{"reportType":"${type}"},"orders":[{"order-id":"1","sku":"2","amount":"3"}]}`;
          const { parsed } = await readRows(documentOf(text), schema, engine);
          assert.deepEqual(parsed.decisions, [
            { subject: 'report_type', value: type, reason: 'reportSpecification.reportType of the document' },
          ]);
        }
      }
    }
  });
});
