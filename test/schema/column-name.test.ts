import assert from 'node:assert/strict';
import fc from 'fast-check';
import { namePattern, snakeCaseName } from '../../src/schema/column-name.js';

describe('column names from headers', () => {
  const names: [string, string][] = [
    ['Warehouse-Condition-code', 'warehouse_condition_code'],
    ['avaliable-quantity(sellable)', 'avaliable_quantity_sellable'],
    ['Country/Region Code', 'country_region_code'],
    ['StartingWarehouseBalance', 'starting_warehouse_balance'],
    ['FNSKU', 'fnsku'],
    ['出品者SKU', '出品者sku'],
    ['ﾌﾙﾌｨﾙﾒﾝﾄ・ﾁｬﾝﾈﾙ', 'フルフィルメント_チャンネル'],
    ['descrição-do-item', 'descrição_do_item'],
    ['60-days', 'column_60_days'],
    ['_row', 'row'],
    ['%', 'column_1'],
  ];
  for (const [header, name] of names) {
    it(`are ${name} for ${header}`, () => assert.equal(snakeCaseName(header, new Set()), name));
  }

  it('are distinct for repeated headers, even if names already end in a number', () => {
    const taken = new Set(['sku']);
    assert.deepEqual(
      ['na', 'NA', 'na 2', 'n-a', 'SKU', ''].map((header) => snakeCaseName(header, taken)),
      ['na', 'na_2', 'na_2_2', 'n_a', 'sku_2', 'column_7'],
    );
  });

  it('are valid and distinct, whatever the headers', () => {
    fc.assert(
      fc.property(fc.array(fc.string({ unit: 'binary', maxLength: 400 }), { maxLength: 40 }), (headers) => {
        const taken = new Set<string>();
        const found = headers.map((header) => snakeCaseName(header, taken));
        for (const name of found) {
          assert.match(name, namePattern);
          assert.equal(name, name.toLowerCase());
          assert.ok(name.length <= 300);
        }
        assert.equal(new Set(found).size, headers.length);
      }),
    );
  });

  it('do not change when they are made again', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', minLength: 1 }), (header) => {
        const name = snakeCaseName(header, new Set());
        assert.equal(snakeCaseName(name, new Set()), name);
      }),
    );
  });
});
