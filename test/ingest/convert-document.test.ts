import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { type ConvertOptions, convertDocument } from '../../src/ingest/convert-document.js';
import type { Engine } from '../../src/parse/types.js';
import type { PiiTreatment } from '../../src/privacy/pii-policy.js';
import type { ReportSchema } from '../../src/schema/types.js';
import type { RawDocument } from '../../src/source/types.js';
import { openFolderStore } from '../../src/store/folder-store.js';

const noSchema: ReportSchema = {
  reportType: 'GET_TEST',
  description: '',
  format: 'tsv',
  quoting: 'none',
  restricted: false,
  tables: [],
  file: '',
};

/** Larger than what is kept in memory when a document is opened. */
const manyRows = 40_000;

describe('converting a document', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'convert-'));
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  function rawOf(bytes: Buffer): RawDocument {
    const path = join(folder, 'document');
    writeFileSync(path, bytes);
    const metadata = { sellerId: 'A1', documentId: 'd1', reportType: 'GET_TEST', marketplaceIds: [] };
    return { metadata, path, bytes: bytes.length, kept: null };
  }

  function convert(bytes: Buffer, engine: Engine, options: Partial<ConvertOptions> = {}) {
    const lake = openFolderStore(join(folder, 'lake'));
    return convertDocument(
      rawOf(bytes),
      { lake, engine },
      { maxTextBytes: 1e9, schemas: new Map(), ...options },
    );
  }

  const parquetFiles = () =>
    readdirSync(folder, { recursive: true }).filter((name) => String(name).endsWith('.parquet'));

  for (const engine of ['columnar', 'reference'] as const) {
    describe(`by the ${engine} engine`, () => {
      it('knows the size of a raw document that has no rows to read', async () => {
        const text = 'not a row\n'.repeat(manyRows);
        const schema: ReportSchema = { ...noSchema, format: 'raw' };
        const { document, parsed } = await convert(gzipSync(text), engine, { schema });
        assert.equal(document.textBytes, text.length);
        assert.deepEqual(parsed.tables, []);
      });

      it('refuses a truncated raw document', async () => {
        const bytes = gzipSync(randomText(manyRows));
        const schema: ReportSchema = { ...noSchema, format: 'raw' };
        await assert.rejects(convert(bytes.subarray(0, -100), engine, { schema }), {
          code: 'DOCUMENT_TRUNCATED',
        });
      });

      it('finds a document corrupt, whatever the text looks like that its damaged bytes make', async () => {
        const rows = randomText(manyRows).split('\n');
        const json = JSON.stringify({ rows: rows.map((row) => ({ row, list: [{ row }] })) });
        for (const text of [`sku\tname\n${rows.join('\n')}`, json]) {
          for (const part of [0.1, 0.3, 0.5, 0.7, 0.9]) {
            const bytes = gzipSync(text);
            const at = Math.floor(bytes.length * part);
            bytes.fill(0x55, at, at + 50);
            const schema = { ...noSchema, format: text === json ? ('json' as const) : ('tsv' as const) };
            await assert.rejects(convert(bytes, engine, { schema }), { code: 'DOCUMENT_CORRUPT' });
          }
        }
      });

      it('reads a document in the charset that only its last row reveals', async () => {
        const text = `sku\tname\n${`S1\t${'plain '.repeat(10)}\n`.repeat(manyRows)}S2\tGr\u00f6\u00dfe\n`;
        const { document, parsed, written } = await convert(Buffer.from(text, 'latin1'), engine);
        assert.equal(document.charset, 'windows-1252');
        assert.equal(document.charsetSource, 'marketplace');
        assert.equal(document.textBytes, text.length);
        assert.deepEqual(parsed.notes, []);
        assert.deepEqual(
          written.tables.map(({ name, rows }) => [name, rows]),
          [['test', manyRows + 1]],
        );
        assert.equal(parquetFiles().length, 1);
      });

      it('stops with the reason of its signal, and leaves no file behind', async () => {
        const stop = new AbortController();
        const reason = new Error('time is up');
        stop.abort(reason);
        const bytes = Buffer.from(`sku\tname\n${'S1\tplain\n'.repeat(manyRows)}`);
        await assert.rejects(convert(bytes, engine, { signal: stop.signal }), reason);
        assert.deepEqual(parquetFiles(), []);
      });
    });
  }

  for (const [format, text, reason] of [
    ['delimited', 'sku\rS1\r', 'its lines end in carriage returns alone'],
    ['JSON', '[{"s\\u006bu":"S1"}]', 'names in its JSON are empty, escaped, numbers or stand twice'],
  ] as const) {
    it(`records that the reference parser read a ${format} document, and why`, async () => {
      const { parsed, written } = await convert(Buffer.from(text), 'columnar');
      assert.equal(parsed.engine, 'reference');
      assert.deepEqual(parsed.notes, [`read by the reference parser: ${reason}`]);
      assert.equal(written.tables[0]?.rows, 1);
    });
  }

  describe('that is JSON beyond the look-ahead, by a schema with two tables', () => {
    const column = (name: string, pii = false) => ({
      name,
      from: [name],
      type: { kind: 'string' as const },
      pii: pii ? (true as const) : undefined,
    });
    const table = (name: string, columns: ReturnType<typeof column>[]) => ({
      name,
      rows: name,
      load: { mode: 'snapshot' as const, key: [] },
      columns,
    });
    const schema: ReportSchema = {
      ...noSchema,
      format: 'json',
      tables: [
        table('orders', [column('id'), column('buyer', true), column('phone', true)]),
        table('refunds', [column('id'), column('buyer', true)]),
      ],
    };
    const rows = Array.from({ length: manyRows }, (_, row) => ({ id: `o-${row}`, buyer: `Ann ${row}` }));
    const bytes = Buffer.from(JSON.stringify({ orders: rows }));
    const treatments: (PiiTreatment | undefined)[] = [
      undefined,
      { policy: 'drop', replace: () => null },
      { policy: 'hash', replace: () => 'hashed' },
    ];

    for (const pii of treatments) {
      it(`loads only the table that the document has, under the policy ${pii?.policy ?? 'keep'} for personal data`, async () => {
        const { parsed, written } = await convert(bytes, 'columnar', { schema, pii });
        assert.equal(parsed.engine, 'columnar');
        assert.deepEqual(
          written.tables.map(({ name, rows: count }) => [name, count]),
          [['orders', manyRows]],
        );
        const verb = pii?.policy === 'hash' ? 'hashed' : 'dropped';
        assert.deepEqual(parsed.notes, [
          'orders: columns not in the document: phone',
          ...(pii ? [`personal data ${verb} in orders: buyer`] : []),
        ]);
      });
    }
  });
});

/** Text that hardly compresses. */
function randomText(lines: number): string {
  let state = 1;
  const next = () => {
    state = (state * 48_271) % 2_147_483_647;
    return state.toString(36);
  };
  return Array.from({ length: lines }, next).join('\n');
}
