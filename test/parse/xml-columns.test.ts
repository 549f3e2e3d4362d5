import assert from 'node:assert/strict';
import fc from 'fast-check';
import type { ReportSchema } from '../../src/schema/types.js';
import { documentOf } from './document-of.js';
import { objectSchema, outcomeOf } from './engine-outcome.js';
import { runs } from '../property-runs.js';

const names = ['a', 'b', 'Sales', 'date', 'Item-Id', 'a.long_name-of-more-than-16-bytes', '__proto__'];

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
  'list(int64)',
];

/** Texts as they stand in a document. */
const text = fc.oneof(
  { weight: 2, arbitrary: fc.constantFrom('', ' ', '\n    ', '\r\n', '&#32;', '\u00a0', '\u3000&#xa0;') },
  {
    weight: 5,
    arbitrary: fc.constantFrom(
      ...['0', '-1', '19.99', '1.0', '1e3', '12345678901234567890', 'N/A', 'Yes', 'true', '1,234'],
      ...['2026-10-01', '2026-10-01T10:00:00-07:00', '03/04/2026', '13/04/2026', '04/13/2026'],
      ...['Home &amp; Garden', '&lt;&gt;&quot;&apos;', 'a"b\\c', "it's", ']]', 'a]b', 'x > y', '\u0085'],
      ...['&#65;&#x1F6B2;&#x9;&#10;&#13;', ' a\r\nb\rc\n', 'ä€日🚲', '\ufeffx', 'ﷺ\uf8ff', '\u007f'],
      ...['a rather long text, of more than sixteen bytes', '" \\ " in a text of more than 16 bytes \n "'],
    ),
  },
  {
    weight: 2,
    arbitrary: fc.string({ unit: 'grapheme', maxLength: 40 }).map((all) =>
      all
        .replace(/[\p{Cc}\p{Cs}]/gu, '')
        .replaceAll('&', '&amp;')
        .replaceAll('<', '&lt;'),
    ),
  },
);
/** What is unusual, or wrong. */
const unusual = fc.constantFrom(
  ...['<!-- c -->', '<![CDATA[x]]>', '<?p i?>', '&nbsp;', '&#0;', '&', ']]>', '\u0001', '\uffff', '<', 'x'],
  ...['</a>', '<a>', '<é/>', '<a x="1" x="2"/>', '<a n:x="1"/>', '<a xmlns:n="u"/>', '<a x=1/>', '<n:/>'],
);
const blank = fc.constantFrom('', '', ' ', '\n  ', '\t\r\n');
const value = text.map((all) => all.replace(/[\t\r\n]/g, ' ').replaceAll('"', '&quot;'));

const attributes = fc
  .uniqueArray(fc.tuple(fc.constantFrom('a', 'count', 'x-1'), value, blank), {
    maxLength: 2,
    selector: ([name]) => name,
  })
  .map((all) =>
    all
      .map(([name, each, space], index) =>
        index === 0 && !each.includes("'") ? `\n${name}${space}=${space}'${each}'` : ` ${name}="${each}"`,
      )
      .join(''),
  );

const { inner } = fc.letrec<{ inner: string; element: string[] }>((tie) => ({
  inner: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    { weight: 6, arbitrary: text },
    {
      weight: 3,
      arbitrary: fc
        .tuple(
          fc.uniqueArray(fc.tuple(fc.constantFrom(...names), tie('element')), {
            maxLength: 4,
            selector: ([name]) => name,
          }),
          blank,
          fc.oneof({ weight: 8, arbitrary: fc.constant('') }, { weight: 1, arbitrary: text }),
        )
        .map(([all, space, beside]) => {
          const elements = all.flatMap(([name, bodies]) =>
            bodies.map((body) => (body === '/' ? `<${name}/>` : `<${name}${body}</${name}${space}>`)),
          );
          return [...elements.slice(0, 2), beside, ...elements.slice(2)].join(space);
        }),
    },
    { weight: 1, arbitrary: fc.tuple(text, fc.oneof(text, unusual)).map((all) => all.join('')) },
  ),
  /** The same element once or several times, from behind its name. */
  element: fc.array(
    fc.oneof(
      { weight: 1, arbitrary: fc.constant('/') },
      { weight: 6, arbitrary: fc.tuple(attributes, tie('inner')).map((all) => all.join('>')) },
    ),
    { minLength: 1, maxLength: 3 },
  ),
}));

