import assert from 'node:assert/strict';
import { sep } from 'node:path';
import fc from 'fast-check';
import { lakePath } from '../../src/parquet/lake-path.js';

describe('the path of a Parquet file in the lake', () => {
  it('consists of table, seller and document', () => {
    const path = lakePath('/lake', { table: 'orders', sellerId: 'A1', documentId: 'amzn1.spdoc.1.3.x' });
    assert.equal(path, ['', 'lake', 'orders', 'seller=A1', 'amzn1.spdoc.1.3.x.parquet'].join(sep));
  });

  it('never leaves the lake, and differs for each id', () => {
    const id = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.constantFrom('..', '.', '', '/etc', 'a/../../b', 'x'.repeat(500)),
    );
    fc.assert(
      fc.property(id, id, (a, b) => {
        const [first, second] = [a, b].map((documentId) =>
          lakePath('/lake', { table: 'o', sellerId: a, documentId }),
        );
        for (const path of [first, second]) assert.equal(path?.split(sep).length, 5);
        assert(first?.split(sep).every((part) => part !== '..' && part !== '.' && part.length < 250));
        assert.equal(first === second, a === b);
      }),
    );
  });
});
