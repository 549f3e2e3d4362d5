import { describeError, knownError, ReportsError } from '../errors.js';
import type { ExaminedDocument } from '../source/types.js';
import { mostHeaderLine } from './dialect.js';
import { markEvidence } from './numbers.js';
import { unpacksTo } from './zip-size.js';

/** The first sheet of a workbook as a document of tab-separated text, cells quoted as RFC 4180 has it. */
export interface SheetDocument {
  document: ExaminedDocument;
  notes: string[];
}

/**
 * Reads an xlsx workbook and turns its first sheet into text, so that what is done with the cells of delimited documents is done with
 * its cells too. Rows without anything in them are blank lines. The workbook is held in memory whole.
 * Errors: FORMAT_UNSUPPORTED for a zip archive that is no workbook.
 */
export async function readWorkbook(document: ExaminedDocument): Promise<SheetDocument> {
  const [first, ...others] = await readSheets(document);
  const rows = withoutLineBreaksInHeader((first?.data ?? []).map((row) => row.map(cellText)));
  const texts = rows.map(
    (cells) => `${cells.some((cell) => cell !== '') ? cells.map(quoted).join('\t') : ''}\n`,
  );
  const notes = others.length > 0 ? [`sheets not read: ${others.map(({ sheet }) => sheet).join(', ')}`] : [];
  return { document: documentOfText(document, texts), notes };
}

/** A workbook is held in memory whole, and a small archive may unpack to very much. */
const mostUnpackedBytes = 256 * 2 ** 20;

interface Sheet {
  sheet: string;
  data: (Cell | null)[][];
}

type Cell = string | number | boolean | Date;

async function readSheets(document: ExaminedDocument): Promise<Sheet[]> {
  // Few documents are workbooks, and the library is a large one.
  const { default: readWorkbookSheets } = await import('read-excel-file/node');
  const chunks: Uint8Array[] = [];
  for await (const chunk of document.openBytes()) chunks.push(chunk);
  const archive = Buffer.concat(chunks);
  const { reportType, documentId } = document.raw.facts;
  if (!(await unpacksTo(archive, mostUnpackedBytes))) {
    const found = `a workbook of more than ${mostUnpackedBytes / 2 ** 20} MB unpacked`;
    throw new ReportsError('FORMAT_UNSUPPORTED', { reportType, documentId, found });
  }
  try {
    // The library's types say `typeof Date` where it gives a Date.
    return (await readWorkbookSheets(archive, { trim: false })) as unknown as Sheet[];
  } catch (error) {
    const known = knownError(error);
    if (known instanceof ReportsError) throw known;
    const found = `a zip archive that is no readable workbook (${describeError(error)})`;
    throw new ReportsError('FORMAT_UNSUPPORTED', { reportType, documentId, found }, { cause: error });
  }
}

/** The value of a cell in a spelling that means the same whatever decimal mark and order of day and month the document has. */
function cellText(cell: Cell | null): string {
  if (cell === null) return '';
  if (typeof cell === 'number') return numberText(cell);
  return cell instanceof Date ? timeText(cell) : String(cell);
}

/** A spreadsheet counts with doubles and shows 15 digits of them: 0.1 + 0.2 is 0.3. */
function numberText(value: number): string {
  const shownDigits = 15;
  const text = String(Number.isInteger(value) ? value : Number(value.toPrecision(shownDigits)));
  // 1.234 might be read as a thousand and more; 1.2340 is not.
  return markEvidence(text) === 'either' ? `${text}0` : text;
}

/** Times are fractions of days, so that a full second may come a little early. */
function timeText(time: Date): string {
  const roundingMs = 2;
  const fullSecondMs = Math.round(time.getTime() / 1000) * 1000;
  const isFull = Math.abs(time.getTime() - fullSecondMs) <= roundingMs;
  const iso = new Date(isFull ? fullSecondMs : time.getTime()).toISOString();
  return iso.replace(/T00:00:00\.000Z$|(?:\.000)?Z$/, '').replace('T', ' ');
}

function quoted(cell: string): string {
  return /[\t\r\n"]/.test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell;
}

/** A header is looked for line by line; what breaks the lines of its cells is layout. */
function withoutLineBreaksInHeader(rows: string[][]): string[][] {
  const headRows = rows.slice(0, mostHeaderLine);
  const filled = headRows.map((cells) => cells.filter((cell) => cell !== '').length);
  const leastShare = 0.7;
  const header = filled.findIndex((count) => count >= Math.max(...filled) * leastShare);
  return rows.map((cells, index) =>
    index <= header ? cells.map((cell) => cell.replace(/\s*[\r\n]+\s*/g, ' ')) : cells,
  );
}

function documentOfText(document: ExaminedDocument, texts: string[]): ExaminedDocument {
  const rowsTogether = 1000;
  async function* openText() {
    for (let start = 0; start < texts.length; start += rowsTogether) {
      yield texts.slice(start, start + rowsTogether).join('');
    }
  }
  async function* openBytes() {
    for await (const text of openText()) yield Buffer.from(text);
  }
  return { ...document, isValidUtf8: true, openText, openBytes };
}
