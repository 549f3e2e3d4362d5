import assert from 'node:assert/strict';
import fc from 'fast-check';
import { PlainXml, NotPlainXml } from '../../src/parse/objects/xml/plain-xml.js';
import { readXmlObjects } from '../../src/parse/objects/xml/xml.js';
import { documentOf } from './document-of.js';
import { outcomeOf } from './engine-outcome.js';
import { runs } from '../property-runs.js';

const texts = fc.constantFrom(
  '',
  'a b',
  '\n  ',
  '1.50',
  '&amp;',
  '&#233;',
  '&#x1F600;',
  'a\r\nb',
  '\r',
  'é漢',
  '\u{1f600}',
  '"',
  "'",
  '>',
  '/',
  '=',
  '\u0085\u00a0',
  '<!-- c -->',
  '<!---->',
);
const openings = fc.constantFrom(
  'a',
  'b',
  'Node',
  'n:a',
  '__proto__',
  'a x="1"',
  'b y=\'2\' z = "3>"',
  'a xmlns:n="u"\n',
  'a x="&lt;&#65;"',
  'c-1._ é="2"',
  'é',
);
/** Elements as they should be. */
const element = fc
  .tuple(openings, texts, fc.boolean(), texts, fc.boolean())
  .map(([opening, before, hasInner, after, isEmpty]) => {
    const name = opening.split(/\s/)[0];
    const inner = `${before}${hasInner ? `<b>${after}</b>` : ''}${after}`;
    return isEmpty ? `<${opening}/>` : `<${opening}>${inner}</${name}>`;
  });
/** What is unusual, or wrong at most places. */
const unusual = fc.oneof(
  fc.constantFrom(
    '<a>',
    '</a>',
    '</a >',
    '< a>',
    '<a x=1>',
    '<a x>',
    '<a x="1" x="2"/>',
    '<a x="1\t2"/>',
    '<a x="a<b"/>',
  ),
  fc.constantFrom(
    '<a x="1"y="2"/>',
    '<1/>',
    '&#0;',
    '&#xD800;',
    '&nbsp;',
    '&',
    '&#65',
    'a & b',
    ']]>',
    ']]',
    '>',
    '<',
  ),
  fc.constantFrom(
    '<!-- a -- b -->',
    '<!--->',
    '<![CDATA[<x>&]]>',
    '<?p i?>',
    '<!DOCTYPE a>',
    '\u0001',
    '\ufffe',
  ),
  fc.string({ maxLength: 5 }),
);
const pieces = fc.oneof(
  { weight: 5, arbitrary: element },
  { weight: 5, arbitrary: texts },
  { weight: 1, arbitrary: unusual },
);
const beginnings = fc.constantFrom(
  '',
  '\ufeff',
  '\n',
  '<?xml version="1.0"?>',
  "<?xml version='1.0' encoding='UTF-8' standalone=\"yes\" ?>\n",
  '<?xml version="1.1"?>',
  '<?xml encoding="UTF-8"?>',
);
const inner = fc.array(pieces, { maxLength: 5 }).map((all) => all.join(''));
const documents = fc
  .tuple(
    beginnings,
    fc.array(inner, { minLength: 1, maxLength: 4 }),
    fc.constantFrom('', '\n', '<!-- end -->', 'x'),
  )
  .map(
    ([beginning, rows, end]) =>
      `${beginning}<Result>${rows.map((row) => `<Node>${row}</Node>`).join('\n')}</Result>${end}`,
  );
const chunks = fc.constantFrom(1, 2, 3, 7, 1000);

describe('XML of any form', () => {
  it('has the same rows, or the same error, whether its markup is assumed to be plain or not', async () => {
    let plainRows = 0;
    await fc.assert(
      fc.asyncProperty(documents, chunks, async (text, characters) => {
        const plain = await outcome(text, characters, true);
        if (plain === 'not plain') return;
        plainRows += 1;
        assert.deepEqual(plain, await outcome(text, 1000, false), JSON.stringify(text));
      }),
      { numRuns: runs(2000) },
    );
    assert.ok(plainRows > 400, `only ${plainRows} documents had plain markup`);
  });

  it('has the same rows in both engines', async () => {
    const tables = async (text: string, engine: 'columnar' | 'reference') =>
      (await outcomeOf(engine, documentOf(text, {}, 5), undefined)).made;
    await fc.assert(
      fc.asyncProperty(documents, async (text) => {
        assert.deepEqual(
          await tables(text, 'columnar'),
          await tables(text, 'reference'),
          JSON.stringify(text),
        );
      }),
      { numRuns: runs(300) },
    );
  });

  it('is read as plain markup if it is as Amazon writes it', async () => {
    const text = `<?xml version="1.0" encoding="UTF-8"?>\r\n<Result>\r\n  <!-- nodes -->\r\n  <Node>
    <id>1</id><name lang="en">Home &amp; Garden &#233;</name><none/><n:path xmlns:n="u" n:of='x>y'>a\r\nb</n:path >
  </Node>\n</Result>\n`;
    for (const characters of [1, 2, 5, 1000]) {
      assert.deepEqual(await outcome(text, characters, true), [
        {
          list: 'Node',
          value: {
            id: '1',
            name: { '@lang': 'en', '#text': 'Home & Garden é' },
            none: null,
            path: { '@of': 'x>y', '#text': 'a\nb' },
          },
        },
      ]);
    }
  });

  it('is not read as plain markup if it is not well-formed', () => {
    const rows = { openElement() {}, closeElement() {}, text() {}, token() {} };
    for (const text of [
      '',
      ' ',
      '<a>',
      '<a></b>',
      '<a/><a/>',
      '<a/>x',
      'x<a/>',
      '<a>&b;</a>',
      '<a b="1" b="2"/>',
    ]) {
      const tokens = new PlainXml(rows as never);
      const read = () => {
        tokens.write(text);
        tokens.end();
      };
      assert.throws(read, NotPlainXml, text);
    }
  });
});

async function outcome(text: string, characters: number, isPlain: boolean): Promise<unknown> {
  const rows: unknown[] = [];
  try {
    const document = documentOf(text, {}, characters);
    for await (const row of readXmlObjects(document, undefined, isPlain)) rows.push(row);
  } catch (error) {
    return error instanceof NotPlainXml ? 'not plain' : String(error);
  }
  return JSON.parse(JSON.stringify(rows));
}
