import assert from 'node:assert/strict';
import fc from 'fast-check';
import { documentOf } from './document-of.js';
import { objectSchema, outcomeOf } from './engine-outcome.js';
import { runs } from '../property-runs.js';

const types = ['string', 'int64', 'decimal(18,4)', 'json', 'list(string)', 'timestamp'];
const scalar = fc.constantFrom(
  ...['null', 'true', '1', '1.50', '"a"', '""', '"x y"', '"a\\"b\\u00e9\\n"', '"2026-10-01T10:00:00Z"'],
  ...[
    '"a text of more than sixteen bytes, with [ and {"',
    '[]',
    '["a", "b"]',
    '[1,{"x": "\\u0041"}]',
    '{"n":1}',
  ],
);
const odd = fc.constantFrom(
  '"\\ud83d"',
  '[null]',
  '"text"',
  '[[{"a":1}]]',
  '[{"a":1,"a":2}]',
  '{"^":1}',
  '[{"":1}]',
);
const blank = fc.constantFrom('', '', '', ' ', '\n  ');
const name = fc.oneof(
  { weight: 200, arbitrary: fc.constantFrom('a', 'b', 'id', 'Long-name of-a member') },
  { weight: 1, arbitrary: fc.constantFrom('^', '7', '__proto__', 'items') },
);
const members = fc.uniqueArray(fc.tuple(name, scalar), { maxLength: 3, selector: ([key]) => key });

/** An object with members before and after the one that leads to deeper rows. */
const holder = (key: string, inner: fc.Arbitrary<string>) =>
  fc
    .tuple(members, fc.option(inner, { freq: 5, nil: undefined }), members, blank, fc.nat({ max: 60 }))
    .map(([before, deeper, after, space, double]) => {
      const names = new Set(before.map(([each]) => each));
      const all = [
        ...before,
        ...(deeper === undefined ? [] : [[key, deeper] as const]),
        ...after.filter(([each]) => double === 0 || !names.has(each)),
      ];
      return `{${space}${all.map(([each, text]) => `"${each}"${space}:${space}${text}`).join(`${space},${space}`)}${space}}`;
    });
const listOf = (item: fc.Arbitrary<string>) =>
  fc.oneof(
    {
      weight: 12,
      arbitrary: fc
        .tuple(fc.array(item, { maxLength: 4 }), blank)
        .map(([all, space]) => `[${space}${all.join(`${space},${space}`)}${space}]`),
    },
    { weight: 3, arbitrary: item },
    { weight: 1, arbitrary: fc.constantFrom('null', '[]') },
    {
      weight: 1,
      arbitrary: fc.oneof({ weight: 4, arbitrary: fc.constant('[]') }, { weight: 1, arbitrary: odd }),
    },
  );
const items = listOf(holder('parts', listOf(holder('x', scalar))));
const orders = fc
  .tuple(fc.array(holder('items', items), { maxLength: 5 }), blank)
  .map(([all, space]) => `[${space}${all.join(`,${space}`)}${space}]`);

const ownPaths = ['a', 'b', 'id', 'Long-name of-a member', 'a.n'];
const upTypes = fc.oneof(
  { weight: 20, arbitrary: fc.constantFrom('string', 'int64', 'decimal(18,4)', 'timestamp') },
  { weight: 1, arbitrary: fc.constantFrom('json', 'list(string)') },
);
const column = (depth: number) =>
  fc.nat({ max: depth }).chain((up) => {
    const path = fc.oneof(
      { weight: 40, arbitrary: fc.constantFrom(...ownPaths) },
      { weight: 1, arbitrary: fc.constantFrom('items', 'parts', 'items.a') },
    );
    const type = up === 0 ? fc.constantFrom(...types) : upTypes;
    return fc.tuple(
      path.map((each) => `${'^.'.repeat(up)}${each}`),
      type,
    );
  });
const pathsAt = (depth: number) =>
  fc.uniqueArray(column(depth), { minLength: 1, maxLength: 6, selector: ([path]) => path });
