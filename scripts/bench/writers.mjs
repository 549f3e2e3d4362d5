import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import * as arrow from 'apache-arrow';
import { parseDocument } from '../../dist/parse/parse-document.js';
import { openColumnarWriter } from '../../dist/parquet/columnar/columnar-writer.js';
import { packagedSchemasFolder, readSchemas } from '../../dist/schema/read.js';
import { openDocument } from '../../dist/source/document/examine.js';

/**
 * Measures Parquet writers on the same row groups in the same run: ours, parquet-wasm and
 * hyparquet-writer, which are installed in a separate folder. `node scripts/bench/writers.mjs
 * FOLDER REPORT_TYPE DOCUMENT`. Each row group becomes a separate file; a warm-up round does not
 * count.
 */
const [aside = '', reportType = '', path = ''] = process.argv.slice(2);
const require = createRequire(join(resolve(aside), 'package.json'));
const wasm = require('parquet-wasm/node');
const { parquetWriteBuffer } = await import(pathToFileURL(require.resolve('hyparquet-writer')).href);
const schema = readSchemas({ folders: [packagedSchemasFolder()] }).get(reportType);
const folder = mkdtempSync(join(tmpdir(), 'sp-reports-writers-'));
const target = join(folder, 'ours.parquet');
const snappy = new wasm.WriterPropertiesBuilder().setCompression(wasm.Compression.SNAPPY).build();

const writers = {
  ours: async (batch, columns) => {
    const writer = await openColumnarWriter({ path: target, columns, metadata: {} });
    await writer.write(batch);
    await writer.finish();
    return statSync(target).size;
  },
  'parquet-wasm': (batch) => {
    const ipc = arrow.tableToIPC(new arrow.Table(batch), 'stream');
    return wasm.writeParquet(wasm.Table.fromIPCStream(ipc), snappy).length;
  },
  'hyparquet-writer': (batch, columns) =>
    parquetWriteBuffer({
      columnData: [...columns, rowNumbers].map((column, index) => jsColumn(batch, column, index)),
    }).byteLength,
};

const rowNumbers = { name: '_row', type: { kind: 'int64' } };
const jsTypes = {
  int64: 'INT64',
  decimal: 'DOUBLE',
  float64: 'DOUBLE',
  bool: 'BOOLEAN',
  timestamp: 'TIMESTAMP',
};

/** Returns a column as that writer takes it: JavaScript values, with doubles for exact decimals. */
function jsColumn(batch, { name, type }, index) {
  const values = arrow.makeVector(batch.data.children[index]);
  const convert = type.kind === 'decimal' ? decimalAsDouble(type.scale) : (value) => value;
  const times = type.kind === 'timestamp' ? (value) => new Date(Number(value)) : convert;
  return {
    name,
    type: jsTypes[type.kind] ?? 'STRING',
    data: Array.from(values, (value) => (value === null ? null : times(value))),
  };
}

/** Reads a decimal's four words; in such a document the first two contain the whole value. */
function decimalAsDouble(scale) {
  return (words) => Number(BigInt.asIntN(64, (BigInt(words[1]) << 32n) | BigInt(words[0]))) / 10 ** scale;
}

const totals = new Map(Object.keys(writers).map((name) => [name, { seconds: 0, bytes: 0 }]));
try {
  for (const round of ['to warm up', 'timed']) {
    const raw = {
      metadata: { sellerId: 'A1', reportType, marketplaceIds: [], documentId: 'd1' },
      path,
      bytes: 0,
    };
    const document = await openDocument(raw, { maxTextBytes: 2 ** 40 });
    const parsed = await parseDocument({ document, schema, engine: 'columnar' });
    const columns = parsed.tables[0].columns;
    for await (const { batch } of parsed.batches) {
      const { columns: present, batch: filled } = withoutNulls(batch, columns);
      for (const [name, write] of Object.entries(writers)) {
        const started = performance.now();
        const bytes = await write(filled, present);
        if (round !== 'timed') continue;
        totals.get(name).seconds += (performance.now() - started) / 1000;
        totals.get(name).bytes += bytes;
      }
    }
  }
} finally {
  rmSync(folder, { recursive: true });
}
process.stdout.write('| writer | seconds | MB written |\n|---|---|---|\n');
for (const [name, { seconds, bytes }] of totals) {
  process.stdout.write(`| ${name} | ${seconds.toFixed(2)} | ${(bytes / 1e6).toFixed(1)} |\n`);
}

/** Removes columns that the document lacks, because not all writers accept them. */
function withoutNulls({ data }, columns) {
  const isThere = (_, index) => !arrow.DataType.isNull(data.children[index].type);
  const present = columns.filter(isThere);
  const children = data.children.filter(isThere);
  const fields = children.map(
    ({ type }, index) => new arrow.Field(present[index]?.name ?? '_row', type, index < present.length),
  );
  const struct = arrow.makeData({
    type: new arrow.Struct(fields),
    length: data.length,
    nullCount: 0,
    children,
  });
  return { columns: present, batch: new arrow.RecordBatch(new arrow.Schema(fields), struct) };
}
