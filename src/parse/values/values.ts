import { columnTypeText } from '../../schema/column-type.js';
import type { ColumnType, ResolvedColumn, ScalarType } from '../../schema/types.js';
import { maxNesting } from '../limits.js';
import type { Reject, Value } from '../types.js';
import { type DateOptions, type DateOrder, readTime } from './dates.js';
import { listItems, listText } from './lists.js';
import { type DecimalMark, fitsDecimal, readNumber } from './numbers.js';

/** What was decided for the document, by which its values are read. */
export interface ValueRules extends Pick<DateOptions, 'latestYear' | 'zones'> {
  decimalMark: DecimalMark;
  dateOrder: DateOrder;
  /** By name, the columns that are written in another way than the document. */
  columns?: ReadonlyMap<string, Partial<Pick<ValueRules, 'decimalMark' | 'dateOrder'>>>;
}

/** The rules for one column. */
export function rulesOf(rules: ValueRules, column: string): ValueRules {
  const own = rules.columns?.get(column);
  return own ? { ...rules, ...own } : rules;
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
      return (text, rules) => readTime(text, rules.dateOrder, rules)?.days;
    case 'timestamp':
      return (text, rules) => {
        const micros = readTime(text, rules.dateOrder, rules)?.micros;
        return micros !== undefined && micros >= minMicros && micros <= maxMicros ? micros : undefined;
      };
    case 'list':
      return (text, rules) => readList(text, type.item, rules);
    case 'json':
      return (text) => (isJson(text) ? text : undefined);
  }
}

/** Whether a text is JSON that every warehouse takes. */
function isJson(text: string): boolean {
  try {
    JSON.parse(text);
  } catch {
    return false;
  }
  const isFlat = text.length <= 2 * maxNesting;
  return isFlat || nestingOf(text) <= maxNesting;
}

/** Lists and objects inside each other in well-formed JSON. */
function nestingOf(text: string): number {
  let nesting = 0;
  let depth = 0;
  let inString = false;
  for (let at = 0; at < text.length; at += 1) {
    const character = text[at];
    if (inString && character === '\\') at += 1;
    else if (character === '"') inString = !inString;
    else if (inString) continue;
    else if (character === '[' || character === '{') {
      depth += 1;
      nesting = Math.max(nesting, depth);
    } else if (character === ']' || character === '}') depth -= 1;
  }
  return nesting;
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
  const read = textReader(type, rulesOf(rules, name));
  const reason = expectedReason(type);
  return (text: string, row: number, rejects: Reject[]): Value | null => {
    const value = read(text);
    if (value !== undefined) return value;
    rejects.push({ row, column: name, raw: text, reason });
    return null;
  };
}
