import { cellLength, cellStart, type Rows } from './rows.js';
import { TextDictionary } from './text-dictionary.js';

/** With fewer values it is not tried whether they repeat. */
const valuesBeforeChoice = 4096;

/** The cells of a column as distinct texts, and which of them each row has. */
export class DistinctTexts {
  readonly dictionary = new TextDictionary();
  /** Entry of each row, -1 where the cell is empty. */
  indices = new Int32Array(256);
  length = 0;
  private empty = 0;

  /** Adds the cells of a column, `place` from the left; `outerQuotes`: one pair of quotes around a cell is taken off. */
  add({ slab, marks, first, count }: Rows, place: number, outerQuotes: boolean): void {
    this.reserve(this.length + count);
    const { bytes, view } = slab;
    const { dictionary, indices } = this;
    let at = this.length;
    let last = -1;
    for (let row = 0; row < count; row += 1, at += 1) {
      const mark = (first[row] as number) + place;
      const length = cellLength(bytes, marks, mark, outerQuotes);
      if (length <= 0) {
        indices[at] = -1;
        this.empty += 1;
        continue;
      }
      const start = cellStart(bytes, marks, mark, outerQuotes);
      // Rows that follow each other often say the same.
      if (last < 0 || !dictionary.equals(last, view, start, length)) {
        last = dictionary.number(view, start, length);
      }
      indices[at] = last;
    }
    this.length = at;
  }

  /** Forgets all cells, and keeps the memory. */
  clear(): void {
    this.dictionary.clear();
    this.length = 0;
    this.empty = 0;
  }

  /** Whether more than half of the texts are distinct, so that numbering them is no gain. */
  hardlyRepeat(): boolean {
    const filled = this.length - this.empty;
    return filled >= valuesBeforeChoice && this.dictionary.count * 2 > filled;
  }

  /** How many rows have each entry. */
  counts(): Int32Array {
    const counts = new Int32Array(this.dictionary.count);
    for (let at = 0; at < this.length; at += 1) {
      const entry = this.indices[at] as number;
      if (entry >= 0) counts[entry] = (counts[entry] as number) + 1;
    }
    return counts;
  }

  private reserve(length: number): void {
    if (length <= this.indices.length) return;
    const larger = new Int32Array(Math.max(this.indices.length * 2, length));
    larger.set(this.indices);
    this.indices = larger;
  }
}
