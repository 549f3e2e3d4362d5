import { basename, dirname, join } from 'node:path';
import type { PipelineContext } from '../ingest/context.js';
import { recordPath, recordPathsOf } from '../ingest/load-record.js';
import { lakePath } from '../parquet/lake-path.js';
import { type RawId, rawPath, rawPathsOf } from '../source/document/raw-store.js';
import type { LedgerField, LedgerRow } from '../warehouse/types.js';
import type { WorkTables } from './work-tables.js';

/** A document that may have personal data. */
export interface Candidate extends RawId {
  key: string;
  /** Whether its schema, or its status, says so; otherwise its files must show it. */
  isPersonal: boolean;
  /** The load record that it is known from; null if the ledger has it. */
  record: string | null;
}

/** A candidate, with the paths of its files that are there. */
export interface FoundCandidate extends Candidate {
  raw: string | null;
  parquet: string[];
}

/** What shows which files belong to a ledger row. */
export const claimFields = ['key', 'sellerId', 'documentId', 'reportType'] as const satisfies LedgerField[];

type Claim = Pick<LedgerRow, (typeof claimFields)[number]>;

/** The files of lake and raw, as rows of work tables. */
export interface PurgeFiles {
  /** Whether there are no files at all. */
  areNone(): Promise<boolean>;
  addCandidates(candidates: Candidate[]): Promise<void>;
  /** The candidates that were added since the last call, some at a time. */
  candidates(): AsyncGenerator<FoundCandidate[]>;
  /** Notes that the files of these documents belong to a document. */
  claim(rows: Claim[]): Promise<void>;
  /** Paths of load records that nobody has claimed yet, in pages. So the next two. */
  unclaimedRecords(): AsyncGenerator<string[]>;
  /** Paths of raw documents. */
  unclaimedRaws(): AsyncGenerator<string[]>;
  unclaimedParquet(): AsyncGenerator<string[]>;
}

/** Lists the files of lake and raw. Errors: those of the stores and of work tables. */
export async function listPurgeFiles(context: PipelineContext, tables: WorkTables): Promise<PurgeFiles> {
  const { lake, raw, onEvent } = context;
  for (const each of listTables) await tables.run(each);
  let listed = 0;
  const advance = (paths: string[]) => {
    listed += paths.length;
    onEvent({ event: 'step_advanced', step: 'listing files', done: listed });
  };
  advance([]);
  for await (const paths of lake.pages()) {
    const parquet = paths.filter((path) => path.endsWith('.parquet'));
    await tables.append(
      'parquet',
      parquet.map((path) => [join(basename(dirname(path)), basename(path)), path]),
    );
    await tables.append(
      'record',
      recordPathsOf(paths, lake).map((path) => [path]),
    );
    advance(paths);
  }
  for await (const paths of raw.pages()) {
    await tables.append(
      'raw',
      paths.map((path) => [path.replace(/\.json$/, ''), path]),
    );
    advance(paths);
  }

  return {
    areNone: async () => listed === 0,
    addCandidates: (candidates) =>
      tables.append(
        'candidate',
        candidates.map((each) => [
          each.key,
          each.sellerId,
          each.documentId,
          each.reportType,
          each.isPersonal,
          each.record,
          fileKey(each),
          rawPath(raw.folder, each),
        ]),
      ),
    async *candidates() {
      for (const each of joinCandidates) await tables.run(each);
      let last: (FoundCandidate & { number: bigint }) | undefined;
      for await (const page of tables.pages<JoinedRow>('found')) {
        const whole: FoundCandidate[] = [];
        for (const { path, ...row } of page) {
          if (last?.number !== row.number) {
            if (last) whole.push(last);
            last = { ...row, parquet: [] };
          }
          if (path !== null) last.parquet.push(path);
        }
        if (whole.length > 0) yield whole;
      }
      if (last) yield [last];
    },
    claim: (rows) =>
      tables.append(
        'claimed',
        rows.map((row) => {
          const { sellerId, documentId, reportType } = row;
          const id = sellerId && documentId && reportType ? { sellerId, documentId, reportType } : undefined;
          return [recordPath(lake.folder, row), id ? fileKey(id) : null, id ? rawPath(raw.folder, id) : null];
        }),
      ),
    unclaimedRecords: () =>
      unclaimed('record', `SELECT path FROM record ANTI JOIN claimed ON claimed.record = record.path`),
    async *unclaimedRaws() {
      const rest = 'SELECT path FROM raw ANTI JOIN claimed ON claimed.raw = raw.document';
      for await (const paths of unclaimed('raw', rest)) yield rawPathsOf(paths);
    },
    unclaimedParquet: () => unclaimed('parquet', 'SELECT path FROM parquet ANTI JOIN claimed USING (file)'),
  };

  async function* unclaimed(name: string, paths: string): AsyncGenerator<string[]> {
    await tables.run(`CREATE TABLE unclaimed_${name} AS ${paths} ORDER BY path`);
    for await (const page of tables.pages<{ path: string }>(`unclaimed_${name}`)) {
      yield page.map(({ path }) => path);
    }
  }
}

/** `file` is the part of a Parquet file's path that identifies its document. */
const listTables = [
  'CREATE TABLE parquet (file VARCHAR, path VARCHAR)',
  'CREATE TABLE record (path VARCHAR)',
  'CREATE TABLE raw (document VARCHAR, path VARCHAR)',
  `CREATE TABLE candidate ("key" VARCHAR, "sellerId" VARCHAR, "documentId" VARCHAR, "reportType" VARCHAR,
     "isPersonal" BOOLEAN, record VARCHAR, file VARCHAR, raw VARCHAR)`,
  'CREATE TABLE claimed (record VARCHAR, file VARCHAR, raw VARCHAR)',
];

/** One row for each candidate and Parquet file, or for a candidate without one. */
const joinCandidates = [
  `CREATE OR REPLACE TABLE found AS
   SELECT each.rowid AS "number", "key", "sellerId", "documentId", "reportType", "isPersonal", each.record,
     CASE WHEN each.raw IN (SELECT document FROM raw) THEN each.raw END AS raw, parquet.path
   FROM candidate each LEFT JOIN parquet USING (file)
   ORDER BY "number", parquet.path`,
  'CREATE OR REPLACE TABLE candidate AS FROM candidate LIMIT 0',
];

interface JoinedRow extends Omit<FoundCandidate, 'parquet'> {
  number: bigint;
  path: string | null;
}

function fileKey(id: Pick<RawId, 'sellerId' | 'documentId'>): string {
  const path = lakePath('', { table: '', ...id });
  return join(basename(dirname(path)), basename(path));
}
