import { readFileSync } from 'node:fs';

/**
 * What `assembly/` exports, where each function is told. Numbers named for something in memory are its address in bytes.
 */
interface KernelCalls {
  memory: WebAssembly.Memory;
  allocate(bytes: number): number;
  release(block: number): void;
  capacityOf(block: number): number;
  enlarge(block: number, used: number, needed: number): number;
  reset(): void;

  findMarks(text: number, length: number, delimiter: number, marks: number, lineEnds: number): number;
  cutRows(
    text: number,
    marks: number,
    lineEnds: number,
    line: number,
    lineCount: number,
    width: number,
    rows: number,
    most: number,
  ): number;
  readQuotedRow(
    source: number,
    length: number,
    from: number,
    delimiter: number,
    target: number,
    targetFrom: number,
    marks: number,
    marksFrom: number,
  ): number;
  quotedEnd: WebAssembly.Global;
  quotedMarks: WebAssembly.Global;
  quotedHasLineFeed: WebAssembly.Global;

  newPath(parent: number, name: number, length: number): number;
  setPath(path: number, place: number, form: number): void;
  pathFirstChild(path: number): number;
  pathNext(path: number): number;
  pathName(path: number): number;
  pathNameLength(path: number): number;
  pathKinds(path: number): number;
  pathOrder(path: number): number;
  readItems(
    text: number,
    length: number,
    from: number,
    begun: number,
    root: number,
    template: number,
    rowBytes: number,
    marks: number,
    most: number,
    escaped: number,
    uneven: number,
  ): number;
  endOfValue(text: number, length: number, from: number): number;
  itemsRead: WebAssembly.Global;
  itemsStopped: WebAssembly.Global;
  unevenCells: WebAssembly.Global;

  hasContent(...cells: Cells): number;

  newDictionary(): number;
  clearDictionary(dictionary: number): void;
  freeDictionary(dictionary: number): void;
  dictionaryCount(dictionary: number): number;
  dictionaryBytes(dictionary: number): number;
  dictionaryOffsets(dictionary: number): number;
  addToDictionary(dictionary: number, ...cellsAndEntries: [...Cells, entries: number]): number;
  settleEntries(entries: number, count: number, places: number, validity: number): number;
  countEntries(entries: number, count: number, counts: number): void;

  newTexts(): number;
  clearTexts(texts: number): void;
  textsBytes(texts: number): number;
  textsOffsets(texts: number): number;
  addTexts(texts: number, ...cellsAndValidity: [...Cells, validity: number, from: number]): number;
  addEntries(
    texts: number,
    dictionary: number,
    entries: number,
    count: number,
    validity: number,
    from: number,
  ): number;

  addIntegers(
    ...cellsAndValues: [
      ...Cells,
      kind: number,
      precision: number,
      scale: number,
      mark: number,
      wide: number,
      values: number,
      validity: number,
      from: number,
      left: number,
    ]
  ): number;
  readEntries(
    dictionary: number,
    from: number,
    kind: number,
    precision: number,
    scale: number,
    mark: number,
    wide: number,
    values: number,
    statuses: number,
  ): number;
  moveValues(values: number, wide: number, places: number, count: number): void;
  valuesRead: WebAssembly.Global;
  marksSeen: WebAssembly.Global;
  eitherSeen: WebAssembly.Global;

  encodePlaces(
    places: number,
    validity: number,
    from: number,
    to: number,
    bitWidth: number,
    scratch: number,
    out: number,
  ): number;
  plainTexts(offsets: number, bytes: number, validity: number, from: number, to: number, out: number): number;
  plainIntegers(
    values: number,
    stride: number,
    width: number,
    validity: number,
    from: number,
    to: number,
    out: number,
  ): number;
  plainBits(bits: number, validity: number, from: number, to: number, out: number): number;
  encodeAscending(values: number, count: number, out: number): number;
  extremeTexts(offsets: number, bytes: number, validity: number, count: number): void;
  extremeIntegers(values: number, stride: number, width: number, validity: number, count: number): void;
  extremeDoubles(values: number, validity: number, count: number): void;
  least: WebAssembly.Global;
  greatest: WebAssembly.Global;
}

/** The cells of some rows in one column. */
export type Cells = [text: number, marks: number, rows: number, count: number, place: number, form: number];

/** A kernel whose memory is larger is not kept for the next user. */
const mostBytesKept = 64 * 1024 * 1024;
const mostKept = 4;

let compiled: WebAssembly.Module | undefined;
const idle: Kernel[] = [];

/** A kernel of one's own, with nothing in its memory. */
export function takeKernel(): Kernel {
  return idle.pop() ?? new Kernel();
}

/**
 * The loops that every byte of a document goes through, in WebAssembly with a memory of their own. Any call that allocates may move that memory:
 * views are good until the next one.
 */
export class Kernel {
  readonly calls: KernelCalls;

  constructor() {
    compiled ??= new WebAssembly.Module(readFileSync(new URL('./kernel.wasm', import.meta.url)));
    this.calls = new WebAssembly.Instance(compiled).exports as unknown as KernelCalls;
  }

  /** A block with these bytes in it. */
  place(bytes: Uint8Array): number {
    const at = this.calls.allocate(bytes.length);
    this.bytes(at, bytes.length).set(bytes);
    return at;
  }

  /** A block of so many zeros. */
  zeros(bytes: number): number {
    const at = this.calls.allocate(bytes);
    this.bytes(at, bytes).fill(0);
    return at;
  }

  bytes(at: number, length: number): Uint8Array<ArrayBuffer> {
    return new Uint8Array(this.calls.memory.buffer, at, length);
  }

  int32(at: number, length: number): Int32Array<ArrayBuffer> {
    return new Int32Array(this.calls.memory.buffer, at, length);
  }

  int64(at: number, length: number): BigInt64Array<ArrayBuffer> {
    return new BigInt64Array(this.calls.memory.buffer, at, length);
  }

  text(from: number, to: number): string {
    return Buffer.from(this.calls.memory.buffer, from, to - from).toString();
  }

  /** Ends its use; views of its memory are void. */
  giveBack(): void {
    this.calls.reset();
    if (idle.length < mostKept && this.calls.memory.buffer.byteLength <= mostBytesKept) idle.push(this);
  }
}
