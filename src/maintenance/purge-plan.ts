import { basename, dirname, join } from 'node:path';
import { lakePath } from '../parquet/lake-path.js';
import type { ParquetRewriter } from '../parquet/rewrite-parquet.js';
import { mayHoldPersonalData, personalColumns } from '../schema/personal-data.js';
import type { ReportSchema } from '../schema/types.js';
import { type RawId, rawPath, rawPathsOf, readRaws } from '../source/document/raw-store.js';
import type { Store } from '../store/types.js';
import { ledgerFieldPages } from '../warehouse/ledger/ledger-pages.js';
import {
  isPurged,
  type LedgerEntry,
  type LedgerField,
  type LedgerRow,
  type Load,
  type LoadStatus,
} from '../warehouse/types.js';
import type { PipelineContext } from '../ingest/context.js';
import { readLoadRecord, readRecords, recordPath, recordPathsOf } from '../ingest/load-record.js';

/** A part of what a purge removes: a purge of any size needs the memory of one. */
export interface PurgeStep {
  documents: { entry: LedgerEntry; record: Load | undefined }[];
  /** Parquet files of these documents, and the new values of some of their columns. */
  parquet: { path: string; columns: string[]; value: null | '' }[];
  /** Paths of raw documents, including those without a ledger row. */
  raws: string[];
  /** Parquet files without a ledger row. */
  leftovers: string[];
}

/** Files of which no ledger row is known yet. */
interface Unclaimed {
  /** Raw documents and their metadata. */
  raw: Set<string>;
  records: Set<string>;
  /** Parquet files by their document. */
  parquet: Map<string, string[]>;
}

/**
 * Finds the personal data of older reports, the documents of the ledger first. Errors: those of the
 * warehouse; PARQUET_FAILED.
 */
export async function* planPurge(
  context: PipelineContext,
  before: string,
  rewriter: ParquetRewriter,
): AsyncGenerator<PurgeStep> {
  const { warehouse, clock, lake, onEvent } = context;
  onEvent({ event: 'step_advanced', step: 'listing files', done: 0 });
  // Before the ledger: a file that is listed here and has no ledger row later was not just written.
  const unclaimed = await listFiles(context);
  const ofAge = { statuses: withDocument, madeBefore: before };
  let done = 0;
  for await (const page of ledgerFieldPages(warehouse, clock, candidateFields, ofAge)) {
    done += page.length;
    onEvent({ event: 'step_advanced', step: 'checking older documents', done });
    yield await stepOf(page, warehouse.seen, unclaimed, before, context, rewriter);
  }
  if (unclaimed.raw.size + unclaimed.records.size + unclaimed.parquet.size === 0) return;
  for await (const page of ledgerFieldPages(warehouse, clock, claimFields)) {
    for (const row of page) claim(row, unclaimed, context);
  }
  // The next rebuild brings back loads that only the lake has.
  for await (const records of readRecords(lake, [...unclaimed.records])) {
    const found = records.map(({ load }) => load.entry);
    const inLedger = await warehouse.seen(found.map(({ key }) => key));
    const others = found.filter(({ key }) => !inLedger.has(key));
    const entries = new Map(others.map((entry) => [entry.key, entry]));
    const candidates = others.map((entry) => ({ ...entry, loadedAt: '' }));
    yield await stepOf(candidates, async () => entries, unclaimed, before, context, rewriter);
  }
  yield {
    documents: [],
    parquet: [],
    raws: await unknownRaws(unclaimed, before, context),
    leftovers: await unknownParquet(unclaimed, before, context, rewriter),
  };
}

async function listFiles({ lake, raw }: PipelineContext): Promise<Unclaimed> {
  const inLake = await lake.list();
  const parquet = new Map<string, string[]>();
  for (const path of inLake.filter((each) => each.endsWith('.parquet'))) {
    const key = join(basename(dirname(path)), basename(path));
    parquet.set(key, [...(parquet.get(key) ?? []), path]);
  }
  return { raw: new Set(await raw.list()), records: new Set(recordPathsOf(inLake, lake)), parquet };
}

