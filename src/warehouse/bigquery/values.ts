import { isoTime, parseJsonText } from '../ledger/json-values.js';
import type { Field } from './column-types.js';

/**
 * A value of BigQuery's API as JSON can hold it without loss, the same as for DuckDB's tables:
 * decimals and 64-bit integers as strings, times as ISO 8601 in UTC, JSON parsed. Decimals have no
 * trailing zeros, because BigQuery returns no scale with a value.
 */
export function toJsonValue(value: unknown, field: Field): unknown {
  if (field.mode === 'REPEATED') {
    const items = (value ?? []) as { v: unknown }[];
    return items.map(({ v }) => toJsonValue(v, { ...field, mode: 'NULLABLE' }));
  }
  if (value === null || value === undefined) return null;
  switch (field.type) {
    case 'BOOLEAN':
    case 'BOOL':
      return String(value) === 'true';
    case 'FLOAT':
    case 'FLOAT64':
      return Number.isFinite(Number(value)) ? Number(value) : String(value);
    case 'NUMERIC':
    case 'BIGNUMERIC':
      return plainDecimal(String(value));
    case 'TIMESTAMP':
      return isoTime(microsOf(String(value)) * 1000n) ?? String(value);
    case 'JSON':
      return parseJsonText(String(value));
    case 'BYTES':
      return Buffer.from(String(value), 'base64').toString('hex');
    case 'RECORD':
    case 'STRUCT':
      return record((value as { f: { v: unknown }[] }).f, field.fields ?? []);
    default:
      return String(value);
  }
}

function record(values: { v: unknown }[], fields: Field[]): Record<string, unknown> {
  return Object.fromEntries(fields.map((field, index) => [field.name, toJsonValue(values[index]?.v, field)]));
}

function plainDecimal(text: string): string {
  const plain = withoutExponent(text);
  const short = plain.includes('.') ? plain.replace(/\.?0+$/, '') : plain;
  return /^-?0*$/.test(short) ? '0' : short;
}

/**
 * Microseconds since 1970. An emulator may return seconds with a fraction, although integers were
 * requested.
 */
function microsOf(text: string): bigint {
  if (/^-?\d+$/.test(text)) return BigInt(text);
  const [whole = '', fraction = ''] = withoutExponent(text).split('.');
  return BigInt(`${whole}${fraction.padEnd(6, '0').slice(0, 6)}`);
}

/** `0.000012` for `1.2E-5`. */
function withoutExponent(text: string): string {
  const [, sign = '', whole = '', fraction = '', exponent = ''] =
    /^(-?)(\d+)(?:\.(\d+))?[eE]([+-]?\d+)$/.exec(text) ?? [];
  if (exponent === '') return text;
  const point = whole.length + Number(exponent);
  const digits = `${'0'.repeat(Math.max(0, 1 - point))}${whole}${fraction}`.padEnd(Math.max(point, 0), '0');
  const at = Math.max(point, 1);
  return `${sign}${digits.slice(0, at)}${digits.length > at ? `.${digits.slice(at)}` : ''}`;
}
