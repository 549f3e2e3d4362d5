import assert from 'node:assert/strict';
import { defaultDocumentLimits, type DocumentLimits } from '../../src/config/documents-spec.js';
import { documentError } from '../../src/parse/limits.js';
import { ReportsError } from '../../src/errors/reports-error.js';
import type { Engine } from '../../src/parse/types.js';
import type { ReadableDocument } from '../../src/source/types.js';
import { documentOf } from './document-of.js';
import { describeLimits, documentOfPieces, fillers, numbered, pieceCharacters } from './limit-cases.js';
import { workbookOfXml } from './hostile-workbooks.js';
import { readRows } from './read-rows.js';

// limits.slow.test.ts has the same documents for the default limits, which are larger.
describeLimits('with low limits', {
  ...defaultDocumentLimits,
  maxRowCharacters: 2 ** 21,
  maxRowValues: 150_000,
  maxColumns: 2000,
  maxLists: 200,
});

const narrow: DocumentLimits = {
  maxRowCharacters: 2 ** 20,
  maxRowValues: 100_000,
  maxColumns: 3,
  maxLists: 2,
  maxWorkbookBytes: 20_000,
  maxSheetCells: 6,
  maxSheetCharacters: 100,
};
/** A workbook of so many rows and columns, with a header. */
function workbook(rows: number, columns: number, text = '1'): Promise<Buffer> {
  const cells = (row: number) =>
    numbered(
      columns,
      (column) =>
        `<c r="${'ABC'[column]}${row + 1}" t="str"><v>${row === 0 ? 'header' : row}${column}${text}</v></c>`,
      '',
    );
  return workbookOfXml(numbered(rows, (row) => `<row r="${row + 1}">${cells(row)}</row>`, ''));
}

function documentOfWorkbook(bytes: Buffer): ReadableDocument {
  async function* openBytes() {
    yield bytes;
  }
  return { ...documentOf(''), charset: 'binary', openBytes };
}

/** For each setting, documents that exceed its limit in `narrow` and keep to the default. */
const byName: Record<keyof DocumentLimits, () => Promise<ReadableDocument[]>> = {
  maxRowCharacters: async () => [
    documentOfPieces('sku\tname\n1\t', ...fillers(pieceCharacters), '\n2\tb\n'),
    documentOfPieces('sku,name\n1,"', ...fillers(pieceCharacters), '"\n2,b\n'),
    documentOfPieces('[{"a":"', ...fillers(pieceCharacters), '"},{"a":"b"}]'),
    documentOfPieces('<r><a>', ...fillers(pieceCharacters), '</a></r>'),
  ],
  maxRowValues: async () => [
    documentOfPieces(`[{"a":[${'{},'.repeat(100_001)}1]}]`),
    documentOfPieces(`<r><a>${'<b>1</b>'.repeat(100_001)}</a></r>`),
  ],
  maxColumns: async () => [
    documentOfPieces('a\tb\tc\td\n1\n'),
    documentOfPieces('a,b,c,d\n"1"\n'),
    documentOfPieces('[{"a":1,"b":1,"c":1,"d":1}]'),
    documentOfPieces('<r><x><a>1</a><b>1</b><c>1</c><d>1</d></x></r>'),
  ],
  maxLists: async () => [
    documentOfPieces('{"a":[1],"b":[1],"c":[1]}'),
    documentOfPieces('<r><a>1</a><b>1</b><c>1</c></r>'),
  ],
  maxWorkbookBytes: async () => [documentOfWorkbook(await workbook(2, 2, 'x'.repeat(10_000)))],
  maxSheetCells: async () => [documentOfWorkbook(await workbook(4, 2))],
  maxSheetCharacters: async () => [documentOfWorkbook(await workbook(2, 2, 'x'.repeat(50)))],
};

for (const engine of ['reference', 'columnar'] satisfies Engine[]) {
  describe(`limits in the settings, with the ${engine} engine`, () => {
    for (const [setting, documents] of Object.entries(byName)) {
      it(`refuse what exceeds documents.${setting}, name the setting, and load it with a higher limit`, async () => {
        for (const document of await documents()) {
          await assert.rejects(readRows({ ...document, limits: narrow }, undefined, engine), (error) => {
            assert.ok(error instanceof ReportsError);
            assert.equal(error.details.setting, `documents.${setting}`);
            assert.equal(error.details.limit, narrow[setting as keyof DocumentLimits]);
            assert.ok(error.remedy.includes(`\`documents.${setting}\` in pipelines.yaml`), error.remedy);
            assert.match(error.message, /\d+ \w+ or more|more than \d+ bytes|which is \d+ cells/);
            return true;
          });
          await readRows(document, undefined, engine);
        }
      });
    }
  });
}

describe('a runtime error while a document is read', () => {
  const { metadata } = documentOf('').raw;

  it('blames the document if it exceeds what a text, a list or the stack can hold', () => {
    const endless = (): number => endless() + 1;
    for (const provoke of [
      endless,
      () => 'x'.repeat(2 ** 30),
      () => new Array(-1),
      () => Buffer.alloc(2 ** 30).toString('latin1'),
    ]) {
      assert.throws(
        () => {
          try {
            provoke();
          } catch (error) {
            throw documentError(error, metadata);
          }
        },
        { code: 'DOCUMENT_TOO_COMPLEX', kind: 'terminal' },
      );
    }
  });

  it('is passed on unchanged if memory lacks, and in any other case', () => {
    for (const error of [
      new RangeError('Array buffer allocation failed'),
      new TypeError('undefined is not a function'),
      new RangeError('Invalid time value'),
    ]) {
      assert.equal(documentError(error, metadata), error);
    }
  });
});
