import assert from 'node:assert/strict';
import fc from 'fast-check';
import { type Kernel, takeKernel } from '../../src/kernel/kernel.js';
import { placeText } from './kernel-memory.js';

type Json = string | number | boolean | null | Json[] | { [name: string]: Json };

/** Why `readItems` stopped, by its number. */
const stops = [
  'needs more',
  'malformed',
  'enough',
  'list ended',
  'new names',
  'odd name',
  'too deep',
  'too many names',
];
/** How the cell of a path is written: see `json-paths.ts` of the kernel. */
const asText = 0;
const asJson = 1;
const asWhole = 2;

/** A path of rows, as the kernel has it in its memory. */
interface Path {
  path: string;
  at: number;
  kinds: string[];
  order: number;
}

describe('the kernel that reads JSON', () => {
  let kernel: Kernel;
  beforeEach(() => {
    kernel = takeKernel();
  });
  afterEach(() => kernel.release());

  const newRoot = () => kernel.calls.newPath(0, 0, 0);

  function pathsBelow(root: number): Path[] {
    const { calls } = kernel;
    const paths: Path[] = [];
    const visit = (at: number, prefix: string) => {
      for (let child = calls.pathFirstChild(at); child !== 0; child = calls.pathNext(child)) {
        const name = calls.pathName(child);
        const path = `${prefix}/${kernel.text(name, name + calls.pathNameLength(child))}`;
        const bits = calls.pathKinds(child);
        const kinds = ['text', 'number', 'bool', 'json', 'null'].filter((_, bit) => bits & (1 << bit));
        paths.push({ path, at: child, kinds, order: calls.pathOrder(child) });
        visit(child, path);
      }
    };
    visit(root, '');
    return paths;
  }

  interface Options {
    from?: number;
    begun?: boolean;
    cells?: number;
    maxRows?: number;
  }

  /** Reads items by one call, and returns the cells of each row, null for one without a value. */
  function readItems(root: number, text: string, options: Options = {}) {
    const { from = 0, begun = false, cells = 0, maxRows = 100 } = options;
    const { calls } = kernel;
    const { at, length } = placeText(kernel, text);
    const rowBytes = cells * 8;
    const template = kernel.copyIn(new Uint8Array(rowBytes).fill(0xff));
    const marks = calls.allocate(rowBytes * maxRows);
    const escaped = calls.allocate(cells * 4);
    const uneven = calls.allocate(cells * maxRows * 4);
    const given = [template, rowBytes, marks, maxRows, escaped, uneven] as const;
    const end = calls.readItems(at, length, from, Number(begun), root, ...given, 0);
    const count: number = calls.itemsRead.value;
    const places = kernel.int32(marks, cells * 2 * count);
    const rows = Array.from({ length: count }, (_, row) =>
      Array.from({ length: cells }, (_, cell) => {
        const [before = -1, behind = -1] = places.subarray((row * cells + cell) * 2);
        return behind < 0 ? null : kernel.text(at + before + 1, at + behind);
      }),
    );
    const unevenMarks = kernel.int32(uneven, calls.unevenCells.value);
    const unevenCells = [...unevenMarks].map((mark) => (mark - marks) / 8);
    return { end, rows, stopped: stops[calls.itemsStopped.value as number], unevenCells };
  }

  /** Reads a list as `JsonRows` does: after new names, its paths get cells and reading goes on. */
  function readList(text: string): Map<string, string>[] {
    const root = newRoot();
    const rows: Map<string, string>[] = [];
    let from = 1;
    for (;;) {
      const paths = pathsBelow(root);
      for (const [cell, { at }] of paths.entries()) kernel.calls.setPath(at, cell, asText);
      const cells = paths.length;
      const begun = rows.length > 0;
      const read = readItems(root, text, { from, begun, cells, maxRows: 3 });
      for (const row of read.rows) {
        rows.push(
          new Map(
            row.flatMap((cell, index) => (cell === null ? [] : [[paths[index]?.path ?? '', cell] as const])),
          ),
        );
      }
      if (read.stopped !== 'new names' && read.stopped !== 'enough') {
        assert.equal(read.stopped, 'list ended');
        return rows;
      }
      from = read.end;
    }
  }

  /** The leaves of a row, by a walk over its value; lists are as `write` writes them. */
  function leavesOf(
    value: Json,
    write: (value: Json) => string,
    path = '',
    leaves = new Map<string, string>(),
  ): Map<string, string> {
    if (value !== null && typeof value === 'object' && !Array.isArray(value)) {
      for (const [name, member] of Object.entries(value)) leavesOf(member, write, `${path}/${name}`, leaves);
    } else if (typeof value === 'string') {
      // Half of a surrogate pair is no character: UTF-8 has U+FFFD instead.
      leaves.set(path, Buffer.from(value).toString());
    } else if (value !== null) {
      leaves.set(path, write(value));
    }
    return leaves;
  }

  const name = fc.constantFrom('a', 'b', 'name', 'naïve', 'a-name-of-more-than-16-bytes', '1st');
  const text = fc.oneof(
    fc.string({ unit: 'grapheme', maxLength: 20 }),
    fc.string({ unit: fc.constantFrom('\n', '"', '\\', '/', '\u0001', '\ud83d', '\ude00', '水', 'x') }),
  );
  const scalar = fc.oneof(text, fc.double({ noNaN: true, noDefaultInfinity: true }), fc.boolean());
  const leaf: fc.Arbitrary<Json> = fc.oneof(
    scalar,
    fc.constant(null),
    fc.array(scalar, { maxLength: 4 }),
  ) as fc.Arbitrary<Json>;
  const object = (member: fc.Arbitrary<Json>) => fc.dictionary(name, member, { noNullPrototype: true });
  const item = object(fc.oneof(leaf, object(fc.oneof(leaf, object(leaf)))));
  /** Any way to write the same characters. */
  const written = (value: Json, isEscaped: boolean) =>
    isEscaped
      ? JSON.stringify(value).replaceAll(
          /[^\x20-\x7e]/g,
          (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`,
        )
      : JSON.stringify(value);
  /** An escaped name is one that the kernel leaves to the reference parser. */
  const namesAreAscii = (value: Json): boolean =>
    value === null ||
    typeof value !== 'object' ||
    (Array.isArray(value)
      ? value.every(namesAreAscii)
      : Object.entries(value).every(([key, member]) => /^[ -~]*$/.test(key) && namesAreAscii(member)));

  it('reads the items of a list as rows, with a cell for each value at a path', () => {
    fc.assert(
      fc.property(fc.array(item, { maxLength: 8 }), fc.boolean(), fc.boolean(), (items, blanks, escapes) => {
        kernel.calls.reset();
        const between = blanks ? ' \r\n\t, ' : ',';
        const isEscaped = escapes && items.every(namesAreAscii);
        const write = (value: Json) => written(value, isEscaped);
        const list = `[${items.map(write).join(between)}${blanks ? '\n' : ''}]`;
        assert.deepEqual(
          readList(list),
          items.map((each) => leavesOf(each, write)),
        );
      }),
    );
  });

  it('names paths in the order of the document, with the kinds of their values and the order of the first', () => {
    const root = newRoot();
    const text = '{"a":null,"b":{"c":1,"d":[true]},"e":"x"},{"a":false,"e":null}]';
    const first = readItems(root, text);
    assert.equal(first.stopped, 'new names');
    assert.equal(first.end, 0);
    assert.equal(readItems(root, text).stopped, 'list ended');
    assert.deepEqual(
      pathsBelow(root).map(({ path, kinds }) => [path, kinds]),
      [
        ['/a', ['bool', 'null']],
        ['/b', []],
        ['/b/c', ['number']],
        ['/b/d', ['json']],
        ['/e', ['text', 'null']],
      ],
    );
    const byFirstValue = pathsBelow(root)
      .filter(({ order }) => order > 0)
      .sort((a, b) => a.order - b.order);
    assert.deepEqual(
      byFirstValue.map(({ path }) => path),
      ['/b/c', '/b/d', '/e', '/a'],
    );
  });

  it('keeps JSON as it is written at a path that is set to JSON, and objects at one that is kept whole', () => {
    const root = newRoot();
    const text = '{"a":{"b": 1},"c":"\\n","d":[ 1 ]}]';
    readItems(root, text);
    const at = new Map(pathsBelow(root).map(({ path, at }) => [path, at]));
    kernel.calls.setPath(at.get('/a') ?? 0, 0, asWhole);
    kernel.calls.setPath(at.get('/c') ?? 0, 1, asJson);
    kernel.calls.setPath(at.get('/d') ?? 0, 2, asText);
    const { rows, unevenCells } = readItems(root, text, { cells: 3 });
    assert.deepEqual(rows, [['{"b": 1}', '"\\n"', '[ 1 ]']]);
    assert.deepEqual(unevenCells, [0, 1, 2], 'each may have another spelling');
  });

  it('notes only the JSON cells that another parser may write differently', () => {
    const root = newRoot();
    const text = '{"a":[1,"x"]},{"a":[1, 2]},{"a":["\\u0041"]},{"a":[{"b":1}]},{"a":[[]]}]';
    readItems(root, text);
    for (const { at } of pathsBelow(root)) kernel.calls.setPath(at, 0, asText);
    assert.deepEqual(readItems(root, text, { cells: 1 }).unevenCells, [1, 2, 3]);
  });

  it('reports why it stops, and how many items it read before', () => {
    const deep = `{"a":${'['.repeat(300)}`;
    const many = `{${Array.from({ length: 5001 }, (_, index) => `"n${index}":1`).join()}}`;
    const stopsOf = (text: string, options: Options = {}) => {
      kernel.calls.reset();
      const root = newRoot();
      kernel.calls.newPath(root, kernel.copyIn(Buffer.from('a')), 1);
      const { stopped, rows, end } = readItems(root, text, options);
      return [stopped, rows.length, text.slice(end)];
    };
    assert.deepEqual(stopsOf('{"a":1}]'), ['list ended', 1, ']']);
    assert.deepEqual(stopsOf(']'), ['list ended', 0, ']']);
    assert.deepEqual(stopsOf('{"a":1},{"a":2},{"a":3}]', { maxRows: 2 }), ['enough', 2, ',{"a":3}]']);
    assert.deepEqual(stopsOf(',{"a":2}]', { begun: true }), ['list ended', 1, ']']);
    for (const text of ['{"a":1', '{"a', '{"a":tr', '{"a":12', '{"a":"\\u00', '{"a":[1,', '']) {
      assert.deepEqual(stopsOf(`{"a":1},${text}`), ['needs more', 1, `,${text}`], text);
    }
    const malformed = ['{"a" 1}', '{a:1}', '{"a":01}', '{"a":1,}', '{"a":nul}', '{"a":"\t"}', '{"a":"\\x"}'];
    for (const text of [...malformed, '{"a":1.}', '{"a":+1}', '{"a":[1 2]}', '{"a":1}}']) {
      assert.equal(stopsOf(`${text}     ]`)[0], 'malformed', text);
    }
    for (const text of ['{"a":1,"a":2}', '{"":1}', '{"\\u0061":1}', '{"1":1}']) {
      assert.deepEqual(stopsOf(`${text}]`), ['odd name', 0, `${text}]`], text);
    }
    assert.deepEqual(stopsOf('{"b":1}]'), ['new names', 0, '{"b":1}]']);
    assert.deepEqual(stopsOf(deep), ['too deep', 0, deep]);
    assert.deepEqual(stopsOf(many), ['too many names', 0, many]);
  });

  it('finds the end of a JSON string with an escape right before it', () => {
    for (const text of ['"\\\\"', '"\\n"', '"a\\""', '"\\u0041"', '{"a":"\\\\"}']) {
      const bytes = Buffer.from(text);
      const at = kernel.copyIn(Buffer.concat([bytes, Buffer.alloc(64)]));
      assert.equal(kernel.calls.endOfValue(at, bytes.length, 0), bytes.length, text);
    }
  });

  it('finds the end of any JSON value, and none for a value that is cut off', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        const text = JSON.stringify(value);
        const bytes = Buffer.from(`${text},`);
        const at = kernel.copyIn(Buffer.concat([bytes, Buffer.alloc(64)]));
        assert.equal(kernel.calls.endOfValue(at, bytes.length, 0), bytes.length - 1);
        if (!/^[[{"]/.test(text)) return;
        const cut = Buffer.from(text).subarray(0, -1);
        const half = kernel.copyIn(Buffer.concat([cut, Buffer.alloc(64)]));
        assert.equal(kernel.calls.endOfValue(half, cut.length, 0), -1);
      }),
    );
  });
});
