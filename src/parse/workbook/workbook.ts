import type { DocumentLimits } from '../../config/documents-spec.js';
import { describeError, knownError, ReportsError } from '../../errors/reports-error.js';
import type { ReadableDocument } from '../../source/types.js';
import { maxHeaderLines } from '../delimited/dialect.js';
import { checkRowLength, exceeded, LimitExceeded } from '../limits.js';
import { markEvidence } from '../values/numbers.js';
import { checkSheetExtent } from './sheet-extent.js';
import { packArchive, unpackArchive } from './zip-archive.js';

/**
 * The first sheet of a workbook as a document of tab-separated text, with cells quoted by RFC 4180.
 */
export interface SheetDocument {
  document: ReadableDocument;
  notes: string[];
}

/**
 * Reads an xlsx workbook and turns its first sheet into text, so that its cells are treated like
 * those of delimited documents. Rows without values become blank lines. The whole workbook is in
 * memory.
 * Errors: FORMAT_UNSUPPORTED for a zip archive that is no workbook; LimitExceeded.
 */
export async function readWorkbook(document: ReadableDocument): Promise<SheetDocument> {
  const [first, ...others] = await readSheets(document);
  const rows = withoutLineBreaksInHeader((first?.data ?? []).map((row) => row.map(cellText)));
  checkText(rows, document.limits);
  const notes = others.length > 0 ? [`sheets not read: ${others.map(({ sheet }) => sheet).join(', ')}`] : [];
  return { document: documentOfText(document, rows), notes };
}

interface Sheet {
  sheet: string;
  data: (Cell | null)[][];
}

type Cell = string | number | boolean | Date;

async function readSheets({ limits, openBytes, raw: { metadata } }: ReadableDocument): Promise<Sheet[]> {
  const { maxWorkbookBytes } = limits;
  // Few documents are workbooks, and the library is large.
  const { default: readWorkbookSheets } = await import('read-excel-file/node');
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of openBytes()) {
    bytes += chunk.length;
    if (bytes > maxWorkbookBytes) throw tooManyBytes(`its archive has ${bytes} bytes or more`, limits);
    // A piece is valid only until the next one.
    chunks.push(Uint8Array.from(chunk));
  }
  const archive = Buffer.concat(chunks);
  const { reportType, documentId } = metadata;
  try {
    const entries = await unpackArchive(archive, isXml, maxWorkbookBytes);
    if (!entries) throw tooManyBytes(`its XML has more than ${maxWorkbookBytes} bytes when unpacked`, limits);
    for (const xml of entries.values()) checkSheetExtent(xml, limits);
    // Only what was checked is read. The library's types say `typeof Date`, but it returns a Date.
    return (await readWorkbookSheets(packArchive(entries), { trim: false })) as unknown as Sheet[];
  } catch (error) {
    const known = knownError(error);
    if (known instanceof ReportsError || known instanceof LimitExceeded) throw known;
    const found = `a zip archive that is not a readable workbook (${describeError(error)})`;
    throw new ReportsError('FORMAT_UNSUPPORTED', { reportType, documentId, found }, { cause: error });
  }
}

function tooManyBytes(found: string, limits: DocumentLimits): LimitExceeded {
  return exceeded('WORKBOOK_TOO_LARGE', 'maxWorkbookBytes', limits, found);
}

/** Nothing else of an archive is read. */
function isXml(name: string): boolean {
  return /\.xml(?:\.rels)?$/.test(name);
}

/** Errors: LimitExceeded. */
function checkText(rows: string[][], limits: DocumentLimits): void {
  let characters = 0;
  for (const cells of rows) {
    const ofRow = cells.reduce((sum, cell) => sum + cell.length + 1, 0);
    checkRowLength(ofRow, 'a row', limits);
    characters += ofRow;
    if (characters <= limits.maxSheetCharacters) continue;
    const found = `the text of its first sheet has ${characters} characters or more`;
    throw exceeded('WORKBOOK_TOO_LARGE', 'maxSheetCharacters', limits, found);
  }
}

/**
 * The value of a cell, spelled so that it means the same with any decimal mark and order of day and
 * month.
 */
function cellText(cell: Cell | null): string {
  if (cell === null) return '';
  if (typeof cell === 'number') return numberText(cell);
  return cell instanceof Date ? timeText(cell) : String(cell);
}

/** A spreadsheet calculates with doubles and shows 15 digits of them: 0.1 + 0.2 is 0.3. */
function numberText(value: number): string {
  const shownDigits = 15;
  const text = String(Number.isInteger(value) ? value : Number(value.toPrecision(shownDigits)));
  // 1.234 might be read as more than a thousand; 1.2340 is not.
  return markEvidence(text) === 'either' ? `${text}0` : text;
}

/** Times are fractions of days, so that a full second may be slightly early. */
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

/** The header is searched line by line. Line breaks in its cells are only layout. */
function withoutLineBreaksInHeader(rows: string[][]): string[][] {
  const headRows = rows.slice(0, maxHeaderLines);
  const filled = headRows.map((cells) => cells.filter((cell) => cell !== '').length);
  const minShare = 0.7;
  const header = filled.findIndex((count) => count >= Math.max(...filled) * minShare);
  return rows.map((cells, index) => (index <= header ? cells.map(withoutLineBreaks) : cells));
}

/** By pieces: an expression for blanks around line breaks takes quadratic time for many blanks. */
function withoutLineBreaks(cell: string): string {
  const [first = '', ...others] = cell.split(/[\r\n]+/);
  if (others.length === 0) return cell;
  const last = others.pop() ?? '';
  const between = others.map((piece) => piece.trim()).filter((piece) => piece !== '');
  return [first.trimEnd(), ...between, last.trimStart()].join(' ');
}

function documentOfText(document: ReadableDocument, rows: string[][]): ReadableDocument {
  const charactersTogether = 256 * 1024;
  async function* openText() {
    let text = '';
    for (const cells of rows) {
      text += `${cells.some((cell) => cell !== '') ? cells.map(quoted).join('\t') : ''}\n`;
      if (text.length < charactersTogether) continue;
      yield text;
      text = '';
    }
    if (text !== '') yield text;
  }
  async function* openBytes() {
    for await (const text of openText()) yield Buffer.from(text);
  }
  return { ...document, isValidUtf8: true, openText, openBytes };
}
