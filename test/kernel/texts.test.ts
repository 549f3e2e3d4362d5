import assert from 'node:assert/strict';
import fc from 'fast-check';
import { type Kernel, takeKernel } from '../../src/kernel/kernel.js';
import { json, outerQuotes, placeCells, copyInIntegers, plain, readBits } from './kernel-memory.js';

describe('the kernel that gathers the texts of a column', () => {
  let kernel: Kernel;
  beforeEach(() => {
    kernel = takeKernel();
  });
  afterEach(() => kernel.release());

  /** Lengths around the 8 and 16 bytes that are compared and copied at once. */
  const word = fc.oneof(
    fc.string({ unit: fc.constantFrom('a', 'b', 'é', '水', '"'), maxLength: 6 }),
    fc.constantFrom(7, 8, 9, 15, 16, 17, 40).map((length) => 'x'.repeat(length)),
  );
  const cell = fc.option(word, { nil: undefined });
  const parts = fc.array(fc.array(cell, { maxLength: 200 }), { maxLength: 5 });

  function textsIn(texts: number, count: number): string[] {
    const offsets = kernel.int32(kernel.calls.textsOffsets(texts), count + 1);
    const bytes = kernel.calls.textsBytes(texts);
    return Array.from({ length: count }, (_, index) =>
      kernel.text(bytes + (offsets[index] ?? 0), bytes + (offsets[index + 1] ?? 0)),
    );
  }

  it('appends the cells of several portions of rows, with a bit for each that is not empty', () => {
    fc.assert(
      fc.property(parts, (parts) => {
        kernel.calls.reset();
        const cells = parts.flat();
        const texts = kernel.calls.newTexts();
        const validity = kernel.zeros((cells.length >>> 3) + 1);
        let from = 0;
        for (const part of parts) {
          const empty = kernel.calls.addTexts(texts, ...placeCells(kernel, part), validity, from);
          assert.equal(empty, part.filter((cell) => !cell).length);
          from += part.length;
        }
        assert.deepEqual(
          textsIn(texts, cells.length),
          cells.map((cell) => cell ?? ''),
        );
        assert.deepEqual(readBits(kernel, validity, cells.length), cells.map(Boolean));
      }),
    );
  });

  it('appends the texts of dictionary entries exactly as it appends the cells themselves', () => {
    fc.assert(
      fc.property(parts, (parts) => {
        kernel.calls.reset();
        const { calls } = kernel;
        const cells = parts.flat();
        const dictionary = calls.newDictionary();
        const texts = calls.newTexts();
        const validity = kernel.zeros((cells.length >>> 3) + 1);
        let from = 0;
        for (const part of parts) {
          const entries = kernel.zeros(part.length * 4);
          calls.addToDictionary(dictionary, ...placeCells(kernel, part), entries);
          const empty = calls.addEntries(texts, dictionary, entries, part.length, validity, from);
          assert.equal(empty, part.filter((cell) => !cell).length);
          from += part.length;
        }
        assert.deepEqual(
          textsIn(texts, cells.length),
          cells.map((cell) => cell ?? ''),
        );
        assert.deepEqual(readBits(kernel, validity, cells.length), cells.map(Boolean));
      }),
    );
  });

  it('numbers equal texts of a dictionary alike and different texts differently, at any length', () => {
    const word = fc.string({ unit: fc.constantFrom('a', 'b', 'é', '水'), maxLength: 20 });
    fc.assert(
      fc.property(fc.array(word, { minLength: 1, maxLength: 300 }), (texts) => {
        const { calls } = kernel;
        const dictionary = calls.newDictionary();
        const cells = placeCells(kernel, texts);
        const entries = kernel.zeros(texts.length * 4);
        const empty = calls.addToDictionary(dictionary, ...cells, entries);
        const distinct = [...new Set(texts)].filter((text) => text !== '');
        assert.equal(empty, texts.filter((text) => text === '').length);
        assert.equal(calls.dictionaryCount(dictionary), distinct.length);
        const offsets = kernel.int32(calls.dictionaryOffsets(dictionary), distinct.length + 1);
        const bytes = calls.dictionaryBytes(dictionary);
        const stored = distinct.map((_, entry) =>
          kernel.text(bytes + (offsets[entry] ?? 0), bytes + (offsets[entry + 1] ?? 0)),
        );
        assert.deepEqual(stored, distinct);
        assert.deepEqual(
          [...kernel.int32(entries, texts.length)],
          texts.map((text) => distinct.indexOf(text)),
        );
        calls.freeDictionary(dictionary);
      }),
    );
  });

  it('strips one pair of surrounding quotes, and takes an empty JSON text as a value', () => {
    const cells = ['"a"', 'a"', '"', '""', '', undefined, '"b" c', '"""'];
    const read = (form: number) => {
      const texts = kernel.calls.newTexts();
      const validity = kernel.zeros(8);
      const given = placeCells(kernel, cells, form);
      const empty = kernel.calls.addTexts(texts, ...given, validity, 0);
      const there = readBits(kernel, validity, cells.length);
      assert.equal(empty, there.filter((isThere) => !isThere).length);
      return textsIn(texts, cells.length).map((text, row) => (there[row] ? text : null));
    };
    assert.deepEqual(read(plain), ['"a"', 'a"', '"', '""', null, null, '"b" c', '"""']);
    assert.deepEqual(read(outerQuotes), ['a', 'a"', '"', null, null, null, '"b" c', '"']);
    assert.deepEqual(read(json), ['"a"', 'a"', '"', '""', '', null, '"b" c', '"""']);
  });

  it('finds content in a column unless each of its cells is empty or absent', () => {
    const has = (cells: (string | undefined)[], form = plain) =>
      Boolean(kernel.calls.hasContent(...placeCells(kernel, cells, form)));
    assert.equal(has([]), false);
    assert.equal(has(['', undefined, '']), false);
    assert.equal(has(['', undefined, ' ']), true);
    assert.equal(has(['""', '""'], outerQuotes), false);
    assert.equal(has(['""', '"a"'], outerQuotes), true);
  });

  it('starts again from no text after it is cleared', () => {
    const { calls } = kernel;
    const texts = calls.newTexts();
    const validity = kernel.zeros(8);
    calls.addTexts(texts, ...placeCells(kernel, ['one', 'two']), validity, 0);
    calls.clearTexts(texts);
    calls.addTexts(texts, ...placeCells(kernel, ['three']), validity, 0);
    assert.deepEqual(textsIn(texts, 1), ['three']);

    const dictionary = calls.newDictionary();
    const entries = kernel.zeros(8);
    calls.addToDictionary(dictionary, ...placeCells(kernel, ['one', 'two']), entries);
    assert.deepEqual([...kernel.int32(entries, 2)], [0, 1]);
    calls.clearDictionary(dictionary);
    assert.equal(calls.dictionaryCount(dictionary), 0);
    calls.addToDictionary(dictionary, ...placeCells(kernel, ['two', 'one']), entries);
    assert.deepEqual([...kernel.int32(entries, 2)], [0, 1]);
  });

  const entryOrNone = fc.integer({ min: -1, max: 9 });

  it('turns entries into indices with a bitmap, also through a table that drops or moves entries', () => {
    const table = fc.option(fc.array(entryOrNone, { minLength: 10, maxLength: 10 }));
    fc.assert(
      fc.property(fc.array(entryOrNone, { maxLength: 100 }), table, (entries, table) => {
        kernel.calls.reset();
        const at = copyInIntegers(kernel, entries);
        const validity = kernel.zeros((entries.length >>> 3) + 1);
        const places = table ? copyInIntegers(kernel, table) : 0;
        const nulls = kernel.calls.settleEntries(at, entries.length, places, validity);
        const expected = entries.map((entry) => (entry < 0 ? -1 : (table?.[entry] ?? entry)));
        assert.equal(nulls, expected.filter((index) => index < 0).length);
        assert.deepEqual(
          [...kernel.int32(at, entries.length)],
          expected.map((index) => Math.max(0, index)),
        );
        assert.deepEqual(
          readBits(kernel, validity, entries.length),
          expected.map((index) => index >= 0),
        );
      }),
    );
  });

  it('counts the rows of each entry, and adds to the counts of earlier rows', () => {
    fc.assert(
      fc.property(fc.array(entryOrNone, { maxLength: 100 }), fc.nat(100), (entries, cut) => {
        kernel.calls.reset();
        const counts = kernel.zeros(10 * 4);
        for (const part of [entries.slice(0, cut), entries.slice(cut)]) {
          kernel.calls.countEntries(copyInIntegers(kernel, part), part.length, counts);
        }
        const expected = Array.from({ length: 10 }, (_, entry) => entries.filter((e) => e === entry).length);
        assert.deepEqual([...kernel.int32(counts, 10)], expected);
      }),
    );
  });
});
