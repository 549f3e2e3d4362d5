import assert from 'node:assert/strict';
import { parseDocument } from '../../src/parse/parse-document.js';
import type { Engine } from '../../src/parse/types.js';
import { documentOf } from './document-of.js';

const documents = {
  'a delimited document': 'sku\tquantity\nS1\t1\nS2\t2\n',
  'a JSON document': '{"orders":[{"sku":"S1"},{"sku":"S2"}]}',
  'an XML document': '<a><order><sku>S1</sku></order><order><sku>S2</sku></order></a>',
  'an empty document': '',
};

describe('the stream of a document', () => {
  for (const engine of ['columnar', 'reference'] satisfies Engine[]) {
    for (const [name, text] of Object.entries(documents)) {
      it(`has a result only after the last batch of ${name}, by the ${engine} engine`, async () => {
        const stream = await parseDocument({ document: documentOf(text), engine });
        const tooEarly = /no result before its last batch/;
        assert.throws(() => stream.finish(), tooEarly);
        for await (const _ of stream.batches) assert.throws(() => stream.finish(), tooEarly);
        const { tables, dialect } = stream.finish();
        assert.deepEqual(tables, stream.tables);
        assert.deepEqual(dialect, stream.dialect);
      });
    }
  }
});
