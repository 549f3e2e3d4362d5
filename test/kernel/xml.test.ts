import assert from 'node:assert/strict';
import { type Kernel, takeKernel } from '../../src/kernel/kernel.js';
import { placeText } from './kernel-memory.js';

/** Why `readElements` stopped, by its number. */
const stops = ['needs more', 'odd', 'ended', 'enough'];

describe('the kernel that reads XML', () => {
  let kernel: Kernel;
  beforeEach(() => {
    kernel = takeKernel();
  });
  afterEach(() => kernel.release());

  function readElements(
    text: string,
    { name = 'a', window = 1000, maxBytes = 1000, maxValues = 100, length = Buffer.byteLength(text) } = {},
  ) {
    const { calls } = kernel;
    const { at } = placeText(kernel, text);
    const bytes = kernel.bytes(at + length, Math.min(80, Buffer.byteLength(text) - length));
    bytes.fill(0xff);
    const target = calls.allocate(3 * length + 64);
    const nameAt = kernel.copyIn(Buffer.from(name));
    const end = calls.readElements(at, length, 0, nameAt, name.length, target, window, maxBytes, maxValues);
    return {
      items: `[${kernel.text(target, target + calls.elementBytes.value)}`,
      end,
      count: calls.elementsRead.value as number,
      stopped: stops[calls.elementsStopped.value],
    };
  }

  it('rewrites elements of one name as JSON', () => {
    const text = `<a>x</a>\n  <a/> <a> </a><a n="1" m='"'>y<b>1</b>
      <c><d/><d>2</d><d q=""></d></c></a ><a><x:b>&lt;&#233;"\\&#9;</x:b></a></r>`;
    const { items, end, count, stopped } = readElements(text);
    assert.deepEqual([text.slice(end), count, stopped], ['</r>', 5, 'ended']);
    assert.equal(
      items,
      JSON.stringify([
        'x',
        null,
        null,
        { '@n': '1', '@m': '"', b: '1', c: { d: [null, '2', { '@q': '' }] }, '#text': 'y' },
        { b: '<é"\\\t' },
      ]),
    );
  });

  it('stops before an element that is cut off, wherever that is', () => {
    const first = '<a>x</a>';
    const second = `\n<a n='1' b="&amp;"><b c="2"/>é &#x41;<n:d >text of more than sixteen bytes</n:d ></a\n>`;
    for (let length = first.length; length < Buffer.byteLength(first + second); length += 1) {
      const { items, end, stopped } = readElements(first + second, { length });
      assert.deepEqual([items, end, stopped], ['["x"]', first.length, 'needs more'], String(length));
    }
    assert.equal(readElements(`${first}${second} `).count, 2);
  });

  it('refuses elements that are unusual or wrong, and reads those before them', () => {
    for (const inner of [
      ...['<!-- c -->', '<![CDATA[x]]>', '<?p i?>', '&nbsp;', '&', '&#0;', '&#xD800;', '&#x1000000;', ']]>'],
      ...[
        '\u0001',
        '\uffff',
        '<b></c>',
        '<b>',
        '< b/>',
        '<1/>',
        '<é/>',
        '<n:/>',
        '<n:7/>',
        '<b c/>',
        '<b c=1/>',
      ],
      ...[
        '<b c="1" c="2"/>',
        '<b c="1"d="2"/>',
        '<b c="<"/>',
        '<b c="\t"/>',
        '<b xmlns:n="u"/>',
        '<b n:c="1"/>',
      ],
      ...['<b/><c/><b/>', 'x<b/>y'],
    ]) {
      const { items, stopped } = readElements(`<a>x</a><a>${inner}</a></a> <b> <c> and what follows it`);
      assert.deepEqual([items, stopped], ['["x"]', 'odd'], inner);
    }
  });

  it('reads no element that is longer, fuller or deeper than allowed, and as many as asked for', () => {
    const text = '<a>x</a><a><b/><c/></a> ';
    assert.equal(readElements(text, { maxBytes: 14 }).stopped, 'odd');
    assert.equal(readElements(text, { maxBytes: 15 }).count, 2);
    assert.equal(readElements(text, { maxValues: 2 }).stopped, 'odd');
    assert.equal(readElements(text, { maxValues: 3 }).count, 2);
    assert.deepEqual(
      [readElements(text, { window: 8 })].map(({ count, stopped }) => [count, stopped]),
      [[1, 'enough']],
    );
    const deep = (levels: number) => `<a>${'<b>'.repeat(levels)}${'</b>'.repeat(levels)}</a> `;
    const limits = { maxBytes: 10_000, maxValues: 10_000 };
    assert.equal(readElements(deep(200), limits).count, 1);
    assert.equal(readElements(deep(201), limits).stopped, 'odd');
  });
});
