import assert from 'node:assert/strict';
import fc from 'fast-check';
import { complete, quoteName, usedRelations } from '../../../src/status/page/completion.js';

const names = {
  relations: ['orders_per_day', 'profit_per_sku', 'settlement_v2', '_loads'],
  columns: new Map([
    ['orders_per_day', ['order_date', 'orders', 'currency', 'item_sales']],
    ['profit_per_sku', ['sku', 'currency', 'profit']],
  ]),
};
/** `|` is the caret. */
const at = (sql: string, options = {}) =>
  complete(sql.replace('|', ''), sql.indexOf('|'), names, options).names;

describe('the completion of names', () => {
  it('suggests tables and views after FROM and JOIN', () => {
    assert.deepEqual(at('SELECT * FROM ord|'), ['orders_per_day']);
    assert.deepEqual(at('SELECT * FROM orders_per_day JOIN pro|'), ['profit_per_sku']);
    assert.deepEqual(at('SELECT * FROM |', { isAsked: true }), names.relations);
  });

  it('suggests the columns of the tables of the query first', () => {
    assert.deepEqual(at('SELECT or| FROM orders_per_day'), ['order_date', 'orders', 'orders_per_day']);
    assert.deepEqual(at('SELECT sa| FROM orders_per_day'), ['item_sales']);
    assert.deepEqual(at('SELECT cu| FROM orders_per_day, profit_per_sku'), ['currency']);
  });

  it('suggests the columns of one table after its name or alias', () => {
    assert.deepEqual(at('SELECT p.| FROM orders_per_day o JOIN profit_per_sku AS p'), [
      'sku',
      'currency',
      'profit',
    ]);
    assert.deepEqual(at('SELECT o.or| FROM orders_per_day o'), ['order_date', 'orders']);
    assert.deepEqual(at('SELECT x.or| FROM orders_per_day o'), []);
  });

  it('suggests nothing for a short word, a whole name, a text or a comment', () => {
    assert.deepEqual(at('SELECT o| FROM orders_per_day'), []);
    assert.deepEqual(at('SELECT order_date| FROM orders_per_day'), []);
    assert.deepEqual(at("SELECT * FROM orders_per_day WHERE currency = 'cu|"), []);
    assert.deepEqual(at('SELECT 1 -- cu|'), []);
    assert.deepEqual(at('SELECT 1 /* cu|'), []);
  });

  it('quotes what is no plain name', () => {
    assert.deepEqual(
      ['order_date', 'order', 'ship to', 'a"b'].map((name) => quoteName(name, '"')),
      ['order_date', '"order"', '"ship to"', '"a""b"'],
    );
    assert.equal(quoteName('group', '`'), '`group`');
  });

  it('knows a clause from an alias', () => {
    assert.deepEqual(usedRelations('SELECT 1 FROM _loads WHERE 1 = 1', names.relations), [
      { relation: '_loads', alias: '_loads' },
    ]);
  });

  it('only suggests names that the word begins, at the place of the word, for any text', () => {
    const part = fc.oneof(
      fc.constantFrom(
        'SELECT ',
        ' FROM ',
        'orders_per_day',
        'o',
        '.',
        ',',
        "'",
        '--',
        '\n',
        'ord',
        'per',
        ' ',
      ),
      fc.string({ maxLength: 3 }),
    );
    fc.assert(
      fc.property(fc.array(part, { maxLength: 12 }), fc.nat(60), fc.boolean(), (parts, place, isAsked) => {
        const sql = parts.join('');
        const caret = Math.min(place, sql.length);
        const found = complete(sql, caret, names, { isAsked });
        const word = sql.slice(found.from, caret);
        assert.match(word, /^\w*$/);
        for (const name of found.names)
          assert.ok(`_${name}`.toLowerCase().includes(`_${word.toLowerCase()}`));
        assert.ok(found.names.length <= 8 && new Set(found.names).size === found.names.length);
      }),
    );
  });
});
