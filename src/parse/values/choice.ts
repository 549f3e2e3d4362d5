import type { Clue, Evidence } from './evidence.js';

/** A question about a document that its values may answer: which order, which decimal mark. */
export interface Question<Option extends string> {
  /** All answers, the preferred one first. */
  options: readonly Option[];
  /** The answers that a clue allows, those with the same value in one group. */
  readingsOf(clue: Clue): Option[][] | undefined;
}

/** What a finding leaves of the possible answers, and why. */
export interface Finding<Option> {
  keeps: Option[];
  reason: string;
}

/** Columns that are decided together. */
export interface Scope<Option> {
  columns: string[];
  /** The answers that all values of the columns allow; none if they exclude each other. */
  possible: Option[];
  /** The values by what they allow. */
  counts: { column: string; clue: Clue; readings: Option[][]; times: number }[];
}

/**
 * A document is decided as a whole, as long as one answer fits all of its values. Otherwise each
 * column is decided by itself. Returns nothing if no value is concerned.
 */
export function scopesOf<Option extends string>(
  evidence: Evidence,
  question: Question<Option>,
): Scope<Option>[] {
  const columns = evidence.entries().flatMap(([column, clues]) => {
    const counts = [...clues].flatMap(([clue, times]) => {
      const readings = question.readingsOf(clue);
      return readings ? [{ column, clue, readings, times }] : [];
    });
    return counts.length > 0 ? [scope([column], counts, question)] : [];
  });
  if (columns.length === 0) return [];
  const whole = scope(
    columns.flatMap((column) => column.columns),
    columns.flatMap(({ counts }) => counts),
    question,
  );
  return whole.possible.length > 0 ? [whole] : columns;
}

function scope<Option extends string>(
  columns: string[],
  counts: Scope<Option>['counts'],
  { options }: Question<Option>,
): Scope<Option> {
  const possible = options.filter((option) =>
    counts.every(({ readings }) => readings.flat().includes(option)),
  );
  return { columns, possible, counts };
}

/** Whether a value has different readings among these answers. */
export function differs<Option>(readings: Option[][], possible: readonly Option[]): boolean {
  return readings.filter((group) => group.some((option) => possible.includes(option))).length > 1;
}

/** How many values have different readings among these answers. */
export function differing<Option>({ counts }: Scope<Option>, possible: readonly Option[]): number {
  return sum(counts.filter(({ readings }) => differs(readings, possible)));
}

/** How many values allow this answer and no other. */
export function fittingOnly<Option>({ counts }: Scope<Option>, option: Option): number {
  return sum(counts.filter(({ readings }) => readings.flat().every((each) => each === option)));
}

/** The answer that fits most values; undefined if several do. */
export function majority<Option extends string>(
  { counts }: Scope<Option>,
  options: readonly Option[],
): Option | undefined {
  const fitting = options
    .map((option) => ({
      option,
      times: sum(counts.filter(({ readings }) => readings.flat().includes(option))),
    }))
    .sort((a, b) => b.times - a.times);
  const [first, second] = fitting;
  return first && first.times !== second?.times ? first.option : undefined;
}

export function total<Option>({ counts }: Scope<Option>): number {
  return sum(counts);
}

function sum(counts: { times: number }[]): number {
  return counts.reduce((all, { times }) => all + times, 0);
}
