import { type Data, Dictionary, Int32, makeData, makeVector, Utf8 } from 'apache-arrow';
import type { Cells, Kernel } from '../../../kernel/kernel.js';

/** With fewer values it is too early to tell whether they repeat. */
const minValuesBeforeChoice = 4096;

const indexType = new Int32();

/**
 * Dictionary-encodes the cells of a column, in the kernel's memory: its distinct texts, and for
 * each row the entry of its text.
 */
export class DictionaryBuilder {
  readonly dictionary: number;
  /** Entry of each row; -1 if its cell is empty. */
  entries: number;
  length = 0;
  private readonly calls;
  private validity: number;
  private empty = 0;
  private nullCount = 0;

  constructor(private readonly kernel: Kernel) {
    this.calls = kernel.calls;
    this.dictionary = this.calls.newDictionary();
    this.entries = this.calls.allocate(1000);
    this.validity = this.calls.allocate(100);
  }

  get count(): number {
    return this.calls.dictionaryCount(this.dictionary);
  }

  add(cells: Cells): void {
    const [, , , count] = cells;
    this.entries = this.calls.enlarge(this.entries, this.length * 4, (this.length + count) * 4);
    this.empty += this.calls.addToDictionary(this.dictionary, ...cells, this.entries + this.length * 4);
    this.length += count;
  }

  text(entry: number): string {
    const { dictionaryOffsets, dictionaryBytes } = this.calls;
    const [start = 0, end = 0] = this.kernel.int32(dictionaryOffsets(this.dictionary) + entry * 4, 2);
    const bytes = dictionaryBytes(this.dictionary);
    return this.kernel.text(bytes + start, bytes + end);
  }

  entriesFrom(row: number): Int32Array {
    return this.kernel.int32(this.entries + row * 4, this.length - row);
  }

  /** Forgets all cells and keeps the memory. */
  clear(): void {
    this.calls.clearDictionary(this.dictionary);
    this.length = 0;
    this.empty = 0;
  }

  free(): void {
    this.calls.freeDictionary(this.dictionary);
    this.calls.release(this.entries);
    this.calls.release(this.validity);
  }

  /** Whether more than half of the texts are distinct, so that a dictionary gains nothing. */
  hardlyRepeat(): boolean {
    const filled = this.length - this.empty;
    return filled >= minValuesBeforeChoice && this.count * 2 > filled;
  }

  /** The number of rows per entry. */
  counts(): Int32Array {
    const counts = this.kernel.zeros(this.count * 4);
    this.calls.countEntries(this.entries, this.length, counts);
    const result = this.kernel.int32(counts, this.count).slice();
    this.calls.release(counts);
    return result;
  }

  /**
   * Turns the entries of the rows into the indices of an Arrow array: no cell may be added until
   * `clear`. `indices` has, per entry, the index of its value in the array's dictionary, or -1 if
   * it has no value. Without `indices`, the texts themselves are the dictionary.
   */
  finish(indices?: Int32Array): void {
    const { calls, kernel, length } = this;
    const bytes = (length + 7) >> 3;
    this.validity = calls.enlarge(this.validity, 0, bytes);
    kernel.bytes(this.validity, bytes).fill(0);
    const at = indices ? kernel.copyIn(new Uint8Array(indices.buffer)) : 0;
    this.nullCount = calls.settleEntries(this.entries, length, at, this.validity);
    if (indices) calls.release(at);
  }

  /** The finished rows as an Arrow array with this dictionary, valid until the kernel allocates. */
  data(dictionary: Data): Data {
    const { kernel, validity, length, nullCount } = this;
    return makeData({
      type: new Dictionary(dictionary.type, indexType),
      length,
      nullCount,
      nullBitmap: kernel.bytes(validity, (length + 7) >> 3),
      data: kernel.int32(this.entries, length),
      dictionary: makeVector(dictionary),
    });
  }

  /**
   * The distinct texts as an Arrow array, in the order of their entries. Valid until the kernel
   * allocates.
   */
  texts(): Data {
    const { count } = this;
    const valueOffsets = this.kernel.int32(this.calls.dictionaryOffsets(this.dictionary), count + 1);
    const data = this.kernel.bytes(
      this.calls.dictionaryBytes(this.dictionary),
      valueOffsets[count] as number,
    );
    return makeData({ type: new Utf8(), length: count, nullCount: 0, valueOffsets, data });
  }
}
