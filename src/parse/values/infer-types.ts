import type { ColumnType } from '../../schema/types.js';
import { type DateOrder, readTime } from './dates.js';
import { type Clue, clueOf } from './evidence.js';
import { type DecimalMark, readNumber } from './numbers.js';
import { isNullText } from './values.js';

/** Headers of ids, whatever their values look like. */
const idHeader =
  /(^|[\W_])(id|ids|sku|asin|fnsku|msku|isbn|upc|ean|gtin|zip|zipcode|postal|phone|tel|fax|code|number|nr|no|reference|ref|vat|barcode|tracking)$|(Id|ID|Sku|SKU|Code|Number)$/;

/** The same in other languages. */
const foreignIdHeader =
  /nummer|num[eé]ro|número|numer\b|numara|番号|nº|t[eé]l[eé]fon|téléphone|telefoon|電話|code|codice|c[oó]digo|postleitzahl/iu;

/** A leading zero belongs to an id, a plus sign to a telephone number. */
const plainNumber = /^-?(?:0|[1-9][\d.,]*|0?[.,]\d+|0[.,]\d+)$/;

const maxIntegerDigits = 18;

const boolWords = new Set(['true', 'false']);

/**
 * The narrowest type for all values of a column, whatever the decimal mark and the order of day and
 * month.
 */
export function inferType(header: string, values: string[]): ColumnType {
  const inference = new TypeInference(header);
  for (const value of values) inference.add(value);
  const mark = inference.marks[','] > inference.marks['.'] ? ',' : '.';
  const type = inference.type(mark, 'mdy');
  return type.kind === 'string' ? inference.type(mark, 'dmy') : type;
}

function isIdHeader(header: string): boolean {
  return idHeader.test(header) || foreignIdHeader.test(header);
}

/** Infers the type of one column without a schema, cell by cell. */
export class TypeInference {
  private values = 0;
  private bool = true;
  private number: Record<DecimalMark, boolean> = { '.': true, ',': true };
  private fraction: Record<DecimalMark, number> = { '.': 0, ',': 0 };
  private whole: Record<DecimalMark, number> = { '.': 0, ',': 0 };
  private time = { mdy: true, dmy: true };
  private hasClock = false;
  private longText = false;
  /** Cells that show the decimal mark, in case this is a column of numbers. */
  readonly marks: Record<DecimalMark, number> = { '.': 0, ',': 0 };
  private readonly numberClues = new Map<Clue, number>();
  private readonly timeClues = new Map<Clue, number>();

  /** `maxDigits`: longer whole numbers are ids, and so text. */
  constructor(
    private readonly header: string,
    private readonly maxDigits = maxIntegerDigits,
  ) {}

  /** Adds a text that occurs in this many cells. */
  add(text: string, times = 1): void {
    if (isNullText(text)) return;
    this.values += 1;
    if (this.longText) return;
    const value = text.trim();
    this.bool &&= boolWords.has(value.toLowerCase());
    for (const mark of ['.', ','] as const) {
      if (!this.number[mark]) continue;
      const number = plainNumber.test(value) ? readNumber(value, mark) : undefined;
      this.number[mark] = number !== undefined;
      if (number === undefined) continue;
      const [whole = '', fraction = ''] = number.replace('-', '').split('.');
      this.whole[mark] = Math.max(this.whole[mark], whole.length);
      this.fraction[mark] = Math.max(this.fraction[mark], fraction.length);
    }
    const numberClue = this.isNumeric() ? clueOf({ kind: 'float64' }, value) : undefined;
    if (numberClue) count(this.numberClues, numberClue, times);
    if (numberClue === 'mark .') this.marks['.'] += times;
    if (numberClue === 'mark ,') this.marks[','] += times;
    for (const order of ['mdy', 'dmy'] as const) {
      if (!this.time[order]) continue;
      const time = readTime(value, order, { strict: true });
      this.time[order] = time !== undefined;
      this.hasClock ||= time?.hasTime ?? false;
    }
    const timeClue = this.isTime() ? clueOf({ kind: 'date' }, value) : undefined;
    if (timeClue) count(this.timeClues, timeClue, times);
    this.longText = !this.bool && !this.isNumeric() && !this.time.mdy && !this.time.dmy;
  }

  /** Whether all values are numbers, with one mark or the other. */
  isNumeric(): boolean {
    return this.values > 0 && (this.number['.'] || this.number[',']);
  }

  /** Whether all values are dates or times, in one order or the other. */
  isTime(): boolean {
    return this.values > 0 && (this.time.mdy || this.time.dmy);
  }

  /**
   * What the values are read as, if their type depends on the rules of the document: numbers or
   * times. Undefined for text, and for ids, which stay text.
   */
  evident(): { type: ColumnType; clues: ReadonlyMap<Clue, number> } | undefined {
    if (this.isId()) return undefined;
    if (this.isNumeric()) return { type: { kind: 'float64' }, clues: this.numberClues };
    return this.isTime() ? { type: { kind: 'timestamp' }, clues: this.timeClues } : undefined;
  }

  /** Whether the values are text, whatever follows. */
  isText(): boolean {
    return this.longText;
  }

  /** The narrowest type for all values, by the rules decided for the document. */
  type(mark: DecimalMark, order: DateOrder): ColumnType {
    if (this.values === 0 || this.isId()) return { kind: 'string' };
    if (this.bool) return { kind: 'bool' };
    if (this.number[mark]) return this.numberType(mark);
    if (this.isTimeIn(order)) return { kind: this.hasClock ? 'timestamp' : 'date' };
    return { kind: 'string' };
  }

  /** Two-digit years are not inferred: nothing here is written year first and needs it. */
  private isTimeIn(order: DateOrder): boolean {
    return order === 'ymd' ? this.isTime() && this.timeClues.size === 0 : this.time[order];
  }

  private isId(): boolean {
    return isIdHeader(this.header.trim());
  }

  private numberType(mark: DecimalMark): ColumnType {
    // Room for the digits of later documents, so that the table need not be widened each time.
    const usualScale = 4;
    const scale = Math.max(usualScale, this.fraction[mark]);
    if (this.fraction[mark] === 0 && this.marks[mark] === 0) {
      return this.whole[mark] <= this.maxDigits ? { kind: 'int64' } : { kind: 'string' };
    }
    if (this.whole[mark] + scale <= maxIntegerDigits)
      return { kind: 'decimal', precision: maxIntegerDigits, scale };
    const maxDigits = 38;
    return this.whole[mark] + scale <= maxDigits
      ? { kind: 'decimal', precision: maxDigits, scale }
      : { kind: 'string' };
  }
}

function count(counts: Map<Clue, number>, clue: Clue, times: number): void {
  counts.set(clue, (counts.get(clue) ?? 0) + times);
}
