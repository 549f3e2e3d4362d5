import { isoTime, parseJsonText } from '../ledger/json-values.js';
import { type ArrayItem, arrayItems } from './array-text.js';

/** PostgreSQL's numbers of the types that values are converted from. */
const oid = {
  bool: 16,
  bytea: 17,
  int2: 21,
  int4: 23,
  json: 114,
  float4: 700,
  float8: 701,
  timestamp: 1114,
  timestamptz: 1184,
  jsonb: 3802,
} as const;

/** The type of the items of an array type. */
const itemOids = new Map<number, number>([
  [199, oid.json],
  [1000, oid.bool],
  [1001, oid.bytea],
  [1005, oid.int2],
  [1007, oid.int4],
  [1009, 25],
  [1014, 1042],
  [1015, 1043],
  [1016, 20],
  [1021, oid.float4],
  [1022, oid.float8],
  [1115, oid.timestamp],
  [1182, 1082],
  [1185, oid.timestamptz],
  [1231, 1700],
  [2951, 2950],
  [3807, oid.jsonb],
]);

/**
 * A value in PostgreSQL's text as JSON can hold it without loss, the same as for DuckDB's tables:
 * decimals and 64-bit integers as strings, times as ISO 8601 in UTC, bytes as hexadecimal, JSON
 * parsed. Everything else is PostgreSQL's own text.
 */
export function toJsonValue(text: string | null, type: number): unknown {
  if (text === null) return null;
  const item = itemOids.get(type);
  if (item !== undefined) {
    const convert = (each: ArrayItem): unknown =>
      Array.isArray(each) ? each.map(convert) : toJsonValue(each, item);
    return convert(arrayItems(text));
  }
  switch (type) {
    case oid.bool:
      return text === 't';
    case oid.int2:
    case oid.int4:
      return Number(text);
    case oid.float4:
    case oid.float8:
      return Number.isFinite(Number(text)) ? Number(text) : text;
    case oid.timestamp:
    case oid.timestamptz:
      return timeText(text);
    case oid.bytea:
      return text.replace(/^\\x/, '');
    case oid.json:
    case oid.jsonb:
      return parseJsonText(text);
    default:
      return text;
  }
}

/** `2026-01-02 03:04:05.5+00`, with the session in UTC, in ISO 8601. Other texts are kept. */
function timeText(text: string): string {
  const match = /^(\d{4,6})-(\d\d)-(\d\d) (\d\d):(\d\d):(\d\d)(?:\.(\d+))?(?:\+00)?$/.exec(text);
  if (!match) return text;
  const [, year = '', month, day, hour, minute, second, fraction = ''] = match;
  if (year.length > 4) return text;
  const milliseconds = BigInt(Date.parse(`${year}-${month}-${day}T${hour}:${minute}:${second}Z`));
  const nanos = BigInt(fraction.padEnd(9, '0').slice(0, 9));
  return isoTime(milliseconds * 1_000_000n + nanos) ?? text;
}