const claimFields = ['key', 'sellerId', 'documentId', 'reportType'] as const satisfies LedgerField[];

/** Notes that files belong to a ledger row, and returns those that are there. */
function claim(
  row: Pick<LedgerRow, (typeof claimFields)[number]>,
  unclaimed: Unclaimed,
  { raw, lake }: PipelineContext,
): (RawId & { raw: string | undefined; parquet: string[] }) | undefined {
  unclaimed.records.delete(recordPath(lake.folder, row));
  const { sellerId, documentId, reportType } = row;
  if (!sellerId || !documentId || !reportType) return undefined;
  const id = { sellerId, documentId, reportType };
  const path = rawPath(raw.folder, id);
  const areThere = [path, `${path}.json`].map((each) => unclaimed.raw.delete(each));
  const parquet = unclaimed.parquet.get(fileKey(id)) ?? [];
  unclaimed.parquet.delete(fileKey(id));
  return { ...id, raw: areThere.includes(true) ? path : undefined, parquet };
}

/** The statuses of documents whose bytes were stored at some time. */
const withDocument: LoadStatus[] = ['loaded', 'empty', 'quarantined', 'fatal'];

/** What shows whether a document is to be purged. */
const candidateFields = [
  ...claimFields,
  'status',
  'notes',
  'tables',
  'reportCreatedAt',
  'loadedAt',
] as const satisfies LedgerField[];

type Candidate = Pick<LedgerRow, (typeof candidateFields)[number]>;

/** `read` returns the whole entries of some candidates: few have personal data. */
async function stepOf(
  candidates: Candidate[],
  read: (keys: string[]) => Promise<Map<string, LedgerEntry>>,
  unclaimed: Unclaimed,
  before: string,
  context: PipelineContext,
  rewriter: ParquetRewriter,
): Promise<PurgeStep> {
  const step: PurgeStep = { documents: [], parquet: [], raws: [], leftovers: [] };
  const found: { key: string; clearings: PurgeStep['parquet']; raw: string | undefined }[] = [];
  for (const candidate of candidates) {
    const files = claim(candidate, unclaimed, context);
    if (!files || isPurged(candidate) || !isOlder(candidate, before)) continue;
    if (!withDocument.includes(candidate.status)) continue;
    const clearings = await clearingsOf(candidate, files, context, rewriter);
    if (clearings) found.push({ key: candidate.key, clearings, raw: files.raw });
  }
  const entries = await read(found.map(({ key }) => key));
  for (const { key, clearings, raw } of found) {
    const entry = entries.get(key);
    // It was loaded again under another key.
    if (!entry) continue;
    step.documents.push({ entry, record: await readLoadRecord(context.lake, entry) });
    step.parquet.push(...clearings);
    if (raw !== undefined) step.raws.push(raw);
  }
  return step;
}

/** A document of unknown age counts as old. */
function isOlder({ reportCreatedAt, loadedAt }: Candidate, before: string): boolean {
  const madeAt = reportCreatedAt ?? loadedAt;
  return madeAt === '' || Date.parse(madeAt) < Date.parse(before);
}

/** Columns of a table that no schema knows and that were found to contain personal data. */
export function foundColumns(entries: Pick<LedgerEntry, 'tables'>[], table: string): string[] {
  const isTable = ({ name }: { name: string }) => name.toLowerCase() === table.toLowerCase();
  return entries.flatMap(({ tables }) => tables.filter(isTable).flatMap(({ personal = [] }) => personal));
}

