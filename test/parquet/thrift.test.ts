import assert from 'node:assert/strict';
import fc from 'fast-check';
import { deserializeTCompactProtocol } from 'hyparquet/src/thrift.js';
import {
  binary,
  bool,
  encoded,
  encodeThrift,
  i32,
  i64,
  list,
  struct,
  type ThriftValue,
  text,
} from '../../src/parquet/columnar/thrift.js';

/** A value, and what hyparquet reads from it. */
type Pair = [written: ThriftValue, read: unknown];

const integer32 = fc.integer().map((value): Pair => [i32(value), value]);
const integer64 = fc
  .maxSafeInteger()
  .map((value): Pair => [i64(Math.trunc(value / 4)), BigInt(Math.trunc(value / 4))]);
const boolean = fc.boolean().map((value): Pair => [bool(value), value]);
const bytes = fc.uint8Array({ maxLength: 300 }).map((value): Pair => [binary(value), value]);

/** Members by ids that are one or many apart; undefined ones are left out. */
const members = (of: fc.Arbitrary<Pair>) =>
  fc.array(fc.tuple(fc.integer({ min: 1, max: 40 }), fc.option(of)), { maxLength: 8 }).map((entries) => {
    const written: Record<number, ThriftValue | undefined> = {};
    const read: Record<string, unknown> = {};
    let id = 0;
    for (const [step, pair] of entries) {
      id += step;
      written[id] = pair?.[0];
      if (pair) read[`field_${id}`] = pair[1];
    }
    return { written, read };
  });

const scalar = fc.oneof(integer32, integer64, boolean, bytes);
const ofStructs = members(scalar).map(({ written, read }): Pair => [struct(written), read]);
const ofEncoded = members(scalar).map(({ written, read }): Pair => [encoded(encodeThrift(written)), read]);
const ofLists = fc.oneof(
  fc.array(integer32, { maxLength: 40 }).map(
    (items): Pair => [
      list(
        'i32',
        items.map(([item]) => item),
      ),
      items.map(([, item]) => item),
    ],
  ),
  fc.array(bytes, { maxLength: 20 }).map(
    (items): Pair => [
      list(
        'binary',
        items.map(([item]) => item),
      ),
      items.map(([, item]) => item),
    ],
  ),
  fc.array(ofStructs, { maxLength: 20 }).map(
    (items): Pair => [
      list(
        'struct',
        items.map(([item]) => item),
      ),
      items.map(([, item]) => item),
    ],
  ),
);

const decode = (encodedBytes: Uint8Array) => {
  const { buffer, byteOffset, byteLength } = encodedBytes;
  const reader = { view: new DataView(buffer, byteOffset, byteLength), offset: 0 };
  const value = deserializeTCompactProtocol(reader);
  return { value, end: reader.offset };
};

describe('the Thrift writer', () => {
  it('writes structs that hyparquet reads back, to the last byte', () => {
    fc.assert(
      fc.property(members(fc.oneof(scalar, ofStructs, ofEncoded, ofLists)), ({ written, read }) => {
        const all = encodeThrift(written);
        const { value, end } = decode(all);
        assert.deepEqual({ ...value }, read);
        assert.equal(end, all.length);
      }),
    );
  });

  it('writes the bytes that the compact protocol prescribes', () => {
    const hex = (fields: Record<number, ThriftValue | undefined>) =>
      Buffer.from(encodeThrift(fields)).toString('hex');
    assert.equal(hex({}), '00');
    // Zigzag: 0, -1, 1, and the extremes of 32 bits.
    assert.equal(hex({ 1: i32(0) }), '150000');
    assert.equal(hex({ 1: i32(-1) }), '150100');
    assert.equal(hex({ 1: i32(-(2 ** 31)) }), '15ffffffff0f00');
    assert.equal(hex({ 1: i32(2 ** 31 - 1) }), '15feffffff0f00');
    assert.equal(hex({ 1: i64(2 ** 51) }), '16808080808080800800');
    // A step of 15 fits into the byte of the type, one of 16 does not.
    assert.equal(hex({ 15: bool(true) }), 'f100');
    assert.equal(hex({ 16: bool(false) }), '022000');
    assert.equal(hex({ 1: text('é') }), '1802c3a900');
    // Fourteen items fit into the byte of a list's type, fifteen do not.
    const ones = (count: number) =>
      list(
        'i32',
        Array.from({ length: count }, () => i32(1)),
      );
    assert.equal(hex({ 1: ones(14) }), `19e5${'02'.repeat(14)}00`);
    assert.equal(hex({ 1: ones(15) }), `19f50f${'02'.repeat(15)}00`);
  });

  it('returns bytes that a later call does not change', () => {
    const first = encodeThrift({ 1: text('first') });
    const copy = Buffer.from(first);
    encodeThrift({ 1: text('other') });
    assert.deepEqual(Buffer.from(first), copy);
  });
});
