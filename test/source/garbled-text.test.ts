import assert from 'node:assert/strict';
import fc from 'fast-check';
import { Utf8Check } from '../../src/source/document/utf8-check.js';

const words = [
  ...['Küchenstuhl', 'Größe', 'été', 'garçon', 'niño', 'Łódź', 'żółty', 'červený'],
  ...['Ελλάδα', 'Красный стул', '価格表', '赤い椅子', 'l’étagère', '25 €', 'CAFÉ™', 'Maß®', 'SÃO', '5 °C'],
];

function example(text: string, pieceBytes: number) {
  const bytes = Buffer.from(text);
  const check = new Utf8Check();
  for (let at = 0; at < bytes.length; at += pieceBytes) check.add(bytes.subarray(at, at + pieceBytes));
  check.end();
  return check.garbled.finding();
}

function misread(text: string): string {
  return new TextDecoder('windows-1252').decode(Buffer.from(text));
}

describe('a text that was read in another charset before it was written', () => {
  const texts = fc
    .array(fc.constantFrom(...words), { minLength: 4, maxLength: 40 })
    .map((chosen) => chosen.join(' and '));
  const pieces = fc.integer({ min: 1, max: 64 });

  it('is found in Latin, Greek, Cyrillic and Japanese letters, however its bytes arrive', () => {
    const letters = fc
      .array(fc.constantFrom(...words.slice(0, 13)), { minLength: 4, maxLength: 40 })
      .map((chosen) => chosen.join(' and '));
    fc.assert(
      fc.property(letters, pieces, (text, pieceBytes) => {
        const found = example(misread(text), pieceBytes);
        assert.ok(found, misread(text));
        assert.equal(misread(found.meant), found.found);
        assert.ok(text.includes(found.meant));
      }),
    );
  });

  it('is not confused with a text as it was meant', () => {
    fc.assert(
      fc.property(texts, pieces, (text, pieceBytes) => {
        assert.equal(example(text, pieceBytes), undefined);
      }),
    );
  });

  it('is not reported for one pasted text among others that are right', () => {
    assert.equal(example(`${misread('Größe für Küche')} ${'été à Łódź '.repeat(5)}`, 9), undefined);
  });
});
