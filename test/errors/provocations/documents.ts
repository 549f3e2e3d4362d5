import { writeFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { openParquetRewriter } from '../../../src/parquet/rewrite-parquet.js';
import { downloadDocument } from '../../../src/source/document/download.js';
import { documentError } from '../../../src/parse/limits.js';
import { keepFile, withBytes } from '../../../src/source/document/raw-store.js';
import { openFolderStore } from '../../../src/store/folder-store.js';
import { damageFile, flipBit, withoutHashes } from '../../maintenance/damaged-files.js';
import { makeCrashWorld } from '../../ingest/crash-matrix.js';
import { listings, listingsType, type Ran, sellerId } from '../../ingest/world.js';
import { zipOf } from '../../ingest/zip-files.js';
import { sparseWorkbook } from '../../parse/hostile-workbooks.js';
import { answers, command, type Provocation, type Provocations, withServer } from '../provoke.js';

const shippingType = 'GET_FLAT_FILE_ORDER_REPORT_DATA_SHIPPING';
const shipping = 'order-id\torder-item-id\tbuyer-name\tquantity-purchased\no-1\ti-1\tAnn Archer\t1\n';
const metadata = { sellerId, documentId: 'amzn1.spdoc.1', reportType: listingsType, marketplaceIds: [] };

/** Errors of documents, of their tables, and of the files that they are written to. */
export const documentProvocations: Provocations = {
  DOWNLOAD_FAILED: {
    input: 'a download that is answered with 400 again and again',
    provoke: (folder) => download(folder, 400),
  },
  DOWNLOAD_UNAVAILABLE: {
    input: 'a download that is answered with 503 again and again',
    provoke: (folder) => download(folder, 503),
  },
  DOCUMENT_BUSY: {
    input: 'a raw document that another process removes before it is read',
    provoke: async (folder) => {
      writeFileSync(join(folder, 'a.tsv'), 'sku\n1\n');
      const store = openFolderStore(join(folder, 'raw'));
      const raw = await keepFile(store, join(folder, 'a.tsv'), metadata);
      await rm(raw.path);
      await withBytes(raw, store, undefined, async () => {});
    },
  },
  DOCUMENT_TOO_DEEP: {
    input: 'a load of JSON that is nested 100,000 levels deep',
    provoke: (folder) =>
      loadBytes(folder, 'deep.json', `[{"a":${'['.repeat(100_000)}${']'.repeat(100_000)}}]`),
  },
  HEADER_TOO_LONG: {
    input: 'a load of a document with a header line of 8 MB',
    provoke: (folder) => loadBytes(folder, 'header.txt', `sku\t${'x'.repeat(8_000_000)}\n1\t2\n`),
  },
  ROW_TOO_LONG: {
    input: 'a load of a document with a line of 20 MB',
    provoke: (folder) => loadBytes(folder, 'long.txt', `sku\tname\n1\t${'x'.repeat(20_000_000)}\n`),
  },
  SNAPSHOT_HELD: {
    input: 'a load of a snapshot of 3 rows in place of 30, with `snapshotLoss: hold`',
    provoke: async (folder) => {
      const pipeline =
        "{ name: p, schedule: '0 * * * *', queue: 'http://127.0.0.1:1/1/q', snapshotLoss: hold }";
      writeFileSync(join(folder, 'pipelines.yaml'), `pipelines:\n  - ${pipeline}\n`);
      const load = async (rows: number, day: number) => {
        writeFileSync(join(folder, 'a.txt'), listings(rows));
        return command(
          folder,
          'load',
          'a.txt',
          '--type',
          listingsType,
          '--created',
          `2026-10-0${day}`,
          '--json',
        );
      };
      await load(30, 1);
      return load(3, 2);
    },
  },
  TYPE_UNDECIDED: {
    input: 'a load without `--type` of a file whose headers no report schema knows',
    provoke: async (folder) => {
      writeFileSync(join(folder, 'a.txt'), 'made\tup\n1\t2\n');
      return command(folder, 'load', 'a.txt', '--json');
    },
  },
  SCHEMA_FROZEN: {
    input: 'a load of a document with an unknown column, in a pipeline that freezes its tables',
    provoke: async (folder) => {
      const queue = 'https://sqs.us-east-1.amazonaws.com/123456789012/reports';
      const pipeline = `{ name: stock, schedule: '0 * * * *', queue: '${queue}', schemaContract: { columns: freeze } }`;
      writeFileSync(join(folder, 'pipelines.yaml'), `pipelines: [${pipeline}]\n`);
      writeFileSync(join(folder, 'a.txt'), 'sku\tcolour\n1\tred\n');
      return command(folder, 'load', 'a.txt', '--type', 'GET_RESERVED_INVENTORY_DATA', '--json');
    },
  },
  TOO_MANY_COLUMNS: {
    input: 'a load of a document with 3000 columns',
    provoke: (folder) => loadBytes(folder, 'wide.txt', `sku${'\tprice'.repeat(3000)}\n1\n`),
  },
  WORKBOOK_TOO_LARGE: {
    input: 'a load of a workbook with two cells that are a million rows apart',
    provoke: async (folder) => loadBytes(folder, 'sparse.xlsx', await sparseWorkbook()),
  },
  DOCUMENT_TOO_COMPLEX: {
    input: 'a document at which the runtime finds a text too long for it',
    provoke: async () => {
      try {
        return 'x'.repeat(2 ** 30);
      } catch (error) {
        throw documentError(error, metadata);
      }
    },
  },
  RAW_DAMAGED: {
    input: 'a reload of a document whose raw bytes were changed on disk',
    provoke: async (folder) => {
      const path = await loadListings(folder);
      damageFile(path('raw'), documentEnding, { damage: (bytes) => flipBit(bytes, 30) });
      return command(folder, 'reload', 'listings', '--json');
    },
  },
  RAW_METADATA_UNREADABLE: {
    input: 'a reload of a document whose metadata file is empty',
    provoke: async (folder) => {
      const path = await loadListings(folder);
      damageFile(path('raw'), '.json', { damage: () => Buffer.alloc(0) });
      return command(folder, 'reload', 'listings', '--json');
    },
  },
  ROWS_MISSING: {
    input: 'a reload of a document without a hash that lost a row on disk',
    provoke: async (folder) => {
      const path = await loadListings(folder);
      await withoutHashes(path);
      const withoutLastRow = (bytes: Buffer) => {
        const end = bytes.lastIndexOf('\n', -2) + 1;
        return Buffer.concat([bytes.subarray(0, end), Buffer.alloc(bytes.length - end, '\n')]);
      };
      damageFile(path('raw'), documentEnding, { damage: withoutLastRow });
      return command(folder, 'reload', 'listings', '--json');
    },
  },
  PARQUET_DAMAGED: {
    input: 'a Parquet file of the lake that was changed on disk, inspected',
    provoke: async (folder) => {
      const path = await loadListings(folder);
      const file = damageFile(path('lake'), '.parquet', { damage: (bytes) => flipBit(bytes, 30) });
      return command(folder, 'inspect', file);
    },
  },
  RAW_MISSING: {
    input: 'a reload of a document whose raw bytes were removed',
    provoke: async (folder) => {
      writeFileSync(join(folder, 'listings.tsv'), listings(2));
      await command(folder, 'load', 'listings.tsv', '--type', listingsType);
      await rm(join(folder, 'data/raw'), { recursive: true });
      return command(folder, 'reload', 'listings', '--json');
    },
  },
  RAW_PURGED: {
    input: 'a reload of a document whose personal data was purged',
    provoke: async (folder) => {
      writeFileSync(join(folder, 'orders.txt'), shipping);
      await command(folder, 'load', 'orders.txt', '--type', shippingType, '--created', '2020-01-01');
      await command(folder, 'purge', '--older-than', '30d');
      return command(folder, 'reload', 'orders_shipping', '--json');
    },
  },
  FILE_UNREADABLE: {
    input: 'the name of a file that does not exist',
    provoke: (folder) => command(folder, 'inspect', 'absent.parquet'),
  },
  ARCHIVE_UNREADABLE: {
    input: 'a load of a zip archive with a name that leads outside',
    provoke: (folder) => loadBytes(folder, 'a.zip', zipOf([{ name: '../a.txt', content: 'sku\n1\n' }])),
  },
  PROCESS_KILLED: {
    input: 'a document that kills the program each time it is parsed',
    provoke: killAgainAndAgain,
  },
  PII_KEY_MISSING: {
    input: 'a policy to hash personal data whose key is not set',
    provoke: (folder) => {
      writeFileSync(join(folder, 'orders.txt'), shipping);
      writeFileSync(
        join(folder, 'pipelines.yaml'),
        "piiHashKey: ${PII_KEY}\npipelines:\n  - name: all\n    schedule: '* * * * *'\n    queue: http://127.0.0.1:1/1/q\n    pii: hash\n",
      );
      return command(folder, 'load', 'orders.txt', '--type', shippingType);
    },
  },
  PARQUET_FAILED: {
    input: 'a damaged Parquet file that is to be rewritten',
    provoke: async (folder) => {
      const path = join(folder, 'damaged.parquet');
      writeFileSync(path, 'PAR1 no');
      const rewriter = await openParquetRewriter();
      try {
        await rewriter.clear(path, ['name'], null);
      } finally {
        await rewriter.close();
      }
    },
  },
};

/**
 * For a code, the input of `docs/bad-input.md` that is answered with it; `codes` has the answer to
 * each.
 */
export function badInputProvocations(codes: () => Promise<Map<string, string>>): Provocations {
  const given = (input: string): Provocation => ({
    input,
    provoke: async () => ({ code: 0, stdout: (await codes()).get(input) ?? '', stderr: '' }),
  });
  return {
    NOTIFICATION_UNREADABLE: given('a message that is not a notification'),
    SELLER_UNKNOWN: given('a report of a seller who is not in pipelines.yaml'),
    REPORT_FATAL: given('a report that Amazon could not make'),
    API_NOT_FOUND: given('a document that Amazon no longer has'),
    API_ACCESS_DENIED: given('a document that Amazon refuses'),
    REPORT_NOT_READY: given('a report that Amazon says is not finished'),
    DOCUMENT_TRUNCATED: given('a truncated gzip file'),
    DOCUMENT_CORRUPT: given('a gzip file with damaged bytes'),
    DOCUMENT_TOO_LARGE: given('a document above the size limit'),
    HEADER_NOT_FOUND: given('numbers without a header'),
    NOT_A_REPORT: given('an error message instead of a report'),
    HEADER_UNKNOWN: given('a document of another type'),
    WRONG_REPORT_TYPE: given('a document that fits another type far better'),
    KEY_COLUMN_MISSING: given('a document without its key columns'),
    ROWS_REJECTED: given('a document whose rows are all wider than the header'),
    DOCUMENT_UNPARSABLE: given('truncated JSON'),
    FORMAT_UNSUPPORTED: given('a PDF'),
  };
}

function download(folder: string, status: number): Promise<void> {
  return withServer(answers(status, ''), async (endpoint) => {
    const locate = async () => ({ url: `${endpoint}/document` });
    await downloadDocument({ store: openFolderStore(folder), metadata, locate, pauseMs: 1 });
  });
}

async function killAgainAndAgain(): Promise<Ran> {
  const world = await makeCrashWorld({ pipelines: [{ limits: { waitTimeSeconds: 0, concurrency: 2 } }] });
  try {
    const body = Buffer.from('id\tamount\tquantity\n1\t1\t1\n');
    const reportType = 'GET_CRASH_APPEND';
    await world.sandbox.notify(world.sandbox.addReport({ sellerId, reportType, body }));
    for (let run = 0; run < 6; run += 1) {
      const ran = await world.spawnRun(['run', '--json'], { SP_REPORTS_CRASH_AT: 'rows-parsed' });
      if (ran.code !== null) return ran;
      await world.sandbox.returnMessages();
    }
    throw new Error('the program was killed six times');
  } finally {
    await world.close();
  }
}

/** Raw documents have no extension: theirs ends with the hash of the file's bytes. */
const documentEnding = /(?<!\.json)$/;

/** Loads a file of listings; returns the paths of the data folder. */
async function loadListings(folder: string): Promise<(...names: string[]) => string> {
  writeFileSync(join(folder, 'listings.tsv'), listings(3));
  await command(folder, 'load', 'listings.tsv', '--type', listingsType);
  return (...names) => join(folder, 'data', ...names);
}

function loadBytes(folder: string, file: string, bytes: string | Buffer): Promise<Ran> {
  writeFileSync(join(folder, file), bytes);
  return command(folder, 'load', file, '--type', 'GET_UNKNOWN_THING', '--json');
}