/** Whether a document may contain personal data, by its schema and by the columns that it added. */
function isPersonalBySchema({ tables }: Candidate, schema: ReportSchema): boolean {
  const isAdded = ({ name, added = [], personal = [] }: LedgerEntry['tables'][number]) =>
    personalColumns(
      schema,
      name,
      added.map((column) => column.name),
      personal,
    ).length > 0;
  return mayHoldPersonalData(schema) || tables.some(isAdded);
}

/** Whether a Parquet file is of rejects or of a table that the schema has. */
function isOf(path: string, { tables }: ReportSchema): boolean {
  return tableOf(path) === '_rejects' || tables.some(({ name }) => name === tableOf(path));
}

/** What to clear in the Parquet files of a document; undefined if it contains no personal data. */
async function clearingsOf(
  entry: Candidate,
  { reportType, parquet: files }: { reportType: string; parquet: string[] },
  { schemas, lake }: PipelineContext,
  rewriter: ParquetRewriter,
): Promise<PurgeStep['parquet'] | undefined> {
  const schema = schemas.get(reportType);
  const isPersonal = schema
    ? isPersonalBySchema(entry, schema)
    : entry.status === 'quarantined' || entry.status === 'fatal';
  // For most documents the schema shows at once that there is nothing to find.
  if (schema && !isPersonal && files.every((path) => isOf(path, schema))) return undefined;
  const clearings: PurgeStep['parquet'] = [];
  for (const path of files) {
    const table = tableOf(path);
    if (table === '_rejects') {
      clearings.push({ path, columns: ['raw'], value: '' });
      continue;
    }
    const { columns: names } = await look(path, lake, rewriter);
    const columns = personalColumns(schema, table, names, foundColumns([entry], table));
    if (columns.length > 0) clearings.push({ path, columns, value: null });
  }
  return isPersonal || clearings.some(({ value }) => value === null) ? clearings : undefined;
}

/**
 * Raw documents of older reports without a ledger row, for example after a crash, whose type may
 * contain personal data.
 */
async function unknownRaws(
  unclaimed: Unclaimed,
  before: string,
  { raw, schemas }: PipelineContext,
): Promise<string[]> {
  const found: string[] = [];
  for await (const { metadata, path } of readRaws(raw, rawPathsOf(unclaimed.raw))) {
    if (!mayHoldPersonalData(schemas.get(metadata.reportType))) continue;
    const createdMs = metadata.reportCreatedAt
      ? Date.parse(metadata.reportCreatedAt)
      : ((await raw.find(path))?.writtenMs ?? 0);
    if (createdMs < Date.parse(before)) found.push(path);
  }
  return found;
}

/** Old Parquet files without a ledger row that have personal columns or are rejects. */
async function unknownParquet(
  unclaimed: Unclaimed,
  before: string,
  { schemas, lake }: PipelineContext,
  rewriter: ParquetRewriter,
): Promise<string[]> {
  const found: string[] = [];
  for (const path of [...unclaimed.parquet.values()].flat()) {
    const writtenMs = (await lake.find(path))?.writtenMs;
    if (writtenMs === undefined || writtenMs >= Date.parse(before)) continue;
    const { columns, metadata } = await look(path, lake, rewriter);
    const schema = schemas.get(metadata.report_type ?? '');
    const isRejects = tableOf(path) === '_rejects';
    if (isRejects || personalColumns(schema, tableOf(path), columns).length > 0) found.push(path);
  }
  return found;
}

/** The contents of a Parquet file of the lake. */
async function look(path: string, lake: Store, rewriter: ParquetRewriter) {
  await lake.fetch(path);
  try {
    return await rewriter.read(path);
  } finally {
    await lake.evictLocalCopy(path);
  }
}

/** The part of a Parquet file's path that identifies its document. */
function fileKey(id: { sellerId: string; documentId: string }): string {
  const path = lakePath('', { table: '', ...id });
  return join(basename(dirname(path)), basename(path));
}

/** The table of a Parquet file of the lake. */
function tableOf(path: string): string {
  return basename(dirname(dirname(path)));
}
