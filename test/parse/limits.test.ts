import assert from 'node:assert/strict';
import { defaultDocumentLimits, type DocumentLimits } from '../../src/config/documents-spec.js';
import { documentError, maxNesting } from '../../src/parse/limits.js';
import { ReportsError } from '../../src/errors/reports-error.js';
import type { Engine } from '../../src/parse/types.js';
import type { ReadableDocument } from '../../src/source/types.js';
import { documentOf } from './document-of.js';
import { workbookOfXml } from './hostile-workbooks.js';
import { readRows } from './read-rows.js';

/** A document of these pieces of ASCII text, each as one chunk. */
function documentOfPieces(...pieces: string[]): ReadableDocument {
  async function* openText() {
    yield* pieces;
  }
  async function* openBytes() {
    for (const piece of pieces) yield Buffer.from(piece);
  }
  return { ...documentOf(''), openText, openBytes };
}

const { maxColumns, maxLists, maxRowCharacters, maxRowValues } = defaultDocumentLimits;
const pieceCharacters = 2 ** 20;
const filler = 'x'.repeat(pieceCharacters);
const fillers = (characters: number) => [
  ...Array<string>(Math.floor(characters / pieceCharacters)).fill(filler),
  'x'.repeat(characters % pieceCharacters),
];
const lists = (depth: number) => `${'['.repeat(depth)}1${']'.repeat(depth)}`;
const elements = (depth: number) => `${'<a>'.repeat(depth)}1${'</a>'.repeat(depth)}`;
const numbered = (count: number, text: (index: number) => string, joint = ',') =>
  Array.from({ length: count }, (_, index) => text(index)).join(joint);

/** Documents that just keep to a limit, and documents that exceed it. */
const cases: { limit: string; code: string; kept: ReadableDocument; exceeding: ReadableDocument[] }[] = [
  {
    limit: 'nesting in JSON',
    code: 'DOCUMENT_TOO_DEEP',
    kept: documentOfPieces(`[{"a":${lists(maxNesting - 1)}}]`),
    exceeding: [
      documentOfPieces(`[{"a":${lists(maxNesting)}}]`),
      documentOfPieces(`[{"a":${lists(100_000)}}]`),
      documentOfPieces(`{"a":{"b":${'{"c":'.repeat(100_000)}1${'}'.repeat(100_000)}}}`),
      documentOfPieces('['.repeat(100_000)),
    ],
  },
  {
    limit: 'nesting in XML',
    code: 'DOCUMENT_TOO_DEEP',
    kept: documentOfPieces(elements(maxNesting)),
    exceeding: [documentOfPieces(elements(maxNesting + 1)), documentOfPieces('<a>'.repeat(60_000))],
  },
  {
    limit: 'the length of a line',
    code: 'ROW_TOO_LONG',
    kept: documentOfPieces('sku\tname\n1\t', ...fillers(maxRowCharacters - 2), '\n2\tb\n'),
    exceeding: [
      documentOfPieces('sku\tname\n1\t', ...fillers(maxRowCharacters - 1), '\n2\tb\n'),
      documentOfPieces('sku\tname\n1\t', ...fillers(maxRowCharacters + pieceCharacters)),
      documentOfPieces('sku,name\n1,"', ...fillers(maxRowCharacters + pieceCharacters), '"\n'),
    ],
  },
  {
    limit: 'the length of a value in JSON',
    code: 'ROW_TOO_LONG',
    kept: documentOfPieces('[{"a":"', ...fillers(maxRowCharacters - 8), '"},{"a":"b"}]'),
    exceeding: [
      documentOfPieces('[{"a":"', ...fillers(maxRowCharacters - 7), '"},{"a":"b"}]'),
      documentOfPieces('[{"a":"', ...fillers(maxRowCharacters + pieceCharacters)),
      documentOfPieces('{"a":{"b":"', ...fillers(maxRowCharacters), '"},"rows":[{"c":1}]}'),
      documentOfPieces(
        `{${numbered(3, (index) => `"a${index}":"${'x'.repeat(6 * 2 ** 20)}"`)},"rows":[{"c":1}]}`,
      ),
    ],
  },
  {
    limit: 'the number of values in a row',
    code: 'ROW_TOO_LONG',
    kept: documentOfPieces(`[{"a":[${'1,'.repeat(maxRowValues - 1)}1]}]`),
    exceeding: [
      documentOfPieces(`[{"a":[${'{},'.repeat(maxRowValues + 1)}1]}]`),
      documentOfPieces(`<r><a>${'<b>1</b>'.repeat(maxRowValues + 1)}</a></r>`),
    ],
  },
  {
    limit: 'the length of a piece of XML',
    code: 'ROW_TOO_LONG',
    kept: documentOfPieces('<r><a>', ...fillers(maxRowCharacters / 2), '</a></r>'),
    exceeding: [
      documentOfPieces('<r><a>', ...fillers(maxRowCharacters * 1.5), '</a></r>'),
      documentOfPieces('<r><a b="', ...fillers(maxRowCharacters * 1.5), '"/></r>'),
      documentOfPieces('<r><!--', ...fillers(maxRowCharacters * 1.5), '--></r>'),
      documentOfPieces('<r><![CDATA[', ...fillers(maxRowCharacters * 1.5), ']]></r>'),
    ],
  },
  {
    limit: 'the length of the header line',
    code: 'HEADER_TOO_LONG',
    kept: documentOfPieces(`sku\t${'n'.repeat(200_000)}\n1\t2\n`),
    exceeding: [documentOfPieces('sku\tname\t', ...fillers(pieceCharacters), '\n1\t2\t3\n')],
  },
  {
    limit: 'the number of columns',
    code: 'TOO_MANY_COLUMNS',
    kept: documentOfPieces(`${numbered(maxColumns, (index) => `h${index}`, '\t')}\n1\n`),
    exceeding: [
      documentOfPieces(`${numbered(maxColumns + 1, (index) => `h${index}`, '\t')}\n1\n`),
      documentOfPieces(`[{${numbered(maxColumns + 1, (index) => `"k${index}":1`)}}]`),
      documentOfPieces(`[{${numbered(100_000, (index) => `"k${index}":1`)}}]`),
      documentOfPieces(`[${numbered(maxColumns + 1, (index) => `{"k${index}":1}`)}]`),
      documentOfPieces(`{${numbered(maxColumns + 1, (index) => `"k${index}":1`)}}`),
      documentOfPieces(
        `<r><a>${numbered(maxColumns + 1, (index) => `<k${index}>1</k${index}>`, '')}</a></r>`,
      ),
    ],
  },
  {
    limit: 'the number of lists',
    code: 'TOO_MANY_COLUMNS',
    kept: documentOfPieces(`{${numbered(maxLists, (index) => `"k${index}":[1]`)}}`),
    exceeding: [
      documentOfPieces(`{${numbered(maxLists + 1, (index) => `"k${index}":[1]`)}}`),
      documentOfPieces(`<r>${numbered(maxLists + 1, (index) => `<k${index}>1</k${index}>`, '')}</r>`),
    ],
  },
];

for (const engine of ['reference', 'columnar'] satisfies Engine[]) {
  describe(`the ${engine} engine`, () => {
    for (const { limit, code, kept, exceeding } of cases) {
      it(`has a limit for ${limit}, and refuses what exceeds it with ${code}`, async () => {
        await readRows(kept, undefined, engine);
        for (const document of exceeding)
          await assert.rejects(readRows(document, undefined, engine), { code });
      });
    }
  });
}

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
