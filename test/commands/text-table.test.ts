import assert from 'node:assert/strict';
import { PassThrough } from 'node:stream';
import fc from 'fast-check';
import { resultWidth } from '../../src/commands/setup/io.js';
import { textTable } from '../../src/commands/output/text-table.js';
import { cutText, displayWidth, wrapText } from '../../src/commands/output/visible-text.js';

describe('a text table', () => {
  const id = 'amzn1.spdoc.1.4.na.1';
  const rows = [
    [id, 'a product with a long name that goes on and on', 'a reason that is long too', 12],
    [id, '木製まな板 とても長い名前の商品です', null, 7],
  ];
  const names = ['_document_id', 'product', 'reason', 'n'];

  it('cuts nothing if the output is not a terminal', () => {
    const [, , first] = textTable(names, rows).split('\n');
    assert.ok(first?.includes('goes on and on  a reason that is long too  12'));
  });

  it('fits the width of a terminal: cuts the widest texts and keeps ids whole', () => {
    for (const width of [120, 80, 60, 54]) {
      const lines = textTable(names, rows, { width }).trimEnd().split('\n');
      assert.equal(lines.length, 4);
      assert.ok(Math.max(...lines.map(displayWidth)) <= width, `${width}`);
      assert.ok(lines[2]?.startsWith(id));
    }
    assert.match(textTable(names, rows, { width: 60 }), /a product .*… {2}a reason .*…/);
  });

  it('can wrap the widest texts instead, and then shows every character at any width', () => {
    const words = fc.string({ unit: fc.constantFrom('a', 'B', '_', ' ', ',', '木', '\n') });
    const titles = ['one', 'another title', 'x'];
    const count = (text: string, letter: string) => text.split(letter).length - 1;
    fc.assert(
      fc.property(
        fc.array(fc.tuple(words, words, words)),
        fc.integer({ min: 40, max: 90 }),
        (cells, width) => {
          const lines = textTable(titles, cells, { width, wrap: true }).split('\n');
          assert.ok(lines.every((line) => displayWidth(line) <= width));
          const shown = lines.slice(lines.findIndex((line) => line.startsWith('─'))).join('');
          for (const letter of ['B', '_', ',', '木'])
            assert.equal(count(shown, letter), count(cells.flat().join(''), letter), letter);
        },
      ),
    );
    const wide = textTable(['type', 'n'], [['GET_MERCHANT_LISTINGS_ALL_DATA', 1]], { width: 24, wrap: true });
    const rule = `${'─'.repeat(21)}  ─`;
    assert.deepEqual(wide.split('\n'), [
      `type${' '.repeat(19)}n`,
      rule,
      `GET_MERCHANT_${' '.repeat(10)}1`,
      'LISTINGS_ALL_DATA',
      '',
    ]);
  });

  it('becomes records with one value per line if it cannot fit', () => {
    assert.equal(
      textTable(names, rows, { width: 40 }).split('── 2')[0],
      `── 1 ${'─'.repeat(35)}
_document_id  amzn1.spdoc.1.4.na.1
product       a product with a long name
              that goes on and on
reason        a reason that is long too
n             12
`,
    );
  });
});

describe('the size of a terminal', () => {
  const text = (columns: number) => {
    const stdout = Object.assign(new PassThrough(), { isTTY: true, columns });
    return textTable(['name', 'x'], [['a name', '1']], { width: resultWidth({ stdout }) });
  };

  it('has the usual default if the terminal does not know it', () => {
    assert.equal(text(0), text(80));
  });

  it('with room for one or two columns makes a table show records', () => {
    for (const columns of [1, 2, 5]) assert.match(text(columns), /^── 1[\s\S]*name +a name\nx +1\n$/);
  });
});

describe('a text on a terminal', () => {
  it('is cut between whole characters', () => {
    assert.equal(cutText('木製まな板', 6), '木製…');
    assert.equal(cutText('👩‍👩‍👧‍👦👩‍👩‍👧‍👦', 3), '👩‍👩‍👧‍👦…');
    assert.equal(cutText('abc', 3), 'abc');
  });

  it('is wrapped between words, and within those that are too long', () => {
    assert.equal(
      wrapText('one two three four five six seven', 24, '  '),
      '  one two three four\n  five six seven\n',
    );
    assert.equal(wrapText('x'.repeat(50), 24, '  '), `  ${'x'.repeat(22)}\n  ${'x'.repeat(22)}\n  xxxxxx\n`);
    assert.equal(wrapText(`${'long '.repeat(100)}end`, undefined, '').split('\n').length, 2);
  });
});
