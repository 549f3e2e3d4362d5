import { type Data, DataType } from 'apache-arrow';
import type { Kernel } from '../../kernel/kernel.js';
import { bytesOf, type ColumnValues, copyValuesIn } from './column-values.js';
import { allThere, bitWidthOf, encodeDefinitionLevels, noneThere } from './levels.js';

/** Parquet's numbers of the encodings. */
export const encodings = { plain: 0, rle: 3, deltaBinaryPacked: 5, rleDictionary: 8 } as const;

/** One page before compression. */
export interface Page {
  kind: 'dictionary' | 'data';
  /** Number of values, including nulls. */
  values: number;
  encoding: number;
  bytes: Uint8Array;
}

export interface Statistics {
  nullCount: number;
  min?: Uint8Array;
  max?: Uint8Array;
}

/**
 * One column of a row group: a dictionary page if the Arrow array has a dictionary, then data
 * pages.
 */
export interface EncodedColumn {
  pages: Page[];
  statistics: Statistics;
}

/**
 * Number of values per page; a multiple of 8, so that each page has whole bytes of Arrow's bitmaps.
 */
const pageValues = 32_768;

/** Writes the values of a page. */
type Body = Pick<ColumnValues, 'maxBytes' | 'write'> & { encoding: number };

/**
 * Encodes an Arrow array. Arrow's null type represents a column of any type without values. The
 * former contents of the kernel's memory are lost.
 */
export function encodeColumn(kernel: Kernel, data: Data): EncodedColumn {
  if (DataType.isNull(data.type)) return encodeNulls(data.length);
  kernel.calls.reset();
  const { length, nullCount } = data;
  const levels = nullCount === 0 ? allThere : data.nullBitmap;
  const validity = nullCount === 0 ? 0 : kernel.copyIn(data.nullBitmap);
  const dictionary = DataType.isDictionary(data.type) ? (data.dictionary?.data[0] as Data) : undefined;
  const values = copyValuesIn(kernel, dictionary ?? data, dictionary ? 0 : validity);
  const plain: Body = { ...values, encoding: encodings.plain };
  const pages: Page[] = [];
  if (dictionary) {
    const bytes = pageOf(kernel, new Uint8Array(0), 0, dictionary.length, plain);
    pages.push({ kind: 'dictionary', values: dictionary.length, encoding: encodings.plain, bytes });
  }
  const body = dictionary ? dictionaryIndices(kernel, data, dictionary.length, validity) : plain;
  for (let from = 0; from < length; from += pageValues) {
    const to = Math.min(from + pageValues, length);
    const bytes = pageOf(kernel, encodeDefinitionLevels(levels, from, to), from, to, body);
    pages.push({ kind: 'data', values: to - from, encoding: body.encoding, bytes });
  }
  return { pages, statistics: { nullCount, ...extremes(kernel, values) } };
}

/**
 * Writes the bit width of an index, then the dictionary indices of the values that are not null.
 */
function dictionaryIndices(
  kernel: Kernel,
  { values, length }: Data,
  dictionaryLength: number,
  validity: number,
): Body {
  const bitWidth = Math.max(1, bitWidthOf(dictionaryLength - 1));
  const at = kernel.copyIn(bytesOf(values.subarray(0, length)));
  const scratch = kernel.calls.allocate((pageValues + 1) * 4);
  const spareBytes = 64;
  return {
    encoding: encodings.rleDictionary,
    maxBytes: (from, to) => (to - from) * 4 + spareBytes,
    write(from, to, out) {
      kernel.bytes(out, 1)[0] = bitWidth;
      return 1 + kernel.calls.encodeIndices(at, validity, from, to, bitWidth, scratch, out + 1);
    },
  };
}

/** Makes a page: the part before the values, then the values of a range. */
function pageOf(
  kernel: Kernel,
  before: Uint8Array,
  from: number,
  to: number,
  { maxBytes, write }: Body,
): Uint8Array {
  const out = kernel.calls.allocate(before.length + maxBytes(from, to));
  kernel.bytes(out, before.length).set(before);
  const written = write(from, to, out + before.length);
  const bytes = Buffer.from(kernel.bytes(out, before.length + written));
  kernel.calls.release(out);
  return bytes;
}

function extremes(kernel: Kernel, values: ColumnValues): Omit<Statistics, 'nullCount'> {
  if (!values.findExtremes()) return {};
  const { least, greatest } = kernel.calls;
  if (least.value < 0) return {};
  const min = values.statistic(least.value);
  const max = values.statistic(greatest.value);
  return min && max ? { min, max } : {};
}

function encodeNulls(length: number): EncodedColumn {
  const bytes = encodeDefinitionLevels(noneThere, 0, length);
  return {
    pages: [{ kind: 'data', values: length, encoding: encodings.plain, bytes }],
    statistics: { nullCount: length },
  };
}

/**
 * Encodes ascending row numbers, none of them null. The former contents of the kernel's memory are
 * lost.
 */
export function encodeRowNumbers(kernel: Kernel, { values, length }: Data): EncodedColumn {
  kernel.calls.reset();
  const numbers = (values as BigInt64Array).subarray(0, length);
  const at = kernel.copyIn(bytesOf(numbers));
  const body: Body = {
    encoding: encodings.deltaBinaryPacked,
    maxBytes: (from, to) => (to - from) * 5 + 64,
    write: (_from, to, out) => kernel.calls.encodeAscending(at, to, out),
  };
  const bytes = pageOf(kernel, new Uint8Array(0), 0, length, body);
  const statistic = (number: bigint) => new Uint8Array(BigInt64Array.of(number).buffer);
  return {
    pages: [{ kind: 'data', values: length, encoding: body.encoding, bytes }],
    statistics: { nullCount: 0, min: statistic(numbers[0] ?? 0n), max: statistic(numbers.at(-1) ?? 0n) },
  };
}
