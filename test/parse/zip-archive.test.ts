import assert from 'node:assert/strict';
import writeWorkbook from 'write-excel-file/node';
import { packArchive, unpackArchive } from '../../src/parse/workbook/zip-archive.js';

const every = () => true;

describe('a zip archive', () => {
  let archive: Buffer;
  before(async () => {
    const rows = Array.from({ length: 2000 }, () => ['the same words in every cell', 'and here']);
    archive = await writeWorkbook([
      { sheet: 'one', data: rows.map((row) => row.map((value) => ({ value }))) },
    ]).toBuffer();
  });

  it('is measured by unpacking, not taken from the archive', async () => {
    assert.ok(archive.length < 50_000);
    assert.ok(await unpackArchive(archive, every, 2 ** 20));
    assert.equal(await unpackArchive(archive, every, 100_000), undefined);
    const liar = Buffer.from(archive);
    for (const [signature, place] of [
      ['PK\u0001\u0002', 24],
      ['PK\u0003\u0004', 22],
    ] as const) {
      for (let at = liar.indexOf(signature); at >= 0; at = liar.indexOf(signature, at + 4)) {
        liar.writeUInt32LE(1, at + place);
      }
    }
    assert.equal(await unpackArchive(liar, every, 100_000), undefined);
  });

  it('is refused without a directory or with damaged entries', async () => {
    for (const bytes of [Buffer.alloc(0), Buffer.from('PK\u0003\u0004'), archive.subarray(0, 500)]) {
      await assert.rejects(unpackArchive(bytes, every, 10), /no directory/);
    }
    const damaged = Buffer.from(archive).fill(0xff, 60, 3000);
    await assert.rejects(unpackArchive(damaged, every, 2 ** 20));
  });

  it('has the same entries when it is packed again', async () => {
    const entries = await unpackArchive(archive, (name) => name.endsWith('.xml'), 2 ** 20);
    assert.ok(entries);
    assert.ok(entries.has('xl/worksheets/sheet1.xml'));
    assert.ok(![...entries.keys()].some((name) => name.endsWith('.rels')));
    assert.deepEqual(await unpackArchive(packArchive(entries), every, 2 ** 20), entries);
  });
});
