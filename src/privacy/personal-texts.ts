import { type Data, DataType } from 'apache-arrow';

/** What the texts of a column show. */
export interface PersonalTexts {
  emails: number;
  phones: number;
}

/** Found values after which a column is not examined any further. */
const enoughValues = 1000;

/** Distinct texts of a column that are compared with telephone numbers. */
const phoneSample = 200;

/**
 * An e-mail address, also a relay address of a marketplace. Names of image files such as
 * `logo@2x.png` look alike.
 */
const email =
  /[\p{L}\p{N}._%+-]+@(?:[\p{L}\p{N}-]+\.)+(?!(?:png|jpe?g|gif|webp|svg)(?![\p{L}\p{N}]))\p{L}{2,}/iu;

/**
 * Telephone numbers as a whole text: with the prefix of a country, or grouped as in the United
 * States, or grouped with a leading zero as in Europe and Japan; an extension may follow.
 */
const phones = [
  /^(?:\+[1-9]|00[1-9]\d{0,2}[ \-/])[\d\s().\-/]{6,20}\d(?:\s*(?:ext|x)\.?\s*\d{1,6})?$/i,
  /^(?:\(\d{3}\)\s?|\d{3}[-. ])\d{3}[-. ]\d{4}(?:\s*(?:ext|x)\.?\s*\d{1,6})?$/i,
  /^\(?0\d{1,4}\)?[ \-/]\d{3,8}(?:[ \-/]?\d{2,8})*$/,
];

/** Examines the texts of one column, batch by batch. */
export class PersonalTextFinder {
  readonly found: PersonalTexts = { emails: 0, phones: 0 };
  private sampled = 0;
  private likePhones = 0;

  /** Whether the texts so far are personal data. */
  isPersonal(): boolean {
    return this.found.emails > 0 || this.found.phones > 0;
  }

  /** Examines an array of texts, or of a dictionary of texts. */
  add(data: Data): void {
    if (DataType.isNull(data.type)) return;
    const texts = DataType.isDictionary(data.type) ? (data.dictionary?.data[0] as Data) : data;
    if (!DataType.isUtf8(texts.type)) return;
    const view = new TextView(texts);
    const matches = this.found.emails < enoughValues ? view.emails(enoughValues) : new Set<number>();
    if (matches.size > 0) this.found.emails += cellsOf(data, matches);
    this.samplePhones(view);
  }

  private samplePhones(view: TextView): void {
    for (let index = 0; index < view.length && this.sampled < phoneSample; index += 1) {
      const text = view.text(index).trim();
      if (text === '') continue;
      this.sampled += 1;
      if (isPhone(text)) this.likePhones += 1;
    }
    if (this.likePhones * 2 > this.sampled) this.found.phones = this.likePhones;
  }
}

function isPhone(text: string): boolean {
  const digits = text.replace(/\D/g, '').length;
  return digits >= 8 && digits <= 21 && phones.some((pattern) => pattern.test(text));
}

/** How many cells have one of the texts at these indexes. */
function cellsOf(data: Data, matches: Set<number>): number {
  if (!DataType.isDictionary(data.type)) return matches.size;
  const { values, nullBitmap, nullCount, length } = data;
  let cells = 0;
  for (let row = 0; row < length; row += 1) {
    const isNull = nullCount > 0 && ((nullBitmap[row >> 3] ?? 0) & (1 << (row & 7))) === 0;
    if (!isNull && matches.has(values[row] as number)) cells += 1;
  }
  return cells;
}

/** The texts of an array, of which only those that may match are decoded. */
class TextView {
  readonly length: number;
  private readonly offsets: Int32Array;
  private readonly bytes: Buffer;

  constructor({ length, valueOffsets, values }: Data) {
    this.length = length;
    this.offsets = valueOffsets;
    this.bytes = Buffer.from(values.buffer, values.byteOffset, values.byteLength);
  }

  text(index: number): string {
    return this.bytes.toString('utf8', this.offsets[index], this.offsets[index + 1]);
  }

  /** The indexes of texts with an e-mail address, at most `max`. */
  emails(max: number): Set<number> {
    const found = new Set<number>();
    const end = this.offsets[this.length] ?? 0;
    const at = 0x40;
    let position = this.bytes.indexOf(at, this.offsets[0] ?? 0);
    while (position >= 0 && position < end && found.size < max) {
      const index = this.indexAt(position);
      if (email.test(this.text(index))) found.add(index);
      position = this.bytes.indexOf(at, this.offsets[index + 1]);
    }
    return found;
  }

  /** The text that has the byte at a position. */
  private indexAt(position: number): number {
    let [low, high] = [0, this.length - 1];
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if ((this.offsets[middle] as number) <= position) low = middle;
      else high = middle - 1;
    }
    return low;
  }
}