const xmlText = fc.constantFrom('', ' ', '1', '1.50', 'a &amp; b', '2026-10-01T10:00:00Z', 'é"\\', '\n ');
const xmlMembers = fc
  .uniqueArray(fc.tuple(fc.constantFrom('a', 'b', 'id'), xmlText, fc.nat({ max: 9 })), {
    maxLength: 3,
    selector: ([key]) => key,
  })
  .map((all) =>
    all.map(([key, text, form]) => {
      if (form === 0) return `<${key} n="${text.replaceAll('"', "'").trim()}">${text}</${key}>`;
      return form === 1 ? `<${key}/>` : `<${key}>${text}</${key}>`.repeat(form === 2 ? 2 : 1);
    }),
  );
const element = (key: string, inner?: fc.Arbitrary<string>) =>
  fc
    .tuple(xmlMembers, inner ? fc.array(inner, { maxLength: 3 }) : fc.constant([]), fc.nat({ max: 40 }))
    .map(([members, deeper, form]) => {
      if (form === 0) return `<${key}/>`;
      const beside = form === 1 ? 'text' : '';
      return `<${key}${form === 2 ? ' id="7"' : ''}>${members.slice(0, 1)}${deeper.join('\n')}${beside}${members.slice(1).join('')}</${key}>`;
    });
const elements = fc
  .array(element('orders', element('items', element('parts'))), { maxLength: 5 })
  .map((all) => all.join('\n'));

const shape = fc.record({
  orders,
  elements,
  isXml: fc.boolean(),
  spec: scalar,
  first: pathsAt(0),
  second: pathsAt(1),
  third: pathsAt(2),
  tables: fc.oneof(
    { weight: 12, arbitrary: fc.constantFrom([0, 1], [0, 1, 2]) },
    { weight: 1, arbitrary: fc.constantFrom([0, 2], [1, 2], [0, 1, 3]) },
  ),
  specColumn: fc.boolean(),
  chunk: fc.integer({ min: 1, max: 100 }),
  broken: fc.oneof({ weight: 9, arbitrary: fc.constant(undefined) }, { weight: 1, arbitrary: fc.nat() }),
});
const rowsAt = ['orders', 'orders.items', 'orders.items.parts', 'orders.b'];
const specColumn: [path: string, type: string] = ['$.spec', 'json'];

describe('tables in each other', () => {
  it('have the same rows in both engines, in chunks of any size', async () => {
    const columnar: [json: number, xml: number] = [0, 0];
    let read = 0;
    await fc.assert(
      fc.asyncProperty(shape, async (given) => {
        const whole = given.isXml
          ? `<Result><spec>1</spec>${given.elements}</Result>`
          : `{"spec": ${given.spec}, "orders": ${given.orders}}`;
        const text = given.broken === undefined ? whole : whole.slice(0, given.broken % whole.length);
        const paths = [given.first, given.second, given.third, given.second];
        const schema = objectSchema(
          given.isXml ? 'xml' : 'json',
          given.tables.map((level) => ({
            name: `level_${level}`,
            rows: rowsAt[level] as string,
            columns: [...(paths[level] ?? []), ...(given.specColumn ? [specColumn] : [])],
          })),
        );
        const outcome = async (engine: 'reference' | 'columnar') => {
          const { readBy, made } = await outcomeOf(engine, documentOf(text, {}, given.chunk), schema);
          if (engine === 'columnar' && 'rowsOf' in made) read += 1;
          if (readBy === 'columnar') columnar[given.isXml ? 1 : 0] += 1;
          if ('error' in made) return made;
          // Batches of different tables come in any order.
          return { ...made, rejects: made.rejects.map((reject) => JSON.stringify(reject)).sort() };
        };
        assert.deepEqual(await outcome('columnar'), await outcome('reference'), text);
      }),
      { numRuns: runs(300) },
    );
    assert.ok(Math.min(...columnar) > read / 50, `of ${read}, the columnar engine read only ${columnar}`);
    if (process.env.PROPERTY_RUNS) console.log(columnar, read);
  });
});
