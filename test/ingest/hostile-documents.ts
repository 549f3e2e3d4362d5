import { sparseWorkbook, workbookOfXml } from '../parse/hostile-workbooks.js';

const megabyte = 1_000_000;
const x = (megabytes: number) => 'x'.repeat(megabytes * megabyte);
const times = (count: number, text: (index: number) => string, joint: string) =>
  Array.from({ length: count }, (_, index) => text(index)).join(joint);

/** Texts, or bytes, of documents that could exhaust the memory. */
export const hostileDocuments: Record<string, () => string | Buffer | Promise<Buffer>> = {
  'huge cells': () => `sku\tname\n${times(8, (row) => `${row}\t${row}${x(15)}`, '\n')}\n`,
  'huge quoted cells': () => `sku,name\n${times(4, (row) => `${row},"${row}${x(10)}"`, '\n')}\n`,
  'huge rows, each with a cell too many': () =>
    `sku\tname\n1\ta\n${times(8, (row) => `${row}\t${row}${x(15)}\tsurplus`, '\n')}\n`,
  'huge values in JSON': () => `[${times(4, (row) => `{"a":"${row}${x(15)}"}`, ',')}]`,
  'huge texts in XML': () => `<r>${times(4, (row) => `<a><b>${row}${x(8)}</b></a>`, '')}</r>`,
  'one string of JSON': () => `[{"a":"${x(100)}"}]`,
  'one text of XML': () => `<r><a>${x(100)}</a></r>`,
  'one line': () => `sku\tname\n${x(100)}\n`,
  'a header of 100,000 columns': () => `${times(100_000, (column) => `h${column}`, '\t')}\n1\n`,
  'a row of 100,000 cells': () => `sku\tname\n1\ta\n${times(100_000, String, '\t')}\n`,
  'lists in lists': () => `${'['.repeat(1_000_000)}1${']'.repeat(1_000_000)}`,
  'elements in elements': () => '<a>'.repeat(500_000),
  'a workbook with cells far apart': sparseWorkbook,
  'a workbook of many sheets': () =>
    workbookOfXml(
      '<row r="1"><c r="A1" t="str"><v>sku</v></c></row>',
      Object.fromEntries(
        Array.from({ length: 1000 }, (_, index) => [
          `xl/worksheets/sheet${index + 2}.xml`,
          `<worksheet><sheetData>${'<row/>'.repeat(20_000)}</sheetData></worksheet>`,
        ]),
      ),
    ),
  'a workbook of many styles': () =>
    workbookOfXml('<row r="1"><c r="A1" t="str"><v>sku</v></c></row>', {
      'xl/styles.xml': `<styleSheet><cellXfs>${'<xf numFmtId="14"/>'.repeat(1_000_000)}</cellXfs></styleSheet>`,
    }),
  'a workbook of many shared texts': () =>
    workbookOfXml('<row r="1"><c r="A1" t="s"><v>0</v></c></row>', {
      'xl/sharedStrings.xml': `<sst>${'<si><t>sku</t></si>'.repeat(2_000_000)}</sst>`,
    }),
  'a workbook of many merged cells': () =>
    workbookOfXml(
      `<row r="1"><c r="A1" t="str"><v>sku</v></c></row></sheetData><mergeCells>${'<mergeCell ref="A1:XFD1048576"/>'.repeat(100_000)}</mergeCells><sheetData>`,
    ),
};
