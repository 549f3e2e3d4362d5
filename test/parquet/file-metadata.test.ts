import assert from 'node:assert/strict';
import fc from 'fast-check';
import { parquetMetadata } from 'hyparquet';
import { deserializeTCompactProtocol } from 'hyparquet/src/thrift.js';
import type { Page } from '../../src/parquet/columnar/encode-column.js';
import {
  type ColumnChunk,
  encodeRowGroup,
  type FileColumn,
  fileMetadata,
} from '../../src/parquet/columnar/file-metadata.js';
import { pageHeader } from '../../src/parquet/columnar/compress-column.js';
import { version } from '../../src/runtime/version.js';
import { column } from './batch-of.js';

describe('the header of a Parquet page', () => {
  const page = (kind: Page['kind'], values: number, encoding: number, bytes: number): Page => ({
    kind,
    values,
    encoding,
    bytes: new Uint8Array(bytes),
  });

  it('has the bytes that parquet.thrift prescribes', () => {
    const hex = (given: Page) => Buffer.from(pageHeader(given, 12)).toString('hex');
    // Type, sizes, then the header of a data page: values, encoding, encodings of both levels.
    const counts = '15061500';
    assert.equal(hex(page('data', 3, 0, 10)), `150015141518${`2c${counts}15061506`}0000`);
    // A dictionary page has values and encoding only.
    assert.equal(hex(page('dictionary', 3, 0, 10)), `150415141518${`4c${counts}`}0000`);
  });

  it('says how many values and bytes follow, whatever their number', () => {
    const kind = fc.constantFrom('data' as const, 'dictionary' as const);
    const encoding = fc.constantFrom(0, 5, 8);
    const compressed = fc.nat(2 ** 31 - 1);
    fc.assert(
      fc.property(
        kind,
        fc.nat(2 ** 31 - 1),
        encoding,
        fc.nat(5000),
        compressed,
        (kind, values, encoding, bytes, compressed) => {
          const header = pageHeader(page(kind, values, encoding, bytes), compressed);
          const reader = {
            view: new DataView(header.buffer, header.byteOffset, header.byteLength),
            offset: 0,
          };
          const fields = deserializeTCompactProtocol(reader);
          assert.equal(reader.offset, header.length);
          const counts = { field_1: values, field_2: encoding };
          assert.deepEqual(
            { ...fields },
            kind === 'data'
              ? {
                  field_1: 0,
                  field_2: bytes,
                  field_3: compressed,
                  field_5: { ...counts, field_3: 3, field_4: 3 },
                }
              : { field_1: 2, field_2: bytes, field_3: compressed, field_7: counts },
          );
        },
      ),
    );
  });
});

/** A file without pages around its metadata, as readers expect it. */
function parsed(footer: Uint8Array) {
  const length = Buffer.alloc(4);
  length.writeUInt32LE(footer.length);
  return parquetMetadata(
    new Uint8Array(Buffer.concat([Buffer.from('PAR1'), footer, length, Buffer.from('PAR1')])),
  );
}

/** Each type as Parquet declares it, for old readers (`converted_type`) and for new ones. */
const declarations: Record<string, object> = {
  string: { type: 'BYTE_ARRAY', converted_type: 'UTF8', logical_type: { type: 'STRING' } },
  json: { type: 'BYTE_ARRAY', converted_type: 'UTF8', logical_type: { type: 'STRING' } },
  'list(int64)': { type: 'BYTE_ARRAY', converted_type: 'UTF8', logical_type: { type: 'STRING' } },
  int64: { type: 'INT64' },
  float64: { type: 'DOUBLE' },
  bool: { type: 'BOOLEAN' },
  date: { type: 'INT32', converted_type: 'DATE', logical_type: { type: 'DATE' } },
  timestamp: {
    type: 'INT64',
    converted_type: 'TIMESTAMP_MICROS',
    logical_type: { type: 'TIMESTAMP', isAdjustedToUTC: true, unit: 'MICROS' },
  },
  'decimal(18,4)': {
    type: 'INT64',
    converted_type: 'DECIMAL',
    scale: 4,
    precision: 18,
    logical_type: { type: 'DECIMAL', scale: 4, precision: 18 },
  },
  'decimal(19,0)': {
    type: 'FIXED_LEN_BYTE_ARRAY',
    type_length: 16,
    converted_type: 'DECIMAL',
    scale: 0,
    precision: 19,
    logical_type: { type: 'DECIMAL', scale: 0, precision: 19 },
  },
};

const withoutUndefined = (object: object) => JSON.parse(JSON.stringify(object));

