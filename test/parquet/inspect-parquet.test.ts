import assert from 'node:assert/strict';
import { mkdtemp, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inspectParquet } from '../../src/parquet/inspect-parquet.js';
import { openReferenceWriter } from '../../src/parquet/reference-writer.js';
import { batchOf, column } from './batch-of.js';

const columns = [column('sku', 'string'), column('amount', 'decimal(18,4)'), column('quantity', 'int64')];

describe('inspecting a Parquet file', () => {
  let folder: string;
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'seller='));
  });
  after(() => rm(folder, { recursive: true, force: true }));

  async function write(name: string): Promise<string> {
    const path = join(folder, name);
    const writer = await openReferenceWriter({
      path,
      columns,
      metadata: { seller_id: 'A1', document_id: 'amzn1.spdoc.1' },
      rowGroupRows: 4,
    });
    const rows = Array.from({ length: 10 }, (_, n) => [n === 1 ? null : `sku-${n}`, `${n}.5`, BigInt(n)]);
    await writer.write(batchOf(columns, rows));
    await writer.finish();
    return path;
  }

  it('shows columns, row groups, metadata and the first rows', async () => {
    const { bytes, ...found } = await inspectParquet(await write('plain.parquet'));
    assert(bytes > 100);
    assert.deepEqual(found, {
      rows: 10,
      rowGroups: 3,
      createdBy: 'parquet.js',
      metadata: { seller_id: 'A1', document_id: 'amzn1.spdoc.1' },
      columns: [
        { name: 'sku', physicalType: 'BYTE_ARRAY', logicalType: 'UTF8', nullable: true },
        { name: 'amount', physicalType: 'BYTE_ARRAY', logicalType: 'UTF8', nullable: true },
        { name: 'quantity', physicalType: 'INT64', logicalType: '', nullable: true },
        { name: '_row', physicalType: 'INT64', logicalType: '', nullable: false },
      ],
      sample: [0, 1, 2, 3, 4].map((n) => ({
        sku: n === 1 ? null : `sku-${n}`,
        amount: `${n}.5`,
        quantity: String(n),
        _row: String(n + 1),
      })),
    });
  });

  it('takes the name literally, whatever is in it', async () => {
    assert.equal((await inspectParquet(await write("it's [1]*.parquet"))).rows, 10);
  });

  it('says that any other file is not readable', async () => {
    const text = join(folder, 'text.parquet');
    await writeFile(text, 'sku\tquantity\n'.repeat(10));
    const cut = await write('cut.parquet');
    await truncate(cut, 200);
    for (const path of [text, cut, folder, join(folder, 'none.parquet')]) {
      await assert.rejects(inspectParquet(path), { code: 'FILE_UNREADABLE' });
    }
  });
});
