import { join, relative } from 'node:path';
import { listRaw } from '../source/document/raw-store.js';
import type { RawDocument } from '../source/types.js';
import { type LedgerEntry, type LedgerRow, type Load, ledgerKey, parquetPaths } from '../warehouse/types.js';
import type { PipelineContext } from '../ingest/context.js';
import { readLoadRecords } from '../ingest/load-record.js';
import { type Failure, failureOf } from '../ingest/work-summary.js';

/** What a document is rebuilt from. */
export interface RebuildSource {
  key: string;
  /** When its report was created; '' if unknown. */
  createdAt: string;
  /** Its load, if all of its Parquet files exist. */
  load?: Load;
  /** Its raw document, if there is no load. */
  raw?: RawDocument;
  /** Why its raw document is unreadable. */
  damage?: Error;
  /** From the old ledger, otherwise from the lake. */
  known?: LedgerEntry;
}

export interface Sources {
  /** The oldest report first. */
  documents: RebuildSource[];
  /** Raw documents that cannot be identified, because their metadata is unreadable. */
  failures: Failure[];
}

/**
 * Finds the sources of all documents of a warehouse: the loads of the lake, and for the others the
 * raw documents that the old ledger has, or all raw documents if the old ledger is unreadable.
 */
export async function findSources(
  { lake, raw: rawStore, log }: PipelineContext,
  old: Map<string, LedgerRow> | undefined,
): Promise<Sources> {
  const records = new Map((await readLoadRecords(lake)).map((load) => [load.entry.key, load]));
  const files = new Set(await lake.list());
  const documents = new Map<string, RebuildSource>();
  const knownAs = (key: string) => old?.get(key) ?? records.get(key)?.entry;
  const add = (
    key: string,
    createdAt: string | null | undefined,
    from: Pick<RebuildSource, 'load' | 'raw' | 'damage'>,
  ) => {
    const known = knownAs(key);
    documents.set(key, { key, createdAt: createdAt ?? '', known, ...from });
  };
  for (const load of records.values()) {
    if (isWhole(load, files)) add(load.entry.key, load.entry.reportCreatedAt, { load });
  }
  const loadedFrom = [...documents.values()].flatMap(({ load }) =>
    load?.entry.rawPath ? join(rawStore.folder, load.entry.rawPath) : [],
  );
  const failures: Failure[] = [];
  const knownPaths = new Map(
    [...[...records.values()].map(({ entry }) => entry), ...(old?.values() ?? [])].map((entry) => [
      entry.rawPath,
      entry,
    ]),
  );
  const onUnreadable = (path: string, error: Error) => {
    const entry = knownPaths.get(relative(rawStore.folder, path));
    log.warn({ key: entry?.key }, error.message);
    if (entry && !documents.has(entry.key)) add(entry.key, entry.reportCreatedAt, { damage: error });
    if (!entry && !old) failures.push(failureOf({ key: rawStore.nameOf(path), sellerId: null }, error));
  };
  for await (const raw of listRaw(rawStore, new Set(loadedFrom), onUnreadable)) {
    const key = ledgerKey(raw.metadata);
    // The document of a FATAL report is an explanation, without rows.
    if (documents.get(key)?.load || raw.metadata.reportStatus === 'FATAL') continue;
    if (!old || old.has(key)) add(key, raw.metadata.reportCreatedAt, { raw });
  }
  return { documents: [...documents.values()].sort(byReportAge), failures };
}

/** Whether all Parquet files of a load are among those of the lake. */
function isWhole(load: Load, files: Set<string>): boolean {
  return parquetPaths(load).every((path) => files.has(path));
}

/** The oldest report first. */
function byReportAge(a: RebuildSource, b: RebuildSource): number {
  const left = `${a.createdAt} ${a.key}`;
  const right = `${b.createdAt} ${b.key}`;
  return left < right ? -1 : left > right ? 1 : 0;
}
