import { columnTypeText } from '../../schema/column-type.js';
import type { ColumnType, ResolvedColumn, ScalarType } from '../../schema/types.js';
import type { Reject, Value } from '../types.js';
import { type DateOrder, readTime } from './dates.js';
import { listItems, listText } from './lists.js';
import { type DecimalMark, fitsDecimal, readNumber } from './numbers.js';

/** What was decided for the document, by which its values are read. */
export interface ValueRules {
  decimalMark: DecimalMark;
  dateOrder: DateOrder;
}

/**
 * Texts that mean "no value", except in a string column. An empty cell has no value in any column.
 */
const nullTexts = new Set([
  ...['', 'N/A', 'NA', 'N.A.', '#N/A', 'NULL', 'NONE', 'NAN'],
  ...['-', '--', '---', '–', '—'],
]);

export function isNullText(text: string): boolean {
  return nullTexts.has(text.trim().toUpperCase());
}

/**
 * English, German, Dutch, Swedish, French, Spanish, Italian, Portuguese, Polish, Turkish, Japanese,
 * and 1 and 0.
 */
const boolTexts = new Map<string, boolean>([
  ...['TRUE', 'YES', 'Y', 'T', '1', 'JA', 'OUI', 'SÍ', 'SÌ', 'SI', 'SIM', 'TAK', 'EVET', 'はい'].map(
    (text) => [text, true] as const,
  ),
  ...['FALSE', 'NO', 'N', 'F', '0', 'NEIN', 'NEE', 'NEJ', 'NON', 'NÃO', 'NIE', 'HAYIR', 'いいえ'].map(
    (text) => [text, false] as const,
  ),
]);

/** Microseconds of the years 1 to 9999, which every warehouse accepts. */
const minMicros = -62_135_596_800_000_000n;
const maxMicros = 253_402_300_799_999_999n;

const maxInt64 = 2n ** 63n - 1n;

/** Why a value is rejected. */
export function expectedReason(type: ColumnType): string {
  return `expected ${columnTypeText(type)}`;
}

type Reader = (text: string, rules: ValueRules) => Value | undefined;

/**
 * The reader of a column type. It returns the value, or undefined if the text is not of the type.
 * It is not called for texts that mean "no value". The rules, with examples:
 * `schema/value-rules.ts`.
 */
export function readerOf(type: ColumnType): Reader {
  switch (type.kind) {
    case 'string':
      return (text) => text;
    case 'int64':
      return (text, { decimalMark }) => {
        const number = readNumber(text, decimalMark);
        if (number === undefined || number.includes('.')) return undefined;
        const value = BigInt(number);
        return value >= -maxInt64 - 1n && value <= maxInt64 ? value : undefined;
      };
    case 'decimal': {
      const { precision, scale } = type;
      return (text, { decimalMark }) => {
        const number = readNumber(text, decimalMark);
        return number !== undefined && fitsDecimal(number, precision, scale) ? number : undefined;
      };
    }
    case 'float64':
      return (text, { decimalMark }) => {
        const number = readNumber(text, decimalMark);
        return number !== undefined && Number.isFinite(Number(number)) ? Number(number) : undefined;
      };
    case 'bool':
      return (text) => boolTexts.get(text.trim().toUpperCase());
    case 'date':
      return (text, { dateOrder }) => readTime(text, dateOrder)?.days;
    case 'timestamp':
      return (text, { dateOrder }) => {
        const micros = readTime(text, dateOrder)?.micros;
        return micros !== undefined && micros >= minMicros && micros <= maxMicros ? micros : undefined;
      };
    case 'list':
      return (text, rules) => readList(text, type.item, rules);
    case 'json':
      return (text) => {
        try {
          JSON.parse(text);
          return text;
        } catch {
          return undefined;
        }
      };
  }
}

/**
 * A list as its JSON text. Undefined if the text is no list, or an item is not of the type. Numbers
 * in JSON have a decimal point in any document.
 */
function readList(text: string, type: ScalarType, rules: ValueRules): string | undefined {
  const items = listItems(text);
  if (!items) return undefined;
  const read = type.kind === 'string' ? (written: string) => written : textReader(type, rules);
  const readNumberOf = type.kind === 'string' ? read : textReader(type, { ...rules, decimalMark: '.' });
  const values: (Value | null)[] = [];
  for (const { kind, text: written } of items) {
    const value = kind === 'none' ? null : kind === 'number' ? readNumberOf(written) : read(written);
    if (value === undefined) return undefined;
    values.push(value);
  }
  return listText(values, type);
}

/**
 * Reads a non-empty text in a column of the type: its value, null if it means "no value", undefined
 * if it is not of the type.
 */
export function textReader(type: ColumnType, rules: ValueRules): (text: string) => Value | null | undefined {
  const read = readerOf(type);
  return (text) => (isNullText(text) ? null : read(text, rules));
}

/** Reads a non-empty cell: its value, or null with a reject if it is not of the column's type. */
export function cellReader({ name, type, nullTexts }: ResolvedColumn, rules: ValueRules) {
  if (type.kind === 'string' && !nullTexts) return (text: string) => text;
  const read = textReader(type, rules);
  const reason = expectedReason(type);
  return (text: string, row: number, rejects: Reject[]): Value | null => {
    const value = read(text);
    if (value !== undefined) return value;
    rejects.push({ row, column: name, raw: text, reason });
    return null;
  };
}
