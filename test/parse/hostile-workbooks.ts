import writeWorkbook from 'write-excel-file/node';
import { packArchive, unpackArchive } from '../../src/parse/workbook/zip-archive.js';

/**
 * A workbook whose first sheet has this XML inside `sheetData`, and whose other parts have those
 * texts.
 */
export async function workbookOfXml(rows: string, parts: Record<string, string> = {}): Promise<Buffer> {
  const written = await writeWorkbook([{ sheet: 'A', data: [[{ value: 'sku' }]] }]).toBuffer();
  const entries = await unpackArchive(written, () => true, 2 ** 20);
  if (!entries) throw new Error('the workbook is too large');
  const sheet = 'xl/worksheets/sheet1.xml';
  const xml = String(entries.get(sheet)).replace(
    /<sheetData>.*<\/sheetData>/s,
    `<sheetData>${rows}</sheetData>`,
  );
  entries.set(sheet, Buffer.from(xml));
  for (const [name, text] of Object.entries(parts)) entries.set(name, Buffer.from(text));
  return packArchive(entries);
}

/**
 * A workbook of little more than a kilobyte with a value in the first and in the last cell that a
 * sheet can have.
 */
export function sparseWorkbook(): Promise<Buffer> {
  return workbookOfXml(
    '<row r="1"><c r="A1"><v>1</v></c></row><row r="1048576"><c r="XFD1048576"><v>2</v></c></row>',
  );
}
