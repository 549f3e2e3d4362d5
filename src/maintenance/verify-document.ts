import { join } from 'node:path';
import { type FileDigest, findDamage } from '../files/file-digest.js';
import type { PipelineContext } from '../ingest/context.js';
import { lakeFilePath, lakeName } from '../ingest/lake-files.js';
import { readLoadRecord, recordPath } from '../ingest/load-record.js';
import { lakePath } from '../parquet/lake-path.js';
import { isMetadataUnreadable, rawPath, readRaw } from '../source/document/raw-store.js';
import type { RawDocument } from '../source/types.js';
import type { Store } from '../store/types.js';
import { isPurged, type LedgerEntry, type LedgerRow, type Load } from '../warehouse/types.js';
import { fetcherOf } from './fetch-again.js';
import type { Pace } from './pace.js';
import { type Finding, type FindingKind, rowsOf } from './verify-findings.js';

/** A Parquet file that a document has in the lake. */
export interface ExpectedFile {
  path: string;
  table: string;
  rows: number;
  /** Undefined for a load of before there were hashes. */
  digest: FileDigest | undefined;
}

/** The Parquet files that the ledger says a document has. */
export function expectedFiles(row: LedgerEntry, lake: Store): ExpectedFile[] {
  const { sellerId, documentId, tables, rejects } = row;
  const rows = new Map([...tables.map((table) => [table.name, table.rows] as const), ['_rejects', rejects]]);
  const files = new Map<string, ExpectedFile>();
  for (const { path: name, ...digest } of row.files) {
    const table = decodeURIComponent(name.split('/')[0] ?? '');
    const path = lakeFilePath(lake, name);
    files.set(path, { path, table, rows: rows.get(table) ?? 0, digest });
  }
  for (const [table, count] of rows) {
    if (count === 0 || !sellerId || !documentId) continue;
    const path = lakePath(lake.folder, { table, sellerId, documentId });
    if (!files.has(path)) files.set(path, { path, table, rows: count, digest: undefined });
  }
  return [...files.values()];
}

/** The paths of all files that a ledger row is about, whether they must be there or not. */
export function pathsOf(row: LedgerEntry, { raw, lake }: Pick<PipelineContext, 'raw' | 'lake'>): string[] {
  const { sellerId, documentId, reportType } = row;
  const raws = [
    ...(row.rawPath === null ? [] : [join(raw.folder, row.rawPath)]),
    ...(sellerId && documentId && reportType
      ? [rawPath(raw.folder, { sellerId, documentId, reportType })]
      : []),
  ];
  return [
    ...raws.flatMap((path) => [path, `${path}.json`]),
    ...expectedFiles(row, lake).map(({ path }) => path),
    recordPath(lake.folder, row),
  ];
}

/**
 * Compares the files of a document with the ledger. Errors: those of the stores; the reason of the
 * signal.
 */
