import {
  DuckDBArrayValue,
  DuckDBBlobValue,
  DuckDBListValue,
  DuckDBMapValue,
  DuckDBStructValue,
  DuckDBTimestampMillisecondsValue,
  DuckDBTimestampNanosecondsValue,
  DuckDBTimestampSecondsValue,
  DuckDBTimestampTZValue,
  DuckDBTimestampValue,
  DuckDBUnionValue,
  type DuckDBValue,
  DuckDBVariantValue,
} from '@duckdb/node-api';

/**
 * A DuckDB value as JSON can carry it without loss: decimals and integers of 64 bits and more as strings, times as ISO 8601 in UTC,
 * dates as `2026-01-02`, blobs as hexadecimal, NaN and infinities as strings, lists and arrays as arrays, structs and maps as
 * objects, JSON as what it says. Everything else is DuckDB's own text.
 */
export function toJsonValue(value: DuckDBValue, isJson = false): unknown {
  if (value === null || typeof value === 'boolean') return value;
  if (typeof value === 'number') return Number.isFinite(value) ? value : String(value);
  if (typeof value === 'string') return isJson ? parseJsonText(value) : value;
  if (typeof value === 'bigint') return String(value);
  const nanos = nanosOfTimestamp(value);
  if (nanos !== undefined) return isoTime(nanos) ?? String(value);
  if (value instanceof DuckDBBlobValue) return Buffer.from(value.bytes).toString('hex');
  if (value instanceof DuckDBListValue || value instanceof DuckDBArrayValue) {
    return value.items.map((item) => toJsonValue(item));
  }
  if (value instanceof DuckDBStructValue) return record(Object.entries(value.entries));
  if (value instanceof DuckDBMapValue) {
    return record(value.entries.map((entry) => [String(toJsonValue(entry.key)), entry.value]));
  }
  if (value instanceof DuckDBUnionValue || value instanceof DuckDBVariantValue)
    return toJsonValue(value.value);
  return String(value);
}

/** Nanoseconds since 1970 in UTC; undefined for other values and for the two infinities. */
function nanosOfTimestamp(value: DuckDBValue): bigint | undefined {
  if (value instanceof DuckDBTimestampValue || value instanceof DuckDBTimestampTZValue) {
    return value.isFinite ? value.micros * 1000n : undefined;
  }
  if (value instanceof DuckDBTimestampMillisecondsValue)
    return value.isFinite ? value.millis * 1_000_000n : undefined;
  if (value instanceof DuckDBTimestampSecondsValue)
    return value.isFinite ? value.seconds * 1_000_000_000n : undefined;
  if (value instanceof DuckDBTimestampNanosecondsValue) return value.isFinite ? value.nanos : undefined;
  return undefined;
}

/** `2026-01-02T03:04:05.000Z`, with six or nine digits of the second only where they are needed. Undefined outside of Date's range. */
export function isoTime(nanos: bigint): string | undefined {
  const belowMilli = ((nanos % 1_000_000n) + 1_000_000n) % 1_000_000n;
  const date = new Date(Number((nanos - belowMilli) / 1_000_000n));
  if (Number.isNaN(date.getTime())) return undefined;
  const digits = String(belowMilli)
    .padStart(6, '0')
    .replace(/^000000$|000$/, '');
  return `${date.toISOString().slice(0, -1)}${digits}Z`;
}

/** Parses JSON text; numbers of more digits than a double holds come as strings. Text that is no JSON stays as it is. */
export function parseJsonText(text: string): unknown {
  const safe = text.replace(/"(?:[^"\\]|\\.)*"|-?\d[\d.]*(?:[eE][+-]?\d+)?/g, (token) =>
    !token.startsWith('"') && token.replace(/[eE].*/, '').replace(/\D/g, '').length > 15
      ? `"${token}"`
      : token,
  );
  try {
    return JSON.parse(safe);
  } catch {
    return text;
  }
}

/** An object that also holds a key named `__proto__`. */
function record(entries: [string, DuckDBValue][]): Record<string, unknown> {
  return Object.fromEntries(entries.map(([key, value]) => [key, toJsonValue(value)]));
}