const row = fc
  .tuple(
    fc.oneof(
      { weight: 20, arbitrary: fc.constant('Node') },
      { weight: 1, arbitrary: fc.constantFrom('n:Node', 'Other', 'Header', 'é') },
    ),
    attributes,
    inner,
    blank,
  )
  .map(([name, with_, all, space]) => `<${name}${with_}>${all}</${name}>${space}`);

interface Shape {
  rows: string[];
  beginning: string;
  end: string;
  columns: [path: string[], type: string][];
  rowsAt: string;
  withSchema: boolean;
  chunk: number;
  broken: number | undefined;
}

const shape: fc.Arbitrary<Shape> = fc.record({
  rows: fc.array(row, { maxLength: 8 }),
  beginning: fc.constantFrom(
    ...[
      '<Result>',
      '<?xml version="1.0" encoding="UTF-8"?>\n<Result>\n',
      '\ufeff<?xml version="1.0"?><Result>',
    ],
    ...['<?xml version="1.0"?><!-- a > b --><Result a="1" xmlns="u">', '<R>', '<Result><Head>x</Head>'],
  ),
  end: fc.oneof(
    { weight: 9, arbitrary: fc.constantFrom('', '\n', '<!-- end -->') },
    { weight: 1, arbitrary: fc.constantFrom('x', '<a/>', '<Result>') },
  ),
  columns: fc.uniqueArray(
    fc.tuple(
      fc.oneof(
        {
          weight: 5,
          arbitrary: fc.array(fc.constantFrom(...names, '@count', '@a'), { minLength: 1, maxLength: 2 }),
        },
        { weight: 1, arbitrary: fc.constantFrom<string[]>(['$', 'Head'], ['$', '@a'], ['.']) },
      ),
      fc.constantFrom(...types),
    ),
    { minLength: 1, maxLength: 10, selector: ([path]) => path.join('.') },
  ),
  rowsAt: fc.constantFrom('Node', 'Node', 'Node', 'Other', 'Node.a', '$'),
  withSchema: fc.boolean(),
  chunk: fc.integer({ min: 1, max: 200 }),
  broken: fc.oneof({ weight: 9, arbitrary: fc.constant(undefined) }, { weight: 1, arbitrary: fc.nat() }),
});

function textOf({ rows, beginning, end, broken }: Shape): string {
  const name = beginning.includes('<R>') ? 'R' : 'Result';
  const whole = `${beginning}${rows.join('')}</${name}>${end}`;
  return broken === undefined ? whole : whole.slice(0, broken % whole.length);
}

function schemaOf({ columns, rowsAt }: Shape): ReportSchema {
  const ofTable = columns.map(([path, type]): [string, string] => [path.join('.'), type]);
  return objectSchema('xml', [{ name: 'test', rows: rowsAt, columns: ofTable }]);
}

describe('the columnar engine', () => {
  it('keeps elements whose names are numbers as JSON as the reference engine does', async () => {
    const document = `<Result>${'<Node><a><b>1</b><n:7>2</n:7></a></Node>'.repeat(3)}</Result>`;
    const schema = objectSchema('xml', [{ name: 'test', rows: 'Node', columns: [['a', 'json']] }]);
    const [columnar, reference] = await Promise.all(
      (['columnar', 'reference'] as const).map((engine) => outcomeOf(engine, documentOf(document), schema)),
    );
    assert.deepEqual(columnar?.made, reference?.made);
  });

  it('reads every XML document as the reference engine does, in chunks of any size', async () => {
    let columnar = 0;
    let read = 0;
    await fc.assert(
      fc.asyncProperty(shape, async (given) => {
        const document = textOf(given);
        const schema = given.withSchema ? schemaOf(given) : undefined;
        const outcome = async (engine: 'reference' | 'columnar') => {
          const { readBy, made } = await outcomeOf(engine, documentOf(document, {}, given.chunk), schema);
          if (engine === 'columnar' && 'rowsOf' in made) read += 1;
          if (readBy === 'columnar') columnar += 1;
          return made;
        };
        assert.deepEqual(await outcome('columnar'), await outcome('reference'), JSON.stringify(document));
      }),
      { numRuns: runs(400) },
    );
    assert.ok(columnar > read / 3, `only ${columnar} of ${read} documents were read by the columnar engine`);
    if (process.env.PROPERTY_RUNS) console.log(columnar, read);
  });
});