export async function checkDocument(
  row: LedgerRow,
  context: PipelineContext,
  { pace, signal }: { pace: Pace; signal: AbortSignal },
): Promise<Finding[]> {
  const { lake } = context;
  const findings = await checkRawDocument();
  const record = row.status === 'skipped' ? undefined : await readLoadRecord(lake, row);
  for (const file of expectedFiles(row, lake)) findings.push(...(await checkParquet(file)));
  findings.push(...(await checkRecord()));
  return findings;

  function finding(
    kind: FindingKind,
    path: string,
    found: string,
    about: Partial<Pick<Finding, 'table' | 'rows' | 'repair'>> = {},
  ): Finding {
    return { kind, path, key: row.key, table: null, rows: rowsOf(row), found, repair: 'possible', ...about };
  }

  async function checkRawDocument(): Promise<Finding[]> {
    if (row.rawPath === null || isPurged(row)) return [];
    const store = context.raw;
    const path = join(store.folder, row.rawPath);
    const name = store.nameOf(path);
    const repair = fetcherOf(row, context, { maxDocumentBytes: 0 }) ? 'possible' : 'none';
    await pace.beforeReading(row.rawBytes ?? 0);
    if (!(await store.fetch(path, signal)))
      return [finding('raw_missing', name, 'it is not there', { repair })];
    try {
      const raw = await metadataOf(store, path);
      const known = { bytes: row.rawBytes ?? undefined, sha256: row.rawSha256 ?? undefined };
      const digest = (typeof raw === 'object' ? raw.kept : null) ?? known;
      const damage = await findDamage(path, digest);
      const findings = damage === undefined ? [] : [finding('raw_damaged', name, damage, { repair })];
      if (raw === 'missing') findings.push(finding('metadata_missing', `${name}.json`, 'it is not there'));
      if (raw === 'damaged') findings.push(finding('metadata_damaged', `${name}.json`, 'it cannot be read'));
      if (findings.length === 0 && digest.sha256 === undefined)
        findings.push(finding('raw_unhashed', name, noHash));
      return findings;
    } finally {
      await store.evictLocalCopy(path);
    }
  }

  async function checkParquet({ path, table, rows, digest }: ExpectedFile): Promise<Finding[]> {
    const about = { table, rows, repair: isPurged(row) ? ('none' as const) : ('possible' as const) };
    await pace.beforeReading(digest?.bytes ?? 0);
    if (!(await lake.fetch(path, signal)))
      return [finding('parquet_missing', lake.nameOf(path), 'it is not there', about)];
    try {
      // A crash between a commit and its record leaves the record of the load before.
      const recorded = record?.entry.files.find((file) => file.path === lakeName(lake, path));
      const known = [digest, recorded].filter((each) => each !== undefined);
      if (known.length === 0) return [finding('parquet_unhashed', lake.nameOf(path), noHash, about)];
      const damages: string[] = [];
      for (const each of known) {
        const damage = await findDamage(path, each);
        if (damage === undefined) return [];
        damages.push(damage);
      }
      return [finding('parquet_damaged', lake.nameOf(path), damages[0] ?? '', about)];
    } finally {
      await lake.evictLocalCopy(path);
    }
  }

  async function checkRecord(): Promise<Finding[]> {
    if (row.status === 'skipped') return [];
    const path = recordPath(lake.folder, row);
    if (record) {
      const found = staleness(record, row);
      return found === undefined ? [] : [finding('record_damaged', lake.nameOf(path), found)];
    }
    const isThere = (await lake.find(path)) !== undefined;
    return [
      isThere
        ? finding('record_damaged', lake.nameOf(path), 'it cannot be read')
        : finding('record_missing', lake.nameOf(path), 'it is not there'),
    ];
  }
}

const noHash = 'a version that computed no hashes wrote it';

/** Its metadata beside the bytes of a raw document that is there. */
async function metadataOf(store: Store, path: string): Promise<RawDocument | 'missing' | 'damaged'> {
  try {
    return (await readRaw(store, path)) ?? 'missing';
  } catch (error) {
    if (isMetadataUnreadable(error)) return 'damaged';
    throw error;
  }
}

/** In what a load record is not of the load that the ledger has; undefined if it is. */
function staleness({ entry, tables }: Load, row: LedgerRow): string | undefined {
  if (entry.key !== row.key) return `it is of ${entry.key}`;
  const counts = new Map(tables.map(({ name, rows }) => [name, rows]));
  const other = row.tables.find(({ name, rows }) => (counts.get(name) ?? 0) !== rows);
  if (other) return `it has ${counts.get(other.name) ?? 0} rows of ${other.name}, the ledger ${other.rows}`;
  const digests = new Map(row.files.map(({ path, sha256 }) => [path, sha256]));
  const changed = entry.files.find(({ path, sha256 }) => digests.has(path) && digests.get(path) !== sha256);
  return changed && `it has another hash of ${changed.path} than the ledger`;
}
