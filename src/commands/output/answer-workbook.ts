import { Zip, ZipDeflate, ZipPassThrough } from 'fflate';
import { ReportsError } from '../../errors/reports-error.js';
import type { StreamedAnswer } from '../../warehouse/types.js';
import { type AnswerKind, answerKind } from './answer-types.js';
import { firstRows } from './answer-text.js';
import { cellText } from './text-table.js';

/** Limits of Excel. */
const maxRows = 1_048_576;
const maxColumns = 16_384;
const maxCellCharacters = 32_767;

/**
 * Yields an answer as an xlsx workbook of one sheet, as rows arrive. Numbers are numeric cells if a
 * double holds all their digits, otherwise text; dates and times in UTC are dates, to the
 * millisecond. Errors: ANSWER_TOO_LARGE for what a sheet cannot hold.
 */
export async function* workbookBytes(
  { columns, groups }: StreamedAnswer,
  limit: number | undefined,
): AsyncGenerator<Buffer> {
  if (columns.length > maxColumns)
    throw tooLarge(`it has ${columns.length} columns, a sheet at most ${maxColumns}`);
  let made: Buffer[] = [];
  const archive = new Zip((error, chunk) => {
    if (error) throw error;
    made.push(Buffer.from(chunk));
  });
  for (const [name, text] of Object.entries(parts)) {
    const part = new ZipPassThrough(name);
    archive.add(part);
    part.push(Buffer.from(text), true);
  }
  const sheet = new ZipDeflate('xl/worksheets/sheet1.xml', { level: 6 });
  archive.add(sheet);
  const kinds = columns.map(({ type }) => answerKind(type));
  const names = columns.map((_, index) => columnName(index));
  const header = columns.map(({ name }) => textCell(name, styles.header));
  sheet.push(Buffer.from(sheetHead + row(header, names, 1)));
  let count = 1;
  for await (const rows of firstRows(groups, limit)) {
    if (count + rows.length > maxRows)
      throw tooLarge(`it has more than ${maxRows - 1} rows, which a sheet cannot hold`);
    const texts = rows.map((values, index) => {
      const cells = kinds.map((kind, column) => cell(values[column], kind));
      return row(cells, names, count + index + 1);
    });
    count += rows.length;
    sheet.push(Buffer.from(texts.join('')));
    yield Buffer.concat(made);
    made = [];
  }
  sheet.push(Buffer.from('</sheetData></worksheet>'), true);
  archive.end();
  yield Buffer.concat(made);
}

function tooLarge(found: string): ReportsError {
  return new ReportsError('ANSWER_TOO_LARGE', { format: 'xlsx', found });
}

/** What is in a cell: the attributes of its element, then the element's content. */
type Cell = [attributes: string, content: string];

/** Missing values have no cell. */
function row(cells: (Cell | undefined)[], names: string[], number: number): string {
  const texts = cells.map((each, index) =>
    each ? `<c r="${names[index]}${number}"${each[0]}>${each[1]}</c>` : '',
  );
  return `<row r="${number}">${texts.join('')}</row>`;
}

/** A, B, ..., Z, AA, AB. */
function columnName(index: number): string {
  const last = String.fromCharCode(65 + (index % 26));
  return index < 26 ? last : columnName(Math.floor(index / 26) - 1) + last;
}

function cell(value: unknown, { kind }: AnswerKind): Cell | undefined {
  if (value === null || value === undefined) return undefined;
  const text = cellText(value);
  if (kind === 'boolean') return [' t="b"', `<v>${text === 'true' ? 1 : 0}</v>`];
  if (kind === 'date' || kind === 'timestamp') {
    const serial = serialOf(text);
    if (serial === undefined) return textCell(text);
    return [` s="${kind === 'date' ? styles.date : styles.time}"`, `<v>${serial}</v>`];
  }
  const isNumber = kind === 'integer' || kind === 'decimal' || kind === 'float';
  return isNumber && isExact(text, kind) ? ['', `<v>${text}</v>`] : textCell(text);
}

/** Whether Excel, which has doubles of 15 digits, shows the number as it is. */
function isExact(text: string, kind: AnswerKind['kind']): boolean {
  if (kind === 'float') return Number.isFinite(Number(text));
  const digits = text.replace(/^-/, '').replace('.', '').replace(/^0+/, '');
  return /^-?\d+(\.\d+)?$/.test(text) && digits.length <= 15;
}

