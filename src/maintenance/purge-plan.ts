import { basename, dirname } from 'node:path';
import type { ParquetRewriter } from '../parquet/rewrite-parquet.js';
import { mayHoldPersonalData, personalColumns } from '../schema/personal-data.js';
import type { ReportSchema } from '../schema/types.js';
import { readRaws } from '../source/document/raw-store.js';
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
import { readLoadRecord, readRecords } from '../ingest/load-record.js';
import { type Candidate, claimFields, type FoundCandidate, listPurgeFiles } from './purge-files.js';
import type { WorkTables } from './work-tables.js';

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

/**
 * Finds the personal data of older reports, the documents of the ledger first. What may be as long
 * as the ledger is in `tables`. Errors: those of the warehouse; PARQUET_FAILED; DISK_FULL.
 */
export async function* planPurge(
  context: PipelineContext,
  before: string,
  rewriter: ParquetRewriter,
  tables: WorkTables,
): AsyncGenerator<PurgeStep> {
  const { warehouse, clock, lake, onEvent } = context;
  // Before the ledger: a file that is listed here and has no ledger row later was not just written.
  const files = await listPurgeFiles(context, tables);
  const ofAge = { statuses: withDocument, madeBefore: before };
  let done = 0;
  for await (const page of ledgerFieldPages(warehouse, clock, candidateFields, ofAge)) {
    done += page.length;
    onEvent({ event: 'step_advanced', step: 'checking older documents', done });
    await files.addCandidates(page.flatMap((row) => candidateOf(row, before, context)));
  }
  for await (const found of files.candidates()) {
    yield await stepOf(found, (some) => warehouse.seen(some.map(({ key }) => key)), context, rewriter);
  }
  if (await files.areNone()) return;
  for await (const page of ledgerFieldPages(warehouse, clock, claimFields)) await files.claim(page);
  // The next rebuild brings back loads that only the lake has.
  for await (const paths of files.unclaimedRecords()) {
    for await (const records of readRecords(lake, paths)) {
      const inLedger = await warehouse.seen(records.map(({ load }) => load.entry.key));
      const others = records.filter(({ load }) => !inLedger.has(load.entry.key));
      await files.claim(others.map(({ load }) => load.entry));
      await files.addCandidates(
        others.flatMap(({ path, load: { entry } }) =>
          candidateOf({ ...entry, loadedAt: '' }, before, context, path),
        ),
      );
    }
  }
  for await (const found of files.candidates()) {
    yield await stepOf(found, (some) => readEntries(some, lake), context, rewriter);
  }
  const nothing: PurgeStep = { documents: [], parquet: [], raws: [], leftovers: [] };
  for await (const paths of files.unclaimedRaws()) {
    yield { ...nothing, raws: await oldRaws(paths, before, context) };
  }
  for await (const paths of files.unclaimedParquet()) {
    yield { ...nothing, leftovers: await oldParquet(paths, before, context, rewriter) };
  }
}

/** The statuses of documents whose bytes were stored at some time. */
const withDocument: LoadStatus[] = ['loaded', 'empty', 'quarantined', 'fatal', 'unloaded'];

/** What shows whether a document is to be purged. */
const candidateFields = [
  ...claimFields,
  'status',
  'notes',
  'tables',
  'reportCreatedAt',
  'loadedAt',
] as const satisfies LedgerField[];

type DatedRow = Pick<LedgerRow, (typeof candidateFields)[number]>;

/** The document of a ledger row if it is old and may have personal data; otherwise nothing. */
function candidateOf(
  row: DatedRow,
  before: string,
  { schemas }: PipelineContext,
  record: string | null = null,
): Candidate[] {
  const { key, status, sellerId, documentId, reportType } = row;
  if (!sellerId || !documentId || !reportType) return [];
  if (isPurged(row) || !isOlder(row, before) || !withDocument.includes(status)) return [];
  const schema = schemas.get(reportType);
  const isPersonal = schema
    ? isPersonalBySchema(row, schema)
    : status === 'quarantined' || status === 'fatal' || status === 'unloaded';
  return [{ key, sellerId, documentId, reportType, isPersonal, record }];
}

