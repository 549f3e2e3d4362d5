import assert from 'node:assert/strict';
import type { DocumentLimits } from '../../src/config/documents-spec.js';
import { maxNesting } from '../../src/parse/limits.js';
import type { Engine } from '../../src/parse/types.js';
import type { ReadableDocument } from '../../src/source/types.js';
import { documentOf } from './document-of.js';
import { readRows } from './read-rows.js';

interface LimitCase {
  limit: string;
  code: string;
  kept: ReadableDocument;
  exceeding: ReadableDocument[];
}

/** Tests that both engines read what keeps to these limits, and refuse what exceeds them. */
export function describeLimits(title: string, limits: DocumentLimits): void {
  for (const engine of ['reference', 'columnar'] satisfies Engine[]) {
    describe(`${title}, the ${engine} engine`, () => {
      for (const { limit, code, kept, exceeding } of cases(limits)) {
        it(`has a limit for ${limit}, and refuses what exceeds it with ${code}`, async () => {
          await readRows({ ...kept, limits }, undefined, engine);
          for (const document of exceeding)
            await assert.rejects(readRows({ ...document, limits }, undefined, engine), { code });
        });
      }
    });
  }
}

/** A document of these pieces of ASCII text, each as one chunk. */
export function documentOfPieces(...pieces: string[]): ReadableDocument {
  async function* openText() {
    yield* pieces;
  }
  async function* openBytes() {
    for (const piece of pieces) yield Buffer.from(piece);
  }
  return { ...documentOf(''), openText, openBytes };
}

export const pieceCharacters = 2 ** 20;
const filler = 'x'.repeat(pieceCharacters);
export const fillers = (characters: number) => [
  ...Array<string>(Math.floor(characters / pieceCharacters)).fill(filler),
  'x'.repeat(characters % pieceCharacters),
];
const lists = (depth: number) => `${'['.repeat(depth)}1${']'.repeat(depth)}`;
const elements = (depth: number) => `${'<a>'.repeat(depth)}1${'</a>'.repeat(depth)}`;
export const numbered = (count: number, text: (index: number) => string, joint = ',') =>
  Array.from({ length: count }, (_, index) => text(index)).join(joint);

/** Documents that just keep to a limit, and documents that exceed it. */
const cases = ({ maxColumns, maxLists, maxRowCharacters, maxRowValues }: DocumentLimits): LimitCase[] => [
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
        `{${numbered(3, (index) => `"a${index}":"${'x'.repeat(0.4 * maxRowCharacters)}"`)},"rows":[{"c":1}]}`,
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