describe('the metadata of a Parquet file', () => {
  const columns: FileColumn[] = Object.keys(declarations).map((type) => ({
    name: `the ${type}`,
    type: column('_', type).type,
    optional: true,
  }));
  const rowNumbers: FileColumn = { name: '_row', type: { kind: 'int64' }, optional: false };

  it('declares each column with its name and type, and row numbers as never null', () => {
    const { schema } = parsed(fileMetadata([...columns, rowNumbers], [], 0, {}));
    assert.deepEqual(schema.map(withoutUndefined), [
      { name: 'root', num_children: columns.length + 1 },
      ...Object.entries(declarations).map(([type, declared]) => ({
        name: `the ${type}`,
        repetition_type: 'OPTIONAL',
        ...declared,
      })),
      { name: '_row', repetition_type: 'REQUIRED', type: 'INT64' },
    ]);
  });

  it('has the version of the program, its key-value metadata and the order of each column', () => {
    const metadata = { report: 'é 水', empty: '' };
    const footer = fileMetadata(columns, [], 7, metadata);
    const found = parsed(footer);
    assert.equal(found.created_by, `sp-reports version ${version}`);
    assert.equal(found.num_rows, 7n);
    assert.deepEqual(
      found.key_value_metadata,
      Object.entries(metadata).map(([key, value]) => ({ key, value })),
    );
    const view = new DataView(footer.buffer, footer.byteOffset, footer.byteLength);
    const fields = deserializeTCompactProtocol({ view, offset: 0 });
    // ColumnOrder: TYPE_ORDER of each column. Without it, readers ignore minimum and maximum.
    assert.deepEqual(
      fields.field_7,
      columns.map(() => ({ field_1: {} })),
    );
  });

  const size = fc.nat(2 ** 40);
  const statistic = fc.option(fc.bigInt(-(2n ** 63n), 2n ** 63n - 1n), { nil: undefined });
  const metadata = fc.record({
    compressedBytes: size,
    dictionaryBytes: fc.oneof(fc.constant(0), fc.nat(1000)),
    uncompressedBytes: size,
    values: fc.nat(2 ** 31),
    encodings: fc.constantFrom<number[][]>([3, 0], [3, 0, 8], [3, 5]),
    nullCount: fc.nat(2 ** 31),
    min: statistic,
    max: statistic,
  });
  const encodingNames = [
    'PLAIN',
    undefined,
    undefined,
    'RLE',
    undefined,
    'DELTA_BINARY_PACKED',
    undefined,
    undefined,
    'RLE_DICTIONARY',
  ];
  const bytesOf = (value: bigint | undefined) =>
    value === undefined ? undefined : new Uint8Array(BigInt64Array.of(value).buffer);

  it('describes the chunks of a row group: where they start, how large they are and what they contain', () => {
    const groups = fc.array(
      fc.record({
        rows: fc.nat(2 ** 31),
        chunks: fc.array(fc.tuple(metadata, size), { minLength: 1, maxLength: 4 }),
      }),
      { maxLength: 3 },
    );
    fc.assert(
      fc.property(groups, (groups) => {
        const of: FileColumn[] = [0, 1, 2, 3].map((index) => ({ ...rowNumbers, name: `c${index}` }));
        const encoded = groups.map(({ rows, chunks }, ordinal) => {
          const made = chunks.map(([{ nullCount, min, max, ...metadata }, offset], index): ColumnChunk => {
            const statistics = { nullCount, min: bytesOf(min), max: bytesOf(max) };
            return { column: of[index] as FileColumn, offset, metadata: { ...metadata, statistics } };
          });
          return encodeRowGroup({ rows, chunks: made }, ordinal);
        });
        const found = parsed(fileMetadata(of, encoded, 1, {}));
        const sum = (sizes: number[]) => BigInt(sizes.reduce((total, each) => total + each, 0));
        assert.deepEqual(
          found.row_groups
            .map((group) => ({
              rows: group.num_rows,
              total: group.total_byte_size,
              compressed: group.total_compressed_size,
              offset: group.file_offset,
              ordinal: group.ordinal,
              chunks: group.columns.map(({ meta_data: chunk }) => ({
                ...chunk,
                statistics: withoutBigints(chunk?.statistics),
              })),
            }))
            .map(withoutBigints),
          groups
            .map(({ rows, chunks }, ordinal) => ({
              rows: BigInt(rows),
              total: sum(chunks.map(([each]) => each.uncompressedBytes)),
              compressed: sum(chunks.map(([each]) => each.compressedBytes)),
              offset: BigInt(chunks[0]?.[1] ?? 0),
              ordinal,
              chunks: chunks.map(([each, offset], index) => ({
                type: 'INT64',
                encodings: each.encodings.map((encoding) => encodingNames[encoding]),
                path_in_schema: [`c${index}`],
                codec: 'SNAPPY',
                num_values: BigInt(each.values),
                total_uncompressed_size: BigInt(each.uncompressedBytes),
                total_compressed_size: BigInt(each.compressedBytes),
                data_page_offset: BigInt(offset + each.dictionaryBytes),
                dictionary_page_offset: each.dictionaryBytes > 0 ? BigInt(offset) : undefined,
                statistics: { null_count: BigInt(each.nullCount), min_value: each.min, max_value: each.max },
              })),
            }))
            .map(withoutBigints),
        );
      }),
    );
  });

  it('leaves out the ordinal of a row group that 16 bits do not hold', () => {
    const ordinalOf = (ordinal: number) => {
      const group = encodeRowGroup({ rows: 1, chunks: [] }, ordinal);
      return parsed(fileMetadata([rowNumbers], [group], 1, {})).row_groups[0]?.ordinal;
    };
    assert.deepEqual([0, 32_767, 32_768].map(ordinalOf), [0, 32_767, undefined]);
  });
});

/** As JSON, without members that are undefined; bigints as texts. */
function withoutBigints(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value ?? {}, (_, each) => (typeof each === 'bigint' ? `${each}n` : each)));
}
