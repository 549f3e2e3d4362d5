import assert from 'node:assert/strict';
import fc from 'fast-check';
import type { ReportSchema } from '../../src/schema/types.js';
import { documentOf } from './document-of.js';
import { objectSchema, outcomeOf } from './engine-outcome.js';
import { runs } from '../property-runs.js';

/** Members of rows, in the paths of columns. */
const names = ['a', 'b', 'sales', 'amount', 'date', 'Item-Id', 'é', 'a-long-name-of-more-than-16-bytes'];

const types = [
  'string',
  'decimal(18,4)',
  'int64',
  'float64',
  'bool',
  'date',
  'timestamp',
  'json',
  'list(string)',
  'list(decimal(18,4))',
];

/** JSON texts of values that are not objects. */
const scalar = fc.oneof(
  fc.constantFrom(
    ...[
      'null',
      'true',
      'false',
      '0',
      '-0',
      '1',
      '-1',
      '19.99',
      '19.990',
      '1.0',
      '1e3',
      '1.5E-7',
      '0.0000001',
    ],
    ...['12345678901234567890', '0.12345678901234567890', '9007199254740993', '1E400', '""', '" "', '"N/A"'],
    ...[
      '"Yes"',
      '"19.99"',
      '"1,234"',
      '"2026-10-01"',
      '"2026-10-01T10:00:00Z"',
      '"2026-10-01T10:00:00-07:00"',
      '"03/04/2026"',
      '"13/04/2026"',
      '"04/13/2026"',
      '"26/11/5"',
    ],
    ...[
      '"a\\"b"',
      '"\\\\"',
      '"\\/"',
      '"\\u00e9"',
      '"\\ud83d\\udeb2"',
      '"\\ud83d"',
      '"\\udeb2x"',
      '"\\u0000"',
    ],
    ...[
      '"\\n\\t\\r\\b\\f"',
      '"ä€日🚲"',
      '"a rather long text, of more than sixteen bytes"',
      '"{"',
      '"]"',
      '"\\u001f"',
    ],
  ),
  fc.string({ unit: 'grapheme', maxLength: 40 }).map((text) => JSON.stringify(text)),
  fc.integer().map(String),
  fc.double({ noNaN: true, noDefaultInfinity: true }).map(String),
);

const name = fc.oneof(
  { weight: 200, arbitrary: fc.constantFrom(...names).map((text) => JSON.stringify(text)) },
  { weight: 1, arbitrary: fc.constantFrom('"7"', '""', '"\\u0061"', '"__proto__"', '"$"', '"^"', '"x.y"') },
);

/** Blanks between tokens. */
const blank = fc.constantFrom('', '', '', ' ', '\n', '\r\n\t  ');

const { value, object } = fc.letrec<{ value: string; object: string; list: string }>((tie) => ({
  value: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    { weight: 6, arbitrary: scalar },
    { weight: 2, arbitrary: tie('object') },
    { weight: 1, arbitrary: tie('list') },
  ),
  object: fc
    .tuple(
      blank,
      fc.uniqueArray(fc.tuple(name, tie('value'), blank), { maxLength: 5, selector: ([key]) => key }),
    )
    .map(([space, members]) => {
      const texts = members.map(([key, text, inner]) => `${inner}${key}${space}:${inner}${text}${space}`);
      return `{${space}${texts.join(',')}}`;
    }),
  list: fc
    .tuple(blank, fc.array(tie('value'), { maxLength: 3 }))
    .map(([space, items]) => `[${space}${items.join(`${space},${space}`)}${space}]`),
}));

const rows = fc
  .tuple(
    fc.array(fc.oneof({ weight: 40, arbitrary: object }, { weight: 1, arbitrary: value }), { maxLength: 8 }),
    blank,
  )
  .map(([items, space]) => `[${space}${items.join(`,${space}`)}${space}]`);

interface Shape {
  members: [string, string][];
  isList: boolean;
  columns: [path: string[], type: string][];
  rowsAt: string;
  withSchema: boolean;
  chunk: number;
  broken: number | undefined;
}

const shape: fc.Arbitrary<Shape> = fc.record({
  members: fc.array(
    fc.oneof(
      fc.tuple(fc.constantFrom('list', 'list', 'other'), rows),
      fc.tuple(fc.constantFrom('spec', 'list', 'more'), value),
    ),
    { minLength: 1, maxLength: 4 },
  ),
  isList: fc.boolean(),
  columns: fc.oneof(
    fc.uniqueArray(
      fc.tuple(
        fc.oneof(
          { weight: 5, arbitrary: fc.array(fc.constantFrom(...names), { minLength: 1, maxLength: 2 }) },
          {
            weight: 1,
            arbitrary: fc.constantFrom<string[]>(['$', 'spec'], ['$', 'spec', 'a'], ['^', 'more'], ['.']),
          },
        ),
        fc.constantFrom(...types),
      ),
      { minLength: 1, maxLength: 8, selector: ([path]) => path.join('.') },
    ),
    // Columns for all members of the rows, most of them as JSON of any kind: such documents are
    // read in one pass.
    fc
      .array(fc.constantFrom(...types, 'json', 'json', 'json', 'json'), {
        minLength: names.length,
        maxLength: names.length,
      })
      .map((texts) => names.map((path, index): [string[], string] => [[path], texts[index] as string])),
  ),
  rowsAt: fc.constantFrom('list', 'list', 'spec.list', '$'),
  withSchema: fc.boolean(),
  chunk: fc.integer({ min: 1, max: 60 }),
  broken: fc.oneof({ weight: 9, arbitrary: fc.constant(undefined) }, { weight: 1, arbitrary: fc.nat() }),
});

function textOf({ members, isList, broken }: Shape): string {
  const text = isList
    ? (members[0]?.[1] as string)
    : `{${members.map(([key, inner]) => `"${key}": ${inner}`).join(', ')}}`;
  return broken === undefined ? text : text.slice(0, broken % text.length);
}

function schemaOf({ columns, rowsAt }: Shape): ReportSchema {
  const ofTable = columns.map(([path, type]): [string, string] => [path.join('.'), type]);
  return objectSchema('json', [{ name: 'test', rows: rowsAt, columns: ofTable }]);
}

describe('the columnar engine', () => {
  it('reads every JSON document as the reference engine does, in chunks of any size', async () => {
    let columnar = 0;
    await fc.assert(
      fc.asyncProperty(shape, async (given) => {
        const text = textOf(given);
        const schema = given.withSchema ? schemaOf(given) : undefined;
        const read = async (engine: 'reference' | 'columnar') => {
          const { readBy, made } = await outcomeOf(engine, documentOf(text, {}, given.chunk), schema);
          if (readBy === 'columnar') columnar += 1;
          // As written to a file: half a surrogate pair is not a character.
          if ('rejects' in made)
            for (const reject of made.rejects) reject.raw = Buffer.from(reject.raw).toString();
          return made;
        };
        assert.deepEqual(await read('columnar'), await read('reference'));
      }),
      { numRuns: runs(400) },
    );
    assert.ok(columnar > 0);
    if (process.env.PROPERTY_RUNS) console.log(columnar);
  });
});
