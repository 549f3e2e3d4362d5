import assert from 'node:assert/strict';
import fc from 'fast-check';
import { checkedJson, readCheckedJson } from '../../src/files/checked-json.js';

describe('JSON with a hash of its content', () => {
  const content = fc.dictionary(fc.string(), fc.jsonValue({ maxDepth: 2 }));
  const indent = fc.constantFrom(undefined, 2);

  it('is read as it was written', () => {
    fc.assert(
      fc.property(content, indent, (written, spaces) => {
        const text = checkedJson(written, spaces);
        assert.deepEqual(readCheckedJson(text), JSON.parse(JSON.stringify(written)));
      }),
    );
  });

  it('is refused if a bit of it is flipped, unless its content is still the same', () => {
    fc.assert(
      fc.property(content, indent, fc.nat(), fc.nat(7), (written, spaces, at, bit) => {
        const bytes = Buffer.from(checkedJson(written, spaces));
        const index = at % bytes.length;
        bytes[index] = (bytes[index] ?? 0) ^ (1 << bit);
        let read: unknown;
        try {
          read = readCheckedJson(bytes.toString());
        } catch {
          return;
        }
        // A flip in the name of the property of the hash adds a property.
        const same = Object.entries(read as object).filter(([name]) => Object.hasOwn(written, name));
        assert.deepEqual(Object.fromEntries(same), JSON.parse(JSON.stringify(written)));
      }),
    );
  });

  it('without a hash, of an earlier version, is read as it is', () => {
    assert.deepEqual(readCheckedJson('{"a":1}'), { a: 1 });
    assert.equal(readCheckedJson('null'), null);
    assert.throws(() => readCheckedJson('{"a":1'), SyntaxError);
  });
});
