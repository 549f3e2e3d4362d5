import { createReadStream } from 'node:fs';
import { createGunzip } from 'node:zlib';
import { defaultDocumentLimits } from '../../dist/config/documents-spec.js';
import { parseDocument } from '../../dist/parse/parse-document.js';
import { writeLake } from '../../dist/ingest/write-lake.js';
import { packagedSchemasFolder, readSchemas } from '../../dist/schema/read.js';
import { Utf8Check } from '../../dist/source/document/utf8-check.js';
import { openFolderStore } from '../../dist/store/folder-store.js';

/**
 * Converts a gzipped document from file descriptor 3 once, as `convertDocument` does from disk:
 * gunzips it, checks UTF-8, parses it, writes Parquet. Prints the seconds and waits until its
 * memory has been read.
 */
const [reportType = '', lake = ''] = process.argv.slice(2);
const documentDescriptor = 3;
const chunkBytes = 256 * 1024;

const metadata = { sellerId: 'A1', reportType, marketplaceIds: [], documentId: 'd1' };
const schema = readSchemas({ folders: [packagedSchemasFolder()] }).get(reportType);
const started = performance.now();
// A pipe never returns more at once, whatever the size of the buffer.
const pipeBytes = 64 * 1024;
const compressed = createReadStream('', { fd: documentDescriptor, highWaterMark: pipeBytes });
const chunks = compressed.pipe(createGunzip({ chunkSize: chunkBytes }))[Symbol.asyncIterator]();

/**
 * Keeps the beginning of the stream, which can be read only once, for the code that examines it.
 */
const maxKeptBytes = 2 * 1024 * 1024;
const kept = [];
let keptBytes = 0;

async function* openBytes() {
  const check = new Utf8Check();
  for (let index = 0; ; index += 1) {
    const chunk = kept[index] ?? (await chunks.next()).value;
    if (!chunk) break;
    if (index === kept.length && keptBytes < maxKeptBytes) {
      kept.push(chunk);
      keptBytes += chunk.length;
    }
    check.add(chunk);
    yield chunk;
  }
  if (!check.end().isValid) throw new Error('the document is not valid UTF-8');
}

async function* openText() {
  for await (const chunk of openBytes()) yield chunk.toString();
}

const document = {
  raw: { metadata },
  charset: 'utf-8',
  isValidUtf8: true,
  limits: defaultDocumentLimits,
  notes: [],
  openBytes,
  openText,
};
const stream = await parseDocument({ document, schema, engine: 'columnar' });
const { tables } = await writeLake(stream, metadata, { lake: openFolderStore(lake), engine: 'columnar' });
const seconds = (performance.now() - started) / 1000;
process.stdout.write(`${JSON.stringify({ seconds, rows: tables[0].rows })}\n`);
process.stdin.once('end', () => process.exit(0)).resume();
