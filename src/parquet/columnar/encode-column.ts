import { type Data, DataType } from 'apache-arrow';
import { ByteSink } from './byte-sink.js';
import { type ColumnValues, isValid, validityOf, valuesOf } from './column-values.js';
import { encodeDelta } from './delta.js';
import { allThere, bitWidthOf, encodeDefinitionLevels, encodeHybrid, noneThere } from './hybrid.js';

/** Encodings by Parquet's numbers. */
export const encodings = { plain: 0, rle: 3, deltaBinaryPacked: 5, rleDictionary: 8 } as const;

/** One page before compression. */
export interface Page {
  kind: 'dictionary' | 'data';
  /** Values in it, nulls included. */
  values: number;
  encoding: number;
  bytes: Uint8Array;
}

export interface Statistics {
  nullCount: number;
  min?: Uint8Array;
  max?: Uint8Array;
}

/** One column of a row group: a dictionary page where the Arrow array has a dictionary, then data pages. */
export interface EncodedColumn {
  pages: Page[];
  statistics: Statistics;
}

/** Values of one page; a multiple of 8, so that each page has whole bytes of Arrow's bitmaps. */
const pageValues = 32_768;

/** Encodes one column of a record batch; Arrow's nulls stand for a column of any type that has no values. */
export function encodeColumn(data: Data): EncodedColumn {
  if (DataType.isNull(data.type)) return encodeNulls(data.length);
  const dictionary = DataType.isDictionary(data.type) ? (data.dictionary?.data[0] as Data) : undefined;
  const values = valuesOf(dictionary ?? data);
  const pages: Page[] = [];
  if (dictionary) {
    const sink = new ByteSink(dictionary.length * 16 + 16);
    for (let index = 0; index < dictionary.length; index += 1) values.append(sink, index);
    pages.push({
      kind: 'dictionary',
      values: dictionary.length,
      encoding: encodings.plain,
      bytes: sink.written(),
    });
  }
  for (let from = 0; from < data.length; from += pageValues) {
    const to = Math.min(from + pageValues, data.length);
    const sink = new ByteSink((to - from) * (dictionary ? 2 : 24) + 64);
    sink.append(encodeDefinitionLevels(validityOf(data) ?? allThere, from, to));
    if (dictionary) appendIndices(sink, data, dictionary.length, from, to);
    else appendValues(sink, data, values, from, to);
    const encoding = dictionary ? encodings.rleDictionary : encodings.plain;
    pages.push({ kind: 'data', values: to - from, encoding, bytes: sink.written() });
  }
  return { pages, statistics: { nullCount: data.nullCount, ...extremes(values) } };
}

function encodeNulls(length: number): EncodedColumn {
  const bytes = encodeDefinitionLevels(noneThere, 0, length);
  return {
    pages: [{ kind: 'data', values: length, encoding: encodings.plain, bytes }],
    statistics: { nullCount: length },
  };
}

/** Encodes ascending row numbers, none of them null. */
export function encodeRowNumbers(data: Data): EncodedColumn {
  const numbers = numbersOf(data);
  const statistic = (number: number) => new Uint8Array(BigInt64Array.of(BigInt(number)).buffer);
  return {
    pages: [
      {
        kind: 'data',
        values: numbers.length,
        encoding: encodings.deltaBinaryPacked,
        bytes: encodeDelta(numbers),
      },
    ],
    statistics: { nullCount: 0, min: statistic(numbers[0] ?? 0), max: statistic(numbers.at(-1) ?? 0) },
  };
}

function numbersOf({ values, length }: Data): Float64Array {
  const { buffer, byteOffset } = values as BigInt64Array;
  const words = new Int32Array(buffer, byteOffset, length * 2);
  const numbers = new Float64Array(length);
  for (let index = 0; index < length; index += 1) {
    numbers[index] = ((words[index * 2] as number) >>> 0) + (words[index * 2 + 1] as number) * 2 ** 32;
  }
  return numbers;
}

/** Values that are null have no index. */
function appendIndices(sink: ByteSink, data: Data, dictionaryLength: number, from: number, to: number): void {
  const bitWidth = Math.max(1, bitWidthOf(dictionaryLength - 1));
  sink.byte(bitWidth);
  const indices = data.values as Int32Array;
  const validity = validityOf(data);
  if (!validity) return sink.append(encodeHybrid(indices, from, to, bitWidth));
  const present = new Int32Array(to - from);
  let count = 0;
  for (let index = from; index < to; index += 1) {
    present[count] = indices[index] as number;
    if (isValid(validity, index)) count += 1;
  }
  sink.append(encodeHybrid(present, 0, count, bitWidth));
}

function appendValues(sink: ByteSink, data: Data, values: ColumnValues, from: number, to: number): void {
  if (DataType.isBool(data.type)) return appendBits(sink, data, values, from, to);
  const validity = validityOf(data);
  if (!validity && values.appendRange) return values.appendRange(sink, from, to);
  for (let index = from; index < to; index += 1) if (isValid(validity, index)) values.append(sink, index);
}

/** Booleans take a bit each, the first in the lowest. */
function appendBits(sink: ByteSink, data: Data, values: ColumnValues, from: number, to: number): void {
  const validity = validityOf(data);
  const one = new ByteSink(1);
  let byte = 0;
  let bits = 0;
  for (let index = from; index < to; index += 1) {
    if (!isValid(validity, index)) continue;
    one.length = 0;
    values.append(one, index);
    byte |= (one.bytes[0] as number) << bits;
    bits += 1;
    if (bits < 8) continue;
    sink.byte(byte);
    byte = 0;
    bits = 0;
  }
  if (bits > 0) sink.byte(byte);
}

function extremes(values: ColumnValues): Omit<Statistics, 'nullCount'> {
  const { least, greatest } = values.extremes();
  if (least < 0) return {};
  const min = values.statistic(least);
  const max = values.statistic(greatest);
  return min && max ? { min, max } : {};
}
