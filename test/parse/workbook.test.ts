import assert from 'node:assert/strict';
import type { SheetData } from 'write-excel-file/node';
import writeWorkbook from 'write-excel-file/node';
import type { Engine } from '../../src/parse/types.js';
import type { DocumentFormat, ReportSchema } from '../../src/schema/types.js';
import type { DocumentMetadata, ExaminedDocument } from '../../src/source/types.js';
import { documentOf, passing } from './document-of.js';
import { workbookOfXml } from './hostile-workbooks.js';
import { readRows } from './read-rows.js';

const discounts: ReportSchema = {
  reportType: 'GET_TEST',
  description: '',
  format: 'xlsx',
  quoting: 'none',
  restricted: false,
  file: 'GET_TEST.yaml',
  tables: [
    {
      name: 'discounts',
      load: { mode: 'append', key: [] },
      columns: [
        { name: 'sku', from: ['SKU'], type: { kind: 'string' } },
        { name: 'price', from: ['Unit price'], type: { kind: 'decimal', precision: 18, scale: 4 } },
        { name: 'units', from: ['Units'], type: { kind: 'int64' } },
        { name: 'day', from: ['Start date'], type: { kind: 'date' } },
        { name: 'changed_at', from: ['Changed at'], type: { kind: 'timestamp' } },
        { name: 'active', from: ['Active'], type: { kind: 'bool' } },
      ],
    },
  ],
};
const header = ['SKU', 'Unit price', 'Units', 'Start date', 'Changed at', 'Active'];
const at = (iso: string, format = 'yyyy-mm-dd hh:mm:ss') => ({ value: new Date(iso), type: Date, format });

/** A workbook with these sheets, as `examineDocument` would return it. */
async function workbookOf(
  sheets: Record<string, SheetData>,
  metadata: Partial<DocumentMetadata> = {},
): Promise<ExaminedDocument> {
  const parts = Object.entries(sheets).map(([sheet, data]) => ({ sheet, data }));
  const bytes = await writeWorkbook(parts).toBuffer();
  return {
    ...documentOf('', metadata),
    charset: 'binary',
    isValidUtf8: false,
    async *openBytes() {
      yield* passing([bytes.subarray(0, 100), bytes.subarray(100)]);
    },
    openText() {
      throw new Error('a workbook is no text');
    },
  };
}

async function* only(bytes: Buffer): AsyncGenerator<Buffer> {
  yield bytes;
}

/** A first cell, and one more with these attributes. */
function sparseRows(attributes: string): string {
  return `<row r="1"><c r="A1"><v>1</v></c></row><row><c ${attributes}><v>2</v></c></row>`;
}

