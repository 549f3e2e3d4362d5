import type { ScalarType } from '../../schema/types.js';
import type { Value } from '../types.js';

/** An item of a list of single values, as the document writes it. */
export interface ListItem {
  text: string;
  /** `none` is null. */
  kind: 'text' | 'number' | 'bool' | 'none';
}

/** The items of a list in JSON text. Undefined if it is no list, or contains lists or objects. */
export function listItems(text: string): ListItem[] | undefined {
  const list = parsed(text);
  if (!Array.isArray(list) || list.some((item) => typeof item === 'object' && item !== null))
    return undefined;
  // As written: JSON.parse keeps only the digits that fit in a double.
  const written = text.match(/"(?:[^"\\]|\\.)*"|[^\s,[\]]+/g) ?? [];
  return list.map((item: unknown, index) => {
    if (item === null) return { text: '', kind: 'none' };
    if (typeof item === 'string') return { text: item, kind: 'text' };
    return { text: written[index] ?? '', kind: typeof item === 'number' ? 'number' : 'bool' };
  });
}

/**
 * A list of values as the JSON text in the files, from which warehouses cast it. Decimals and times
 * are texts there, to be exact.
 */
export function listText(values: (Value | null)[], type: ScalarType): string {
  return `[${values.map((value) => (value === null ? 'null' : itemText(value, type))).join(',')}]`;
}

function itemText(value: Value, { kind }: ScalarType): string {
  if (kind === 'date') return JSON.stringify(dayText(Number(value)));
  if (kind !== 'timestamp') return typeof value === 'bigint' ? String(value) : JSON.stringify(value);
  const micros = BigInt(value);
  const second = BigInt.asIntN(64, micros - (((micros % 1_000_000n) + 1_000_000n) % 1_000_000n));
  const clock = new Date(Number(second / 1000n)).toISOString().slice(0, 19);
  return JSON.stringify(`${clock}.${String(micros - second).padStart(6, '0')}`);
}

function dayText(days: number): string {
  return new Date(days * 86_400_000).toISOString().slice(0, 10);
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
