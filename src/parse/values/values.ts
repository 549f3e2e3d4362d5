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

/** Texts that stand for no value where the column is not a string. An empty cell stands for none in every column. */
const nullTexts = new Set([
  ...['', 'N/A', 'NA', 'N.A.', '#N/A', 'NULL', 'NONE', 'NAN'],
  ...['-', '--', '---', '–', '—'],
]);

export function isNullText(text: string): boolean {
  return nullTexts.has(text.trim().toUpperCase());
}

/** English, German, Dutch, Swedish, French, Spanish, Italian, Portuguese, Polish, Turkish, Japanese, and 1 and 0. */
const boolTexts = new Map<string, boolean>([
  ...['TRUE', 'YES', 'Y', 'T', '1', 'JA', 'OUI', 'SÍ', 'SÌ', 'SI', 'SIM', 'TAK', 'EVET', 'はい'].map(
    (text) => [text, true] as const,
  ),
  ...['FALSE', 'NO', 'N', 'F', '0', 'NEIN', 'NEE', 'NEJ', 'NON', 'NÃO', 'NIE', 'HAYIR', 'いいえ'].map(
    (text) => [text, false] as const,
  ),
]);

/** Microseconds of the years 1 to 9999, which every warehouse takes. */
const firstMicros = -62_135_596_800_000_000n;
const lastMicros = 253_402_300_799_999_999n;

const largestInt64 = 2n ** 63n - 1n;

/** Why a value is rejected. */
export function expectedReason(type: ColumnType): string {
  return `expected ${columnTypeText(type)}`;
}

type Reader = (text: string, rules: ValueRules) => Value | undefined;

/**
 * The reader for a column type: the value, or undefined where the text is not of the type. It is not asked about texts that stand for no
 * value. The rules, with examples: `schema/value-rules.ts`.
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
        return value >= -largestInt64 - 1n && value <= largestInt64 ? value : undefined;
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
        return micros !== undefined && micros >= firstMicros && micros <= lastMicros ? micros : undefined;
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

/** A list as its JSON text; undefined where the text is none, or an item is not of the type. Numbers of JSON have a point in any document. */
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
 * Reads a text that is not empty in a column of the type: its value, null where it stands for none, undefined where it is not of the type.
 */
export function textReader(type: ColumnType, rules: ValueRules): (text: string) => Value | null | undefined {
  const read = readerOf(type);
  return (text) => (isNullText(text) ? null : read(text, rules));
}

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
