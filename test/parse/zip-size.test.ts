import assert from 'node:assert/strict';
import writeWorkbook from 'write-excel-file/node';
import { unpacksTo } from '../../src/parse/workbook/zip-size.js';

describe('the unpacked size of a zip archive', () => {
  let archive: Buffer;
  before(async () => {
    const rows = Array.from({ length: 2000 }, () => ['the same words in every cell', 'and here']);
    archive = await writeWorkbook([
      { sheet: 'one', data: rows.map((row) => row.map((value) => ({ value }))) },
    ]).toBuffer();
  });

  it('is measured by unpacking, not taken from the archive', async () => {
    assert.ok(archive.length < 50_000);
    assert.equal(await unpacksTo(archive, 2 ** 20), true);
    assert.equal(await unpacksTo(archive, 100_000), false);
    const liar = Buffer.from(archive);
    for (const [signature, place] of [
      ['PK\u0001\u0002', 24],
      ['PK\u0003\u0004', 22],
    ] as const) {
      for (let at = liar.indexOf(signature); at >= 0; at = liar.indexOf(signature, at + 4)) {
        liar.writeUInt32LE(1, at + place);
      }
    }
    assert.equal(await unpacksTo(liar, 100_000), false);
  });

  it('is unknown for a file that is not an archive, which its reader refuses', async () => {
    for (const bytes of [Buffer.alloc(0), Buffer.from('PK\u0003\u0004'), archive.subarray(0, 500)]) {
      assert.equal(await unpacksTo(bytes, 10), true);
    }
    const damaged = Buffer.from(archive).fill(0xff, 60, 3000);
    await unpacksTo(damaged, 2 ** 20);
  });
});
