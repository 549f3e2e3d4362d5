import type { Kernel } from '../../../kernel/kernel.js';
import { evenJson, parseExactly } from '../../objects/exact-json.js';
import type { JsonFindings } from '../../objects/json-findings.js';
import { PathTree } from './path-tree.js';
import { maxRowsTogether, type Rows } from '../rows.js';
import type { Slab } from '../slab.js';
import { namesTwice, notColumnar } from '../../parse-hint.js';

/** Why the kernel stopped reading items, by its number. */
const stops = [
  'more',
  'malformed',
  'enough',
  'ended',
  'new names',
  'odd names',
  'too deep',
  'too many names',
] as const;

/** Cells read together at most, so that they stay in the processor's cache. */
const maxCellsTogether = 32_768;

/** Bytes of the two marks of a cell. */
const cellBytes = 8;

/**
 * Reads the items of one list as rows. The cell of a column is at twice its index, as each cell has
 * one mark before it and one behind it.
 */
export class JsonRows {
  readonly tree: PathTree;
  private cells = 0;
  private maxRows = 0;
  private marks: number;
  private first: number;
  private template: number;
  private escaped: number;
  private uneven: number;
  private numbers = new Float64Array(0);
  private readonly constants = new Map<number, { at: number; length: number }>();
  /** Address of the slab that the template was made for. */
  private templateFor = -1;
  /** Rows read so far. */
  count = 0;
  private bytesRead = 0;

  constructor(
    private readonly kernel: Kernel,
    private readonly findings: JsonFindings,
    /** Whether the items were written from XML, as even JSON. */
    private readonly isOfXml = false,
  ) {
    const { calls } = kernel;
    this.tree = new PathTree(kernel);
    this.marks = calls.allocate(cellBytes);
    this.first = calls.allocate(cellBytes);
    this.template = calls.allocate(cellBytes);
    this.escaped = calls.allocate(cellBytes);
    this.uneven = calls.allocate(cellBytes);
    this.widen(0);
  }

  /** Sets the number of cells in each row. */
  widen(cells: number): void {
    const { calls } = this.kernel;
    const maxRows = Math.max(1, Math.min(maxRowsTogether, Math.floor(maxCellsTogether / Math.max(cells, 1))));
    this.cells = cells;
    this.maxRows = maxRows;
    this.marks = calls.enlarge(this.marks, 0, maxRows * cells * cellBytes);
    this.first = calls.enlarge(this.first, 0, maxRows * 4);
    this.template = calls.enlarge(this.template, 0, cells * cellBytes);
    this.escaped = calls.enlarge(this.escaped, 0, cells * 4);
    this.uneven = calls.enlarge(this.uneven, 0, maxRows * cells * 4);
    this.kernel.int32(this.first, maxRows).forEach((_, row, first) => {
      first[row] = row * cells * 2;
    });
    this.numbers = new Float64Array(maxRows);
    this.templateFor = -1;
  }

  /** Sets a text that every row has in this column. */
  setConstant(index: number, text: string): void {
    const bytes = Buffer.from(text);
    this.constants.set(index, { at: this.kernel.copyIn(bytes), length: bytes.length });
    this.templateFor = -1;
  }

  /**
   * Reads up to `maxRows` items from `from` on. `begun` says that an item of the list was read
   * before. The rows are valid until the next call.
   * Errors: ReadAgain<ParseHint> for malformed text and for JSON that the kernel does not read.
   */
  read(slab: Slab, from: number, begun: boolean, maxRows = this.maxRows) {
    if (this.templateFor !== slab.at) this.makeTemplate(slab);
    const { calls } = this.kernel;
    const { marks, first, numbers } = this;
    const rowBytes = this.cells * cellBytes;
    const end = calls.readItems(
      slab.at,
      slab.length,
      from,
      Number(begun),
      this.tree.root,
      this.template,
      rowBytes,
      marks,
      Math.min(maxRows, this.maxRows),
      this.escaped,
      this.uneven,
      Number(this.isOfXml),
    );
    const count: number = calls.itemsRead.value;
    const stopped = stops[calls.itemsStopped.value as number];
    if (stopped === undefined || stopped === 'malformed') throw notColumnar('its JSON is not well-formed');
    if (stopped === 'odd names')
      throw notColumnar('names in its JSON are empty, escaped, numbers or stand twice');
    if (stopped === 'too many names') throw notColumnar('its rows have too many members');
    if (stopped === 'too deep') throw notColumnar('its values are nested too deep');
    this.findings.loneSurrogates += calls.loneSurrogates.value;
    this.makeEven(slab, calls.unevenCells.value);
    for (let row = 0; row < count; row += 1) numbers[row] = this.count + row + 1;
    this.count += count;
    this.bytesRead += end - from;
    const rows: Rows = { slab, marks, first, count, numbers, rejects: [] };
    return { end, stopped, rows };
  }

  /** Bytes read since the last call. */
  takeBytesRead(): number {
    const { bytesRead } = this;
    this.bytesRead = 0;
    return bytesRead;
  }

  private makeTemplate(slab: Slab): void {
    const template = this.kernel.int32(this.template, this.cells * 2).fill(-1);
    for (const [index, { at, length }] of this.constants) {
      template[index * 2] = at - slab.at - 1;
      template[index * 2 + 1] = at - slab.at + length;
    }
    this.templateFor = slab.at;
  }

  /**
   * Rewrites JSON in cells as the reference parser does: without white space and needless escapes.
   * The result is never longer.
   * Errors: ReadAgain<ParseHint> for an object with a name twice.
   */
  private makeEven(slab: Slab, count: number): void {
    for (const mark of this.kernel.int32(this.uneven, count)) {
      const marks = this.kernel.int32(mark, 2);
      const [before = 0, end = 0] = marks;
      const text = slab.text(before + 1, end);
      // The same text again has no name twice, and no white space.
      if (!surrogateEscape.test(text) && JSON.stringify(JSON.parse(text)) === text) continue;
      parseExactly(text, this.findings);
      if (this.findings.hasNamesTwice()) throw namesTwice();
      const bytes = Buffer.from(evenJson(text));
      slab.bytes().set(bytes, before + 1);
      marks[1] = before + 1 + bytes.length;
    }
  }
}

const surrogateEscape = /\\u[dD][89a-fA-F]/;