/**
 * Days since 1899-12-30, as Excel counts them; undefined for times before March 1900, of which
 * Excel has a day too many, and for infinity.
 */
function serialOf(text: string): number | undefined {
  const epochMs = Date.parse(text);
  const dayMs = 86_400_000;
  const serial = (epochMs - Date.UTC(1899, 11, 30)) / dayMs;
  return serial >= 61 && serial < 2_958_466 ? serial : undefined;
}

function textCell(text: string, style?: number): Cell {
  if (text.length > maxCellCharacters)
    throw tooLarge(`a value has ${text.length} characters, a cell at most ${maxCellCharacters}`);
  const styled = style === undefined ? '' : ` s="${style}"`;
  return [` t="inlineStr"${styled}`, `<is><t xml:space="preserve">${xmlText(text)}</t></is>`];
}

/** XML has no control characters: workbooks write them as `_x001B_`. */
function xmlText(text: string): string {
  return text
    .replace(/_x[0-9A-Fa-f]{4}_/g, (like) => `_x005F${like}`)
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replace(
      unwritable,
      (character) => `_x${character.charCodeAt(0).toString(16).toUpperCase().padStart(4, '0')}_`,
    );
}

/** Control characters, carriage returns, lone surrogates and two characters that are none. */
const unwritable =
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what it finds.
  /[\x00-\x08\x0B-\x1F\uFFFE\uFFFF]|[\uD800-\uDBFF](?![\uDC00-\uDFFF])|(?<![\uD800-\uDBFF])[\uDC00-\uDFFF]/g;

const styles = { date: 1, time: 2, header: 3 };

const declaration = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n';
const main = 'http://schemas.openxmlformats.org/spreadsheetml/2006/main';
const ofDocument = 'http://schemas.openxmlformats.org/officeDocument/2006/relationships';
const ofPackage = 'http://schemas.openxmlformats.org/package/2006';
const typeOf = (name: string) => `application/vnd.openxmlformats-officedocument.spreadsheetml.${name}+xml`;

/** The header stays in view. */
const sheetHead = `${declaration}<worksheet xmlns="${main}"><sheetViews><sheetView workbookViewId="0"><pane ySplit="1" topLeftCell="A2" activePane="bottomLeft" state="frozen"/></sheetView></sheetViews><sheetData>`;

const parts = {
  '[Content_Types].xml': `${declaration}<Types xmlns="${ofPackage}/content-types"><Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/><Override PartName="/xl/workbook.xml" ContentType="${typeOf('sheet.main')}"/><Override PartName="/xl/styles.xml" ContentType="${typeOf('styles')}"/><Override PartName="/xl/worksheets/sheet1.xml" ContentType="${typeOf('worksheet')}"/></Types>`,
  '_rels/.rels': `${declaration}<Relationships xmlns="${ofPackage}/relationships"><Relationship Id="rId1" Type="${ofDocument}/officeDocument" Target="xl/workbook.xml"/></Relationships>`,
  'xl/workbook.xml': `${declaration}<workbook xmlns="${main}" xmlns:r="${ofDocument}"><sheets><sheet name="Answer" sheetId="1" r:id="rId1"/></sheets></workbook>`,
  'xl/_rels/workbook.xml.rels': `${declaration}<Relationships xmlns="${ofPackage}/relationships"><Relationship Id="rId1" Type="${ofDocument}/worksheet" Target="worksheets/sheet1.xml"/><Relationship Id="rId2" Type="${ofDocument}/styles" Target="styles.xml"/></Relationships>`,
  'xl/styles.xml': `${declaration}<styleSheet xmlns="${main}"><numFmts count="2"><numFmt numFmtId="164" formatCode="yyyy\\-mm\\-dd"/><numFmt numFmtId="165" formatCode="yyyy\\-mm\\-dd\\ hh:mm:ss"/></numFmts><fonts count="2"><font/><font><b/></font></fonts><fills count="2"><fill><patternFill patternType="none"/></fill><fill><patternFill patternType="gray125"/></fill></fills><borders count="1"><border/></borders><cellStyleXfs count="1"><xf/></cellStyleXfs><cellXfs count="4"><xf/><xf numFmtId="164" applyNumberFormat="1"/><xf numFmtId="165" applyNumberFormat="1"/><xf fontId="1" applyFont="1"/></cellXfs></styleSheet>`,
};
