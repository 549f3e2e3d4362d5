import assert from 'node:assert/strict';
import fc from 'fast-check';
import { Random } from '../../src/sandbox/random.js';
import { type File, type Folder, LossyDisk, type Node } from './lossy-disk.js';

/** One step on a disk: names and contents by number. */
type Step =
  | { do: 'write'; name: number; offset: number; length: number; byte: number }
  | { do: 'truncate'; name: number; size: number }
  | { do: 'move'; name: number; to: number }
  | { do: 'unlink'; name: number }
  | { do: 'sync'; name: number }
  | { do: 'syncFolder'; of: number };

const name = fc.nat(7);
const step: fc.Arbitrary<Step> = fc.oneof(
  fc.record({
    do: fc.constant('write' as const),
    name,
    offset: fc.nat(9000),
    length: fc.integer({ min: 1, max: 9000 }),
    byte: fc.integer({ min: 1, max: 255 }),
  }),
  fc.record({ do: fc.constant('truncate' as const), name, size: fc.nat(9000) }),
  fc.record({ do: fc.constant('move' as const), name, to: name }),
  fc.record({ do: fc.constant('unlink' as const), name }),
  fc.record({ do: fc.constant('sync' as const), name }),
  fc.record({ do: fc.constant('syncFolder' as const), of: fc.nat(2) }),
);

describe('the disk of the power cuts', () => {
  let disk: LossyDisk;
  let folders: Folder[];
  beforeEach(() => {
    disk = new LossyDisk();
    const inner = disk.makeFolder(0o700);
    disk.link(disk.root, 'folder', inner);
    disk.sync(disk.root);
    folders = [disk.root, inner];
  });

  /** Even names are in the root, odd ones in the folder. */
  const placeOf = (number: number) => ({ folder: folders[number % 2] as Folder, name: `file ${number}` });
  const fileAt = (number: number): File | undefined => {
    const { folder, name } = placeOf(number);
    return folder.entries.get(name) as File | undefined;
  };
  const create = (number: number): File => {
    const file = disk.makeFile(0o600);
    disk.link(placeOf(number).folder, placeOf(number).name, file);
    return file;
  };

  function carryOut(each: Step): void {
    if (each.do === 'syncFolder') return disk.sync(folders[each.of % 2] as Folder);
    const file = fileAt(each.name);
    if (each.do === 'write')
      return disk.write(file ?? create(each.name), each.offset, Buffer.alloc(each.length, each.byte));
    if (!file) return;
    if (each.do === 'truncate') disk.truncate(file, each.size);
    if (each.do === 'sync') disk.sync(file);
    if (each.do === 'unlink') disk.unlink(placeOf(each.name).folder, placeOf(each.name).name);
    if (each.do === 'move' && each.name !== each.to) disk.move(placeOf(each.name), placeOf(each.to));
  }

  const contents = (folder = disk.root): Record<string, unknown> =>
    Object.fromEntries(
      [...folder.entries]
        .sort(([one], [other]) => (one < other ? -1 : 1))
        .map(([each, node]) => [each, node.kind === 'folder' ? contents(node) : bytesOf(node)]),
    );
  const bytesOf = (node: Node) => (node.kind === 'file' ? node.bytes.toString('latin1', 0, node.size) : '');

  function syncAll(): void {
    for (const folder of folders) {
      disk.sync(folder);
      for (const node of folder.entries.values()) disk.sync(node);
    }
  }

  it('keeps all that is synced, after any steps', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 30 }), fc.integer(), (steps, seed) => {
        for (const each of steps) carryOut(each);
        syncAll();
        const before = contents();
        assert.equal(disk.cut(new Random(seed)), 0);
        assert.deepEqual(contents(), before);
      }),
    );
  });

  it('keeps a synced file that was not touched since, whatever happens to others', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 30 }), fc.integer(), (steps, seed) => {
        const file = fileAt(0) ?? create(0);
        disk.write(file, 0, Buffer.from('kept'));
        syncAll();
        const before = bytesOf(file);
        for (const each of steps)
          if (!('name' in each && each.name === 0) && !('to' in each && each.to === 0)) carryOut(each);
        disk.cut(new Random(seed));
        assert.equal(bytesOf(fileAt(0) as File), before);
      }),
    );
  });

  it('never loses a file to a rename that is not synced, within a folder or into another', () => {
    const ends = new Set<string>();
    for (let seed = 0; seed < 200; seed += 1)
      for (const to of [2, 3]) {
        disk.write(create(0), 0, Buffer.from('new'));
        disk.write(create(to), 0, Buffer.from('old'));
        syncAll();
        disk.move(placeOf(0), placeOf(to));
        disk.cut(new Random(seed));
        const [from, there] = [0, to].map((each) => bytesOf(fileAt(each) ?? disk.makeFile(0)));
        ends.add(`${from} ${there}`);
        for (const each of [0, to]) if (fileAt(each)) disk.unlink(placeOf(each).folder, placeOf(each).name);
      }
    assert.deepEqual([...ends].sort(), [' new', 'new new', 'new old']);
  });

  it('loses bytes that are not synced by the page, and may keep the size alone', () => {
    const ends = new Set<string>();
    for (let seed = 0; seed < 500; seed += 1) {
      const file = create(0);
      syncAll();
      disk.write(file, 0, Buffer.alloc(8192, 'x'));
      disk.cut(new Random(seed));
      const pages = [0, 4096].map((at) =>
        file.size <= at ? 'none' : file.bytes[at] === 0 ? 'zeros' : 'kept',
      );
      ends.add(pages.join());
      disk.unlink(placeOf(0).folder, placeOf(0).name);
    }
    assert.deepEqual([...ends].sort(), [
      'kept,kept',
      'kept,none',
      'kept,zeros',
      'none,none',
      'zeros,kept',
      'zeros,zeros',
    ]);
  });

  it('loses a new name, and brings back a removed one, until the folder is synced', () => {
    const ends = new Set<string>();
    for (let seed = 0; seed < 100; seed += 1) {
      const removed = create(0);
      syncAll();
      disk.unlink(placeOf(0).folder, placeOf(0).name);
      disk.sync(removed);
      disk.sync(create(2));
      disk.cut(new Random(seed));
      ends.add(`${fileAt(0) !== undefined} ${fileAt(2) !== undefined}`);
      for (const each of [0, 2]) if (fileAt(each)) disk.unlink(placeOf(each).folder, placeOf(each).name);
    }
    assert.equal(ends.size, 4, [...ends].join());
  });
});