/** `read` returns the whole entries of some candidates: few have personal data. */
async function stepOf(
  candidates: FoundCandidate[],
  read: (candidates: FoundCandidate[]) => Promise<Map<string, LedgerEntry>>,
  context: PipelineContext,
  rewriter: ParquetRewriter,
): Promise<PurgeStep> {
  const step: PurgeStep = { documents: [], parquet: [], raws: [], leftovers: [] };
  const suspects = candidates.filter((each) => isSuspect(each, context));
  const entries = suspects.length > 0 ? await read(suspects) : new Map<string, LedgerEntry>();
  for (const suspect of suspects) {
    const entry = entries.get(suspect.key);
    // It was loaded again under another key.
    if (!entry) continue;
    const clearings = await clearingsOf(entry, suspect, context, rewriter);
    if (!clearings) continue;
    step.documents.push({ entry, record: await readLoadRecord(context.lake, entry) });
    step.parquet.push(...clearings);
    if (suspect.raw !== null) step.raws.push(suspect.raw);
  }
  return step;
}

/** The entries of documents that only the lake has, by key. */
async function readEntries(candidates: FoundCandidate[], lake: Store): Promise<Map<string, LedgerEntry>> {
  const entries = new Map<string, LedgerEntry>();
  for await (const records of readRecords(
    lake,
    candidates.flatMap(({ record }) => record ?? []),
  )) {
    for (const { load } of records) entries.set(load.entry.key, load.entry);
  }
  return entries;
}

/** A document of unknown age counts as old. */
function isOlder({ reportCreatedAt, loadedAt }: DatedRow, before: string): boolean {
  const madeAt = reportCreatedAt ?? loadedAt;
  return madeAt === '' || Date.parse(madeAt) < Date.parse(before);
}

/** Columns of a table that no schema knows and that were found to contain personal data. */
export function foundColumns(entries: Pick<LedgerEntry, 'tables'>[], table: string): string[] {
  const isTable = ({ name }: { name: string }) => name.toLowerCase() === table.toLowerCase();
  return entries.flatMap(({ tables }) => tables.filter(isTable).flatMap(({ personal = [] }) => personal));
}

/** Whether a document may contain personal data, by its schema and by the columns that it added. */
function isPersonalBySchema({ tables }: Pick<DatedRow, 'tables'>, schema: ReportSchema): boolean {
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

/** Whether a document, or what is in its files, may contain personal data. */
function isSuspect(
  { reportType, isPersonal, parquet }: FoundCandidate,
  { schemas }: PipelineContext,
): boolean {
  const schema = schemas.get(reportType);
  // For most documents the schema shows at once that there is nothing to find.
  return !schema || isPersonal || !parquet.every((path) => isOf(path, schema));
}

/** What to clear in the Parquet files of a document; undefined if it contains no personal data. */
async function clearingsOf(
  entry: LedgerEntry,
  { reportType, isPersonal, parquet: files }: FoundCandidate,
  { schemas, lake }: PipelineContext,
  rewriter: ParquetRewriter,
): Promise<PurgeStep['parquet'] | undefined> {
  const schema = schemas.get(reportType);
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

/** Those of these raw documents that are of older reports whose type may have personal data. */
async function oldRaws(
  paths: string[],
  before: string,
  { raw, schemas }: PipelineContext,
): Promise<string[]> {
  const found: string[] = [];
  for await (const { metadata, path } of readRaws(raw, paths)) {
    if (!mayHoldPersonalData(schemas.get(metadata.reportType))) continue;
    const createdMs = metadata.reportCreatedAt
      ? Date.parse(metadata.reportCreatedAt)
      : ((await raw.find(path))?.writtenMs ?? 0);
    if (createdMs < Date.parse(before)) found.push(path);
  }
  return found;
}

/** Those of these Parquet files that are old and have personal columns or are rejects. */
async function oldParquet(
  paths: string[],
  before: string,
  { schemas, lake }: PipelineContext,
  rewriter: ParquetRewriter,
): Promise<string[]> {
  const found: string[] = [];
  for (const path of paths) {
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

/** The table of a Parquet file of the lake. */
function tableOf(path: string): string {
  return basename(dirname(dirname(path)));
}
