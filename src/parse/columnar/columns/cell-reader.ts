import type { ResolvedColumn } from '../../../schema/types.js';
import { withoutOuterQuotes } from '../../delimited/dialect.js';
import { type Clue, clueOf, type ColumnEvidence } from '../../values/evidence.js';
import type { Reject, Value } from '../../types.js';
import { expectedReason, textReader, type ValueRules } from '../../values/values.js';
import { type CellForm, cellText, type Rows } from '../rows.js';

/** What a non-empty text means in a column. */
export interface CellValue {
  /** Undefined if the text stands for no value, or is rejected. */
  value: Value | undefined;
  rejected: boolean;
  clue: Clue | undefined;
}

export interface CellReaderOptions {
  column: ResolvedColumn;
  /** Index of its cell in each row, from the left. */
  cellIndex: number;
  form: CellForm;
  /** Those of the column. */
  rules: ValueRules;
  evidence: ColumnEvidence;
}

/** Reads the cells of one column as text: exact but slow, for what the kernel does not read. */
export class CellReader {
  private readonly readText;

  constructor(private readonly options: CellReaderOptions) {
    this.readText = textReader(options.column.type, options.rules);
  }

  read(text: string): CellValue {
    const clue = clueOf(this.options.column.type, text);
    const value = this.readText(text);
    return { value: value ?? undefined, rejected: value === undefined, clue };
  }

  /**
   * Reads one cell. Undefined if it has no value, or if its text is not of the type and goes to
   * `rejects`.
   */
  readCell(rows: Rows, row: number, rejects: Reject[]): Value | undefined {
    const { cellIndex, form, evidence } = this.options;
    const cell = cellText(rows, row, cellIndex);
    const text = form === 'outer quotes' ? withoutOuterQuotes(cell) : cell;
    if (text === '') return undefined;
    const { value, rejected, clue } = this.read(text);
    evidence.add(clue);
    if (rejected) this.reject(text, rows.numbers[row] as number, rejects);
    return value;
  }

  reject(raw: string, row: number, rejects: Reject[]): void {
    const { name, type } = this.options.column;
    rejects.push({ row, column: name, raw, reason: expectedReason(type) });
  }
}
