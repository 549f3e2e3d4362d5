import type { ResolvedColumn } from '../schema/types.js';
import type { Reject } from './types.js';
import { expectedReason, isNullText, readerOf, type Value, type ValueRules } from './values.js';

/** Reads a cell that is not empty: its value, or null with a reject where it is not of the column's type. */
export function cellReader({ name, type }: ResolvedColumn, rules: ValueRules) {
  if (type.kind === 'string') return (text: string) => text;
  const read = readerOf(type);
  const reason = expectedReason(type);
  return (text: string, row: number, rejects: Reject[]): Value | null => {
    if (isNullText(text)) return null;
    const value = read(text, rules);
    if (value !== undefined) return value;
    rejects.push({ row, column: name, raw: text, reason });
    return null;
  };
}
