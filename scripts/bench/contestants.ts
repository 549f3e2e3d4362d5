import { createReadStream, mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { createGunzip } from 'node:zlib';
import pino from 'pino';
import { mostInHand } from '../../src/pipeline/work-list.js';
import { packagedSchemasFolder, readSchemas } from '../../src/schema/read.js';
import type { RawDocument } from '../../src/source/types.js';
import { reportType } from './document.js';
import { runDuckDb, selectDocument } from './duckdb.js';

/** What is measured: the program as it is built, not its source. */
const built = async () => ({
  ...((await import(
    '../../dist/pipeline/convert-document.js' as string
  )) as typeof import('../../src/pipeline/convert-document.js')),
  ...((await import(
    '../../dist/pipeline/load-document.js' as string
  )) as typeof import('../../src/pipeline/load-document.js')),
  ...((await import(
    '../../dist/pipeline/commit-queue.js' as string
  )) as typeof import('../../src/pipeline/commit-queue.js')),
  ...((await import(
    '../../dist/warehouse/duckdb/warehouse.js' as string
  )) as typeof import('../../src/warehouse/duckdb/warehouse.js')),
  ...((await import(
    '../../dist/source/document/raw-store.js' as string
  )) as typeof import('../../src/source/document/raw-store.js')),
});

export interface Input {
  /** The gzipped document; for `small-documents` a folder of some. */
  path: string;
  header: string[];
  /** A folder of the contestant's own. */
  folder: string;
}

/** Prepares, and returns what is timed. */
type Contestant = (input: Input) => Promise<() => Promise<void>>;

const schemas = readSchemas({ folders: [packagedSchemasFolder()] });
const facts = { sellerId: 'A1', reportType, marketplaceIds: [] };
const maxDocumentBytes = 2 ** 40;
/** The default of a pipeline. */
const concurrency = 2;

function convertWith(engine: 'columnar' | 'reference'): Contestant {
  return async ({ path, folder }) => {
    const { convertDocument } = await built();
    const raw: RawDocument = { facts: { ...facts, documentId: 'd1' }, path, bytes: 0 };
    const schema = schemas.get(reportType);
    if (!schema) throw new Error(`no schema of ${reportType}`);
    return async () => {
      await convertDocument(raw, { lake: folder, engine }, { schema, maxTextBytes: maxDocumentBytes });
    };
  };
}

/** A pipeline context with a warehouse of its own, for what goes on to a table. */
async function openContext(folder: string) {
  const { openDuckDbWarehouse } = await built();
  const path = join(folder, 'warehouse.duckdb');
  for (const each of [path, `${path}.wal`]) rmSync(each, { force: true });
  const config = { lake: join(folder, 'lake'), raw: join(folder, 'raw'), engine: 'columnar' };
  return {
    config,
    schemas,
    warehouse: openDuckDbWarehouse({ path }),
    log: pino({ level: 'silent' }),
    onEvent: () => {},
  } as never;
}

async function loadAll(raws: RawDocument[], folder: string): Promise<void> {
  const { prepareRaw, CommitQueue } = await built();
  const context = await openContext(folder);
  const commits = new CommitQueue(context);
  const left = [...raws];
  const inHand = new Set<Promise<void>>();
  const load = async (raw: RawDocument): Promise<void> => {
    const prepared = await prepareRaw(raw, { pipeline: null, maxDocumentBytes }, context);
    const committing = commits.submit(prepared, []).then((entry) => {
      inHand.delete(committing);
      if (entry.status !== 'loaded') throw new Error(`${entry.status}: ${entry.reason}`);
    });
    inHand.add(committing);
    if (inHand.size >= mostInHand) await Promise.race(inHand);
  };
  // As a drain does: some are prepared side by side, and what is ready waits for its commit.
  await Promise.all(
    Array.from({ length: concurrency }, async () => {
      for (let raw = left.shift(); raw; raw = left.shift()) await load(raw);
    }),
  );
  await Promise.all(inHand);
}

export const contestants: Record<string, Contestant> = {
  columnar: convertWith('columnar'),
  reference: convertWith('reference'),
  'duckdb-copy': async ({ path, header, folder }) => {
    const target = join(folder, 'duckdb.parquet');
    const copy = `COPY (${selectDocument(path, header)}) TO '${target}' (FORMAT parquet, COMPRESSION snappy)`;
    return async () => void (await runDuckDb([copy]));
  },
  'duckdb-copy-1-thread': async ({ path, header, folder }) => {
    const target = join(folder, 'duckdb-1.parquet');
    const copy = `COPY (${selectDocument(path, header)}) TO '${target}' (FORMAT parquet, COMPRESSION snappy)`;
    return async () => void (await runDuckDb([copy], { threads: 1 }));
  },
  gunzip:
    async ({ path }) =>
    async () => {
      for await (const _ of createReadStream(path).pipe(createGunzip()));
    },
  'columnar-to-table':
    async ({ path, folder }) =>
    () =>
      loadAll([{ facts: { ...facts, documentId: 'd1' }, path, bytes: 0 }], folder),
  'duckdb-to-table': async ({ path, header, folder }) => {
    const file = join(folder, 'duckdb.duckdb');
    return async () => {
      rmSync(file, { force: true });
      await runDuckDb([`CREATE TABLE orders AS ${selectDocument(path, header)}`], { path: file });
    };
  },
  'small-documents': async ({ path, folder }) => {
    const { listRaw } = await built();
    const raws: RawDocument[] = [];
    for await (const raw of listRaw(path)) raws.push(raw);
    mkdirSync(folder, { recursive: true });
    return () => loadAll(raws, folder);
  },
};
