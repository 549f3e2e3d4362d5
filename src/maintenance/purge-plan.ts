import { basename, dirname, join } from 'node:path';
import { lakePath } from '../parquet/lake-path.js';
import type { ParquetRewriter } from '../parquet/rewrite-parquet.js';
import { mayHoldPersonalData, personalColumns } from '../schema/personal-data.js';
import type { ReportSchema } from '../schema/types.js';
import { listRaw, type RawId, rawPath } from '../source/document/raw-store.js';
import type { Store } from '../store/types.js';
import { isPurged, type LedgerEntry, type LedgerRow, type Load } from '../warehouse/types.js';
import type { PipelineContext } from '../ingest/context.js';
import { readLoadRecords } from '../ingest/load-record.js';
import { filesOfRebuilds } from './rebuild.js';

/** What a purge removes. */
export interface PurgePlan {
  documents: { entry: LedgerEntry; record?: Load }[];
  /** Parquet files of these documents, and the new values of some of their columns. */
  parquet: { path: string; columns: string[]; value: null | '' }[];
  /** Paths of raw documents, including those without a ledger row. */
  raws: string[];
  /** Parquet files without a ledger row. */
  leftovers: string[];
  /** Copies of the warehouse file. */
  copies: string[];
}

/** Finds the personal data of older reports. Errors: those of the warehouse; PARQUET_FAILED. */
export async function planPurge(
  context: PipelineContext,
  before: string,
  rewriter: ParquetRewriter,
): Promise<PurgePlan> {
  const { warehouse, warehouseFile } = context;
  const records = new Map((await readLoadRecords(context.lake)).map((load) => [load.entry.key, load]));
  const entries = withUnledgered(await warehouse.loads({}), records);
  const lake = await lakeFiles(context.lake);
  const rawFiles = new Set(await context.raw.list());
  const plan: PurgePlan = {
    documents: [],
    parquet: [],
    raws: [],
    leftovers: [],
    copies: warehouseFile ? await filesOfRebuilds(warehouseFile.path) : [],
  };
  const documents = entries.flatMap((entry) => documentOf(entry) ?? []);
  for (const document of documents) {
    const { entry, id } = document;
    if (isPurged(entry) || !hadDocument(entry) || !isOlder(entry, before)) continue;
    const clearings = await clearingsOf(document, lake.get(fileKey(id)) ?? [], context, rewriter);
    if (!clearings) continue;
    const record = records.get(entry.key);
    plan.documents.push({ entry, record });
    plan.parquet.push(...clearings);
    const raw = rawPath(context.raw.folder, id);
    if (rawFiles.has(raw) || rawFiles.has(`${raw}.json`)) plan.raws.push(raw);
  }
  const knownRaws = new Set(documents.map(({ id }) => rawPath(context.raw.folder, id)));
  const knownFiles = new Set(documents.map(({ id }) => fileKey(id)));
  plan.raws.push(...(await unknownRaws(knownRaws, before, context)));
  plan.leftovers.push(...(await unknownParquet(lake, knownFiles, before, context, rewriter)));
  return plan;
}

interface Document {
  entry: LedgerRow;
  id: RawId;
}

function documentOf(entry: LedgerRow): Document | undefined {
  const { sellerId, documentId, reportType } = entry;
  return sellerId && documentId && reportType
    ? { entry, id: { sellerId, documentId, reportType } }
    : undefined;
}

/** Includes loads that only the lake has, because the next rebuild brings them back. */
function withUnledgered(ledger: LedgerRow[], records: Map<string, Load>): LedgerRow[] {
  const inLedger = new Set(ledger.map(({ key }) => key));
  const others = [...records.values()].filter(({ entry }) => !inLedger.has(entry.key));
  return [...ledger, ...others.map(({ entry }) => ({ ...entry, loadedAt: '' }))];
}

/** Whether its bytes were ever stored. */
function hadDocument({ status }: LedgerEntry): boolean {
  return status !== 'skipped' && status !== 'cancelled';
}

/** A document of unknown age counts as old. */
function isOlder({ reportCreatedAt, loadedAt }: LedgerRow, before: string): boolean {
  const madeAt = reportCreatedAt ?? loadedAt;
  return madeAt === '' || Date.parse(madeAt) < Date.parse(before);
}

/** Whether a document may contain personal data, by its schema and by the columns that it added. */
function isPersonalBySchema({ tables }: LedgerEntry, schema: ReportSchema): boolean {
  const isAdded = ({ name, added = [] }: LedgerEntry['tables'][number]) =>
    personalColumns(
      schema,
      name,
      added.map((column) => column.name),
    ).length > 0;
  return mayHoldPersonalData(schema) || tables.some(isAdded);
}

/** Whether a Parquet file is of rejects or of a table that the schema has. */
function isOf(path: string, { tables }: ReportSchema): boolean {
  return tableOf(path) === '_rejects' || tables.some(({ name }) => name === tableOf(path));
}

/** What to clear in the Parquet files of a document; undefined if it contains no personal data. */
async function clearingsOf(
  { entry, id }: Document,
  files: string[],
  { schemas, lake }: PipelineContext,
  rewriter: ParquetRewriter,
): Promise<PurgePlan['parquet'] | undefined> {
  const schema = schemas.get(id.reportType);
  const isPersonal = schema
    ? isPersonalBySchema(entry, schema)
    : entry.status === 'quarantined' || entry.status === 'fatal';
  // For most documents the schema shows at once that there is nothing to find.
  if (schema && !isPersonal && files.every((path) => isOf(path, schema))) return undefined;
  const clearings: PurgePlan['parquet'] = [];
  for (const path of files) {
    const table = tableOf(path);
    if (table === '_rejects') {
      clearings.push({ path, columns: ['raw'], value: '' });
      continue;
    }
    const columns = personalColumns(schema, table, (await look(path, lake, rewriter)).columns);
    if (columns.length > 0) clearings.push({ path, columns, value: null });
  }
  return isPersonal || clearings.some(({ value }) => value === null) ? clearings : undefined;
}

/**
 * Raw documents of older reports without a ledger row, for example after a crash, whose type may
 * contain personal data.
 */
async function unknownRaws(
  known: Set<string>,
  before: string,
  { raw, schemas }: PipelineContext,
): Promise<string[]> {
  const found: string[] = [];
  for await (const { metadata, path } of listRaw(raw, known)) {
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
  files: Map<string, string[]>,
  known: Set<string>,
  before: string,
  { schemas, lake }: PipelineContext,
  rewriter: ParquetRewriter,
): Promise<string[]> {
  const found: string[] = [];
  for (const [key, paths] of files) {
    if (known.has(key)) continue;
    for (const path of paths) {
      const writtenMs = (await lake.find(path))?.writtenMs;
      if (writtenMs === undefined || writtenMs >= Date.parse(before)) continue;
      const { columns, metadata } = await look(path, lake, rewriter);
      const schema = schemas.get(metadata.report_type ?? '');
      const isRejects = tableOf(path) === '_rejects';
      if (isRejects || personalColumns(schema, tableOf(path), columns).length > 0) found.push(path);
    }
  }
  return found;
}

/** The Parquet files of a lake, by their document. */
async function lakeFiles(lake: Store): Promise<Map<string, string[]>> {
  const files = new Map<string, string[]>();
  for (const path of (await lake.list()).filter((each) => each.endsWith('.parquet'))) {
    const key = join(basename(dirname(path)), basename(path));
    files.set(key, [...(files.get(key) ?? []), path]);
  }
  return files;
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
