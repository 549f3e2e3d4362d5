import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openSharedJson } from '../../src/files/shared-json.js';

describe('a file of the state folder', () => {
  let path: string;
  beforeEach(() => {
    path = join(mkdtempSync(join(tmpdir(), 'shared-json-')), 'words.json');
  });
  afterEach(() => rmSync(join(path, '..'), { recursive: true }));

  let parsed = 0;
  const open = () =>
    openSharedJson<{ words: string[]; extra?: string }>(
      path,
      {
        parse(content) {
          parsed += 1;
          return content as { words: string[] };
        },
        missing: () => ({ words: [] }),
        lost: () => assert.fail('lost'),
        consequence: 'nothing',
      },
      { log: { warn: () => assert.fail('a warning') } },
    );
  const add = (word: string) => (held: { words: string[] }) => ({ ...held, words: [...held.words, word] });

  it('keeps the changes of all who have it open, in whatever order they come', async () => {
    const [one, other] = [open(), open()];
    await one.change(add('a'));
    await other.change(add('b'));
    await one.change(add('c'));
    writeFileSync(path, JSON.stringify({ words: ['d'] }));
    await one.change(add('e'));
    assert.deepEqual(other.read(), { words: ['d', 'e'] });
    assert.deepEqual(JSON.parse(readFileSync(path, 'utf8')), { words: ['d', 'e'] });
  });

  // The state of a program that ran for weeks was removed, and it spent a burst of quota again.
  it('counts as lost, with a warning, if it vanishes while it is open', async () => {
    const warnings: string[] = [];
    const kind = {
      parse: (content: unknown) => content as { words: string[] },
      missing: () => ({ words: [] }),
      lost: () => ({ words: ['lost'] }),
      consequence: 'words begin again',
    };
    const file = openSharedJson(path, kind, {
      log: { warn: (_: object, text?: string) => warnings.push(text ?? '') },
    });
    assert.deepEqual(file.read(), { words: [] });
    await file.change(add('a'));
    for (const words of [
      ['lost', 'b'],
      ['lost', 'c'],
    ]) {
      rmSync(path);
      assert.deepEqual(file.read(), { words: ['lost'] });
      await file.change(add(words[1] ?? ''));
      assert.deepEqual(file.read(), { words });
    }
    const warning = `${path} is gone, and was there before; words begin again`;
    assert.deepEqual(warnings, [warning, warning]);
  });

  it('is not read again after a change of its own', async () => {
    const file = open();
    await file.change(add('a'));
    const before = parsed;
    await file.change((held) => ({ ...add('b')(held), extra: undefined }));
    assert.equal(parsed, before);
    // As it would be if it were read.
    assert.deepEqual(file.read(), { words: ['a', 'b'] });
  });
});
