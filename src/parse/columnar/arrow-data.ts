import { type Data, Dictionary, Int32, makeData, makeVector, Null, Utf8 } from 'apache-arrow';
import type { TextDictionary } from './text-dictionary.js';

const indexType = new Int32();

/** An array of nothing but nulls, whatever the type of its column. */
export function nullData(length: number): Data {
  return makeData({ type: new Null(), length });
}

/** The texts of a dictionary, in the order of their numbers; in its memory. */
export function textData({ bytes, offsets, count, byteLength }: TextDictionary): Data {
  return makeData({
    type: new Utf8(),
    length: count,
    nullCount: 0,
    valueOffsets: offsets.subarray(0, count + 1),
    data: bytes.subarray(0, byteLength),
  });
}

/**
 * An array of values by their place in `dictionary`. The first `length` of `entries` count and become those places; `places`, where given,
 * says where the value of an entry is. What is below 0 is null.
 */
export function dictionaryData(
  entries: Int32Array,
  length: number,
  dictionary: Data,
  places?: Int32Array,
): Data {
  const nullBitmap = new Uint8Array((length + 7) >> 3);
  let nullCount = 0;
  for (let at = 0; at < length; ) {
    const end = Math.min(at + 8, length);
    let bits = 0;
    for (let bit = 0; at < end; at += 1, bit += 1) {
      const entry = entries[at] as number;
      const place = entry < 0 || !places ? entry : (places[entry] as number);
      if (place < 0) nullCount += 1;
      else bits |= 1 << bit;
      entries[at] = Math.max(place, 0);
    }
    nullBitmap[(end - 1) >> 3] = bits;
  }
  return makeData({
    type: new Dictionary(dictionary.type, indexType),
    length,
    nullCount,
    nullBitmap,
    data: entries.subarray(0, length),
    dictionary: makeVector(dictionary),
  });
}
