import { SaxesParser } from 'saxes';
import type { DocumentLimits } from '../../config/documents-spec.js';
import { exceeded } from '../limits.js';

/** The largest sheet that the format allows. */
const formatRows = 1_048_576;
const formatColumns = 16_384;

/** Characters parsed at once. */
const pieceCharacters = 1024 * 1024;

/**
 * Refuses the XML of a sheet whose cells span a rectangle that is too large, before its reader
 * makes a place for each cell of it. What the sheet says about its own dimension may be wrong, so
 * that the references of rows and cells count. XML of other kinds has none of them.
 * Errors: LimitExceeded; an error for XML that is not well-formed, of which two parsers may think
 * differently.
 */
export function checkSheetExtent(xml: Buffer, limits: DocumentLimits): void {
  const parser = new SaxesParser({ xmlns: false });
  const extent = new Extent(limits);
  parser.on('error', (error) => {
    throw error;
  });
  parser.on('doctype', () => {
    throw new Error('it has a document type');
  });
  parser.on('opentag', ({ name, attributes }) => {
    const reference = attributes.r ?? valueOfLocal(attributes, 'r');
    const local = localName(name);
    if (local === 'row') extent.beginRow(reference);
    else if (local === 'c') extent.beginCell(reference);
    else extent.content();
  });
  parser.on('closetag', ({ name }) => {
    if (localName(name) === 'c') extent.endCell();
  });
  const decoder = new TextDecoder();
  for (let at = 0; at < xml.length; at += pieceCharacters) {
    parser.write(decoder.decode(xml.subarray(at, at + pieceCharacters), { stream: true }));
  }
  parser.close();
}

/** The rectangle around the cells with content so far. */
class Extent {
  private row = 0;
  private column = 0;
  private isInCell = false;
  private rows = 0;
  private columns = 0;

  constructor(private readonly limits: DocumentLimits) {}

  beginRow(reference: string | undefined): void {
    this.row = reference === undefined ? this.row + 1 : wholeNumber(reference);
    this.column = 0;
    this.refuseOutsideFormat();
  }

  beginCell(reference: string | undefined): void {
    if (reference === undefined) this.column += 1;
    else ({ row: this.row, column: this.column } = positionOf(reference));
    this.isInCell = true;
    this.refuseOutsideFormat();
  }

  /** A cell with only a format takes no place. */
  content(): void {
    if (!this.isInCell) return;
    this.rows = Math.max(this.rows, this.row);
    this.columns = Math.max(this.columns, this.column);
    const cells = this.rows * this.columns;
    if (cells <= this.limits.maxSheetCells) return;
    const found = `a sheet of ${this.rows} rows and ${this.columns} columns, which is ${cells} cells`;
    throw exceeded('WORKBOOK_TOO_LARGE', 'maxSheetCells', this.limits, found);
  }

  endCell(): void {
    this.isInCell = false;
  }

  private refuseOutsideFormat(): void {
    if (this.row <= formatRows && this.column <= formatColumns) return;
    throw new Error(`it has a cell in row ${this.row} and column ${this.column}`);
  }
}

/** `B3` is column 2 of row 3. */
function positionOf(reference: string): { row: number; column: number } {
  const [, letters, row] = /^([A-Z]{1,7})(\d+)$/.exec(reference) ?? [];
  if (letters === undefined || row === undefined) throw new Error(`a cell is named ${reference}`);
  const column = [...letters].reduce((sum, letter) => sum * 26 + letter.charCodeAt(0) - 64, 0);
  return { row: wholeNumber(row), column };
}

function wholeNumber(text: string): number {
  if (!/^\d+$/.test(text)) throw new Error(`a row is named ${text}`);
  return Number(text);
}

function valueOfLocal(attributes: Record<string, string>, local: string): string | undefined {
  return Object.entries(attributes).find(([name]) => localName(name) === local)?.[1];
}

function localName(name: string): string {
  return name.slice(name.indexOf(':') + 1);
}
