import { basename, dirname, relative, sep } from 'node:path';
import type { PipelineContext } from '../ingest/context.js';
import { readNames, readRecordOf, recordPath } from '../ingest/load-record.js';
import { isMetadataUnreadable, rawPath, readRaw } from '../source/document/raw-store.js';
import type { Store } from '../store/types.js';
import { ledgerKey } from '../warehouse/types.js';
import { pathsOf } from './verify-document.js';
import { type Finding, type FindingKind, rowsOf } from './verify-findings.js';

interface ListedFile {
  path: string;
}

/** The ledger is read for so many files at once. */
const filesAtOnce = 100;

/** A load commits so much later than it writes its files, at most. */
const maxInProgressMs = 3_600_000;

/**
 * Yields findings about files of which the ledger says nothing: orphaned ones, which the program
 * wrote, and foreign ones. Those that a load has written meanwhile are left out. `files`: those
 * that no ledger row is about.
 */
export async function* checkLeftovers(
  files: { raw: AsyncIterable<ListedFile[]>; lake: AsyncIterable<ListedFile[]> },
  context: PipelineContext,
  signal: AbortSignal,
): AsyncGenerator<Finding> {
  const { raw, lake, warehouse } = context;
  let group: { path: string; finding: Finding }[] = [];
  for (const [store, from] of [
    [raw, files.raw],
    [lake, files.lake],
  ] as const) {
    for await (const page of from) {
      for (const { path } of page) {
        signal.throwIfAborted();
        if (isUnfinished(store, path)) continue;
        const finding = await (store === raw ? rawLeftover(path, raw) : lakeLeftover(path, lake));
        if (finding) group.push({ path, finding: await withAge(finding, store, path) });
        if (group.length >= filesAtOnce) yield* unledgered();
      }
    }
  }
  yield* unledgered();

  async function* unledgered(): AsyncGenerator<Finding> {
    const keys = [...new Set(group.flatMap(({ finding }) => finding.key ?? []))];
    const rows = await warehouse.seen(keys);
    const known = new Set([...rows.values()].flatMap((row) => pathsOf(row, context)));
    for (const { path, finding } of group) if (!known.has(path)) yield finding;
    group = [];
  }

  async function withAge(finding: Finding, store: Store, path: string): Promise<Finding> {
    const writtenMs = (await store.find(path))?.writtenMs;
    const isFresh = writtenMs !== undefined && context.clock.now() - writtenMs < maxInProgressMs;
    if (finding.repair === 'unneeded' || !isFresh) return finding;
    const found = `${finding.found}; it was written within the last hour: a load may be in progress`;
    return { ...finding, found, repair: 'unneeded' };
  }
}

/**
 * Unfinished files, and what BigQuery reads, are removed by those who wrote them, or by a later
 * start.
 */
function isUnfinished(store: Store, path: string): boolean {
  return /\.(part|part\.json|lock)$/.test(path) || relative(store.folder, path).startsWith(`_staging${sep}`);
}

async function rawLeftover(path: string, raw: Store): Promise<Finding | undefined> {
  const isMetadata = path.endsWith('.json');
  const document = isMetadata ? path.slice(0, -'.json'.length) : path;
  const name = raw.nameOf(path);
  try {
    const found = await readRaw(raw, document);
    if (found && rawPath(raw.folder, found.metadata) === document) {
      // One finding for each document.
      if (isMetadata) return undefined;
      return leftover('raw_orphaned', name, { key: ledgerKey(found.metadata) });
    }
  } catch (error) {
    if (!isMetadataUnreadable(error)) throw error;
  }
  if (isMetadata && relative(raw.folder, path).split(sep).length === 3) {
    const hasBytes = (await raw.find(document)) !== undefined;
    return hasBytes ? foreign(name) : leftover('metadata_orphaned', name, {});
  }
  return foreign(name);
}

async function lakeLeftover(path: string, lake: Store): Promise<Finding> {
  const name = lake.nameOf(path);
  const parts = relative(lake.folder, path).split(sep);
  if (parts[0] === '_loads' && path.endsWith('.json')) {
    const record = await readRecordOf(lake, path);
    if (!record || recordPath(lake.folder, record.entry) !== path) return foreign(name);
    return leftover('record_orphaned', name, { key: record.entry.key, rows: rowsOf(record.entry) });
  }
  const id = parts.length === 3 ? readNames(basename(dirname(path)), basename(path)) : undefined;
  return id ? leftover('parquet_orphaned', name, { key: ledgerKey(id), table: parts[0] }) : foreign(name);
}

function leftover(
  kind: FindingKind,
  path: string,
  about: Partial<Pick<Finding, 'key' | 'table' | 'rows'>>,
): Finding {
  const found = 'the ledger has no document that it belongs to';
  return { kind, path, key: null, table: null, rows: null, found, repair: 'none', ...about };
}

function foreign(path: string): Finding {
  const found = 'the program does not write files of that name or content';
  return { kind: 'file_foreign', path, key: null, table: null, rows: null, found, repair: 'unneeded' };
}
