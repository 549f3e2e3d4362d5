import type { ResolvedColumn } from '../../schema/types.js';
import type { Reject } from '../types.js';
import { expectedReason, textReader, type Value, type ValueRules } from './values.js';

/** Reads a cell that is not empty: its value, or null with a reject where it is not of the column's type. */
export function cellReader({ name, type }: ResolvedColumn, rules: ValueRules) {
  if (type.kind === 'string') return (text: string) => text;
  const read = textReader(type, rules);
  const reason = expectedReason(type);
  return (text: string, row: number, rejects: Reject[]): Value | null => {
    const value = read(text);
    if (value !== undefined) return value;
    rejects.push({ row, column: name, raw: text, reason });
    return null;
  };
}
