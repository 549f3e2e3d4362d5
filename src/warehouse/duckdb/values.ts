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
import { isoTime, parseJsonText } from '../ledger/json-values.js';

/**
 * A DuckDB value as JSON can carry it without loss: decimals and integers of 64 bits and more as
 * strings, times as ISO 8601 in UTC, dates as `2026-01-02`, blobs as hexadecimal, NaN and
 * infinities as strings, lists and arrays as arrays, structs and maps as objects, JSON as what it
 * says. Everything else is DuckDB's own text.
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

/** An object that also holds a key named `__proto__`. */
function record(entries: [string, DuckDBValue][]): Record<string, unknown> {
  return Object.fromEntries(entries.map(([key, value]) => [key, toJsonValue(value)]));
}
