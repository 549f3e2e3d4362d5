import assert from 'node:assert/strict';
import fc from 'fast-check';
import { misfit, packItems } from '../../src/requests/pack-items.js';

const limits = fc.record({
  maxCharacters: fc.option(fc.integer({ min: 12, max: 250 }), { nil: undefined }),
  maxItems: fc.option(fc.integer({ min: 1, max: 20 }), { nil: undefined }),
  separator: fc.constant(' '),
});
const word = (minLength: number, maxLength: number) =>
  fc.string({ unit: fc.constantFrom(...'ABCDEFGH0123456789'), minLength, maxLength });

describe('the packing of items into an option', () => {
  it('keeps every item and its place, and never exceeds the characters or the items of the option', () => {
    const property = fc.property(fc.uniqueArray(word(1, 12)), limits, (items, option) => {
      const packs = packItems(items, option);
      assert.deepEqual(
        packs.flatMap((pack) => pack.split(' ')),
        items,
      );
      for (const pack of packs) {
        assert.ok(pack.length <= (option.maxCharacters ?? Number.POSITIVE_INFINITY));
        assert.ok(pack.split(' ').length <= (option.maxItems ?? Number.POSITIVE_INFINITY));
      }
    });
    fc.assert(property);
  });

  it('needs no more reports than items of one length can do with', () => {
    const property = fc.property(fc.uniqueArray(word(10, 10)), limits, (items, option) => {
      const { maxCharacters = Number.POSITIVE_INFINITY, maxItems = Number.POSITIVE_INFINITY } = option;
      const perPack = Math.min(maxItems, Math.floor((maxCharacters + 1) / 11), items.length || 1);
      assert.equal(packItems(items, option).length, Math.ceil(items.length / perPack));
    });
    fc.assert(property);
  });

  it('puts 18 ASINs into 200 characters, and one item into an option without a separator', () => {
    const asins = Array.from({ length: 40 }, (_, index) => `B0${String(index).padStart(8, '0')}`);
    const packs = packItems(asins, { maxCharacters: 200, maxItems: 18, separator: ' ' });
    assert.deepEqual(
      packs.map((pack) => pack.split(' ').length),
      [18, 18, 4],
    );
    assert.equal(packs[0]?.length, 18 * 11 - 1);
    assert.deepEqual(packItems(['a b', 'c'], {}), ['a b', 'c']);
  });

  it('names the reason for which an option cannot take an item', () => {
    const option = { maxCharacters: 5, separator: ';' };
    assert.equal(misfit('abcde', option), undefined);
    assert.equal(misfit('abcdef', option), 'it has 6 characters, and the option takes 5');
    assert.equal(misfit('a;b', option), 'it contains ";", which separates items');
  });
});