for (const engine of ['reference', 'columnar'] satisfies Engine[]) {
  describe(`a workbook, read by the ${engine} engine,`, () => {
    const withoutRow = ({ rows }: { rows: Record<string, string | null>[] }) =>
      rows.map(({ _row, ...values }) => values);

    it('returns typed rows of its first sheet', async () => {
      const document = await workbookOf({
        Discounts: [
          header,
          ['007', 19.99, 3, at('2026-03-04T00:00:00Z', 'dd/mm/yyyy'), at('2026-03-04T17:45:01Z'), true],
          ['B"1"\tx\ny', 0.1 + 0.2, 12345, null, null, false],
        ],
        Notes: [['not', 'a', 'table']],
      });
      const read = await readRows(document, discounts, engine);
      assert.deepEqual(withoutRow(read), [
        {
          sku: '007',
          price: '19.99',
          units: '3',
          day: '2026-03-04',
          changed_at: String(Date.parse('2026-03-04T17:45:01Z')),
          active: 'true',
        },
        {
          sku: 'B"1"\tx\ny',
          price: '0.3',
          units: '12345',
          day: null,
          changed_at: null,
          active: 'false',
        },
      ]);
      assert.deepEqual(read.rejects, []);
      assert.deepEqual(read.parsed.notes, ['sheets not read: Notes']);
      assert.equal(read.parsed.dialect.delimiter, undefined);
    });

    it('has numbers that no decimal comma of its marketplace changes', async () => {
      const prices = [1.234, 1234.5, -12.345, 1e15, 1.5e-7];
      const document = await workbookOf(
        { Discounts: [header, ...prices.map((price) => ['a', price, null, null, null, null])] },
        { marketplaceIds: ['A1PA6795UKMFR9'] },
      );
      const wide = structuredClone(discounts);
      Object.assign(wide.tables[0]?.columns[1] ?? {}, {
        type: { kind: 'decimal', precision: 38, scale: 10 },
      });
      const { rows } = await readRows(document, wide, engine);
      assert.deepEqual(
        rows.map(({ price }) => price),
        ['1.234', '1234.5', '-12.345', '1000000000000000', '0.00000015'],
      );
    });

    it('is read as a workbook whatever the schema says, and without a schema with inferred columns', async () => {
      const sheets = {
        A: [
          ['Order ID', 'Amount', 'Day'],
          ['1', 2.5, at('2026-01-31T00:00:00Z')],
          ['2', 3, null],
        ],
      };
      for (const format of ['tsv', 'csv', 'json'] satisfies DocumentFormat[]) {
        const inferred = { ...discounts, format, tables: [] };
        for (const schema of [inferred, undefined]) {
          const { columns, rows } = await readRows(await workbookOf(sheets), schema, engine);
          assert.deepEqual(columns, ['order_id string', 'amount decimal(18,4)', 'day date']);
          assert.deepEqual(rows, [
            { order_id: '1', amount: '2.5', day: '2026-01-31', _row: '1' },
            { order_id: '2', amount: '3', day: null, _row: '2' },
          ]);
        }
      }
    });

    it('may have lines before its header, line breaks in it, and blank rows', async () => {
      const document = await workbookOf({
        A: [
          ['Referral fee discounts', null, null],
          [null, null, null],
          ['SKU', 'Unit\nprice', 'Units', 'Start date', 'Changed at', 'Active'],
          ['a', 1, 2, null, null, null],
          [null, null, null],
          ['b', 3, 4, null, null, null],
        ],
      });
      const { rows } = await readRows(document, discounts, engine);
      assert.deepEqual(
        rows.map(({ sku, price, _row }) => [sku, price, _row]),
        [
          ['a', '1', '1'],
          ['b', '3', '2'],
        ],
      );
    });

    it('keeps a value that does not fit its column as a reject', async () => {
      const document = await workbookOf({ A: [header, ['a', 'free', 2.5, null, null, null]] });
      const { rejects } = await readRows(document, discounts, engine);
      assert.deepEqual(
        rejects.map(({ row, column, raw }) => [row, column, raw]),
        [
          [1, 'price', 'free'],
          [1, 'units', '2.5'],
        ],
      );
    });

    it('has no rows if it has no cells', async () => {
      const { rows } = await readRows(await workbookOf({ A: [] }), discounts, engine);
      assert.deepEqual(rows, []);
    });

    it('is refused if it is another zip archive', async () => {
      const document = await workbookOf({ A: [] });
      document.openBytes = async function* () {
        yield Buffer.from('PK\u0003\u0004 and nothing else');
      };
      await assert.rejects(readRows(document, discounts, engine), {
        code: 'FORMAT_UNSUPPORTED',
        message: /a zip archive that is not a readable workbook/,
      });
    });

    for (const [what, rows, code] of [
      ['far apart', sparseRows('r="XFD1048576"'), 'WORKBOOK_TOO_LARGE'],
      [
        'far apart, by an address with character references',
        sparseRows('x=">" r="XFD1048&#53;76"'),
        'WORKBOOK_TOO_LARGE',
      ],
      ['in rows that no sheet has', sparseRows('r="A99999999999"'), 'FORMAT_UNSUPPORTED'],
      ['with an address that is none', sparseRows('r="A1e9"'), 'FORMAT_UNSUPPORTED'],
    ] as const) {
      it(`with cells ${what} is refused with ${code} before their places are made`, async () => {
        const bytes = await workbookOfXml(rows);
        const document = { ...(await workbookOf({ A: [] })), openBytes: () => only(bytes) };
        await assert.rejects(readRows(document, undefined, engine), { code });
      });
    }

    it('with only a format in a cell far away has the other cells', async () => {
      const bytes = await workbookOfXml(
        '<row r="1"><c r="A1" t="str"><v>sku</v></c></row><row r="2"><c r="A2"><v>7</v></c><c r="XFD2" s="0"/></row><row r="9"><c r="XFD9" s="0"/></row>',
      );
      const document = { ...(await workbookOf({ A: [] })), openBytes: () => only(bytes) };
      const { rows } = await readRows(document, undefined, engine);
      assert.deepEqual(rows, [{ sku: '7', _row: '1' }]);
    });

    it('whose cells share one long text is refused by the text that they make together', async () => {
      const shared = `<sst><si><t>${'x'.repeat(2 ** 20)}</t></si></sst>`;
      const cells = Array.from({ length: 300 }, (_, index) => `<c r="A${index + 1}" t="s"><v>0</v></c>`);
      const rows = cells.map((cell, index) => `<row r="${index + 1}">${cell}</row>`).join('');
      const bytes = await workbookOfXml(rows, { 'xl/sharedStrings.xml': shared });
      const document = { ...(await workbookOf({ A: [] })), openBytes: () => only(bytes) };
      await assert.rejects(readRows(document, undefined, engine), { code: 'WORKBOOK_TOO_LARGE' });
    });

    it('is kept and not read if the schema says raw', async () => {
      const raw = { ...discounts, format: 'raw' as const, tables: [] };
      const { rows } = await readRows(await workbookOf({ A: [header] }), raw, engine);
      assert.deepEqual(rows, []);
    });
  });
}
