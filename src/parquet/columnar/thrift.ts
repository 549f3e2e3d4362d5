import { ByteSink } from './byte-sink.js';

/**
 * A value of Thrift's compact protocol; `undefined` members of a struct are left out.
 * Source: "Thrift compact protocol encoding" of Apache Thrift.
 */
export type ThriftValue =
  | { kind: 'bool'; value: boolean }
  | { kind: 'i16' | 'i32' | 'i64'; value: number }
  | { kind: 'binary'; value: Uint8Array }
  | { kind: 'list'; of: Exclude<ThriftValue['kind'], 'encoded'>; items: ThriftValue[] }
  | { kind: 'struct'; fields: Record<number, ThriftValue | undefined> }
  /** A struct already encoded by `encodeThrift`. */
  | { kind: 'encoded'; bytes: Uint8Array };

/** Encodes a struct in the compact protocol. */
export function encodeThrift(fields: Record<number, ThriftValue | undefined>): Uint8Array {
  scratch.length = 0;
  writeStruct(scratch, fields);
  return scratch.written().slice();
}

/**
 * Shared, because every page has a header and a new sink would cost more than the header itself.
 */
const scratch = new ByteSink();

export const i32 = (value: number): ThriftValue => ({ kind: 'i32', value });
export const i64 = (value: number): ThriftValue => ({ kind: 'i64', value });
export const bool = (value: boolean): ThriftValue => ({ kind: 'bool', value });
export const binary = (value: Uint8Array): ThriftValue => ({ kind: 'binary', value });
export const text = (value: string): ThriftValue => binary(Buffer.from(value));
export const struct = (fields: Record<number, ThriftValue | undefined> = {}): ThriftValue => ({
  kind: 'struct',
  fields,
});
export const encoded = (bytes: Uint8Array): ThriftValue => ({ kind: 'encoded', bytes });
export const list = (of: Exclude<ThriftValue['kind'], 'encoded'>, items: ThriftValue[]): ThriftValue => ({
  kind: 'list',
  of,
  items,
});

const typeCodes: Record<ThriftValue['kind'], number> = {
  bool: 1,
  i16: 4,
  i32: 5,
  i64: 6,
  binary: 8,
  list: 9,
  struct: 12,
  encoded: 12,
};
const falseCode = 2;

function writeStruct(sink: ByteSink, fields: Record<number, ThriftValue | undefined>): void {
  let last = 0;
  // JavaScript iterates integer keys in ascending order.
  for (const key in fields) {
    const id = Number(key);
    const value = fields[id];
    if (value === undefined) continue;
    const code = value.kind === 'bool' && !value.value ? falseCode : typeCodes[value.kind];
    const maxStep = 15;
    if (id - last <= maxStep) sink.byte(((id - last) << 4) | code);
    else {
      sink.byte(code);
      sink.zigzag(id);
    }
    last = id;
    // A boolean member is encoded in its type code.
    if (value.kind !== 'bool') writeValue(sink, value);
  }
  sink.byte(0);
}

function writeValue(sink: ByteSink, value: ThriftValue): void {
  switch (value.kind) {
    case 'bool':
      return sink.byte(value.value ? typeCodes.bool : falseCode);
    case 'i16':
    case 'i32':
    case 'i64':
      return sink.zigzag(value.value);
    case 'binary':
      sink.varint(value.value.length);
      return sink.append(value.value);
    case 'list': {
      const { length } = value.items;
      const shortList = 15;
      sink.byte((Math.min(length, shortList) << 4) | typeCodes[value.of]);
      if (length >= shortList) sink.varint(length);
      for (const item of value.items) writeValue(sink, item);
      return;
    }
    case 'struct':
      return writeStruct(sink, value.fields);
    case 'encoded':
      return sink.append(value.bytes);
  }
}
