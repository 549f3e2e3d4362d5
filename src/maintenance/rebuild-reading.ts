import type { PipelineContext } from '../ingest/context.js';
import { readRecordOf } from '../ingest/load-record.js';
import { isMetadataUnreadable, readRaw } from '../source/document/raw-store.js';
import type { RawDocument } from '../source/types.js';
import type { HeldLedger, LedgerEntry, LedgerRow, Load } from '../warehouse/types.js';
import type { FoundSource, Sources } from './rebuild-sources.js';

/** What a document is rebuilt from. */
export interface RebuildSource extends Pick<FoundSource, 'key' | 'createdAt' | 'damage'> {
  /** Its load, if all of its Parquet files exist. */
  load?: Load;
  /** Its raw document, if there is no load. */
  raw?: RawDocument;
  /** From the old ledger, otherwise from the lake. */
  known?: LedgerEntry;
  /** When it was loaded, if the old ledger has it. */
  loadedAt?: string;
}

/** This many documents are committed together. */
const together = 50;

/** Reads what documents are rebuilt from, some documents at a time, in the same order. */
export async function* readSources(
  sources: Pick<Sources, 'count' | 'pages'>,
  ledger: HeldLedger,
  context: PipelineContext,
): AsyncGenerator<RebuildSource[]> {
  let done = 0;
  for await (const page of sources.pages()) {
    const rows = await readRows(page, ledger);
    for (let start = 0; start < page.length; start += together) {
      const some = page.slice(start, start + together);
      const read = await Promise.all(some.map((each) => readSource(each, rows.get(each.key), context)));
      // If someone removed the only file of a document meanwhile, nothing is known of it.
      yield read.filter(({ load, raw, known }) => load ?? raw ?? known);
      done += some.length;
      context.onEvent({
        event: 'step_advanced',
        step: 'committing documents',
        done,
        total: sources.count,
      });
    }
  }
}

/**
 * The rows of some documents in the old ledger, by key. Documents of about the same age were mostly
 * loaded one after the other, so that a small part of the ledger is read, whatever its size. Those
 * that were loaded again much later are read apart.
 */
export async function readRows(
  page: Pick<FoundSource, 'key' | 'loadedAt'>[],
  ledger: Pick<HeldLedger, 'seen'>,
): Promise<Map<string, LedgerRow>> {
  const known = page.flatMap(({ key, loadedAt }) =>
    loadedAt === null ? [] : [{ key, loadedMs: Date.parse(loadedAt) }],
  );
  known.sort((a, b) => a.loadedMs - b.loadedMs);
  const gaps = known.map(({ loadedMs }, index) => loadedMs - (known[index - 1]?.loadedMs ?? loadedMs));
  const widest = gaps.reduce((best, gap, index) => (gap > (gaps[best] ?? 0) ? index : best), 0);
  const rows = new Map<string, LedgerRow>();
  for (const part of [known.slice(0, widest), known.slice(widest)]) {
    const [first, last] = [part[0], part.at(-1)];
    if (!first || !last) continue;
    const found = await ledger.seen(
      part.map(({ key }) => key),
      { loadedSince: isoOf(first.loadedMs), loadedBefore: isoOf(last.loadedMs + 1) },
    );
    for (const [key, row] of found) rows.set(key, row);
  }
  return rows;
}

function isoOf(epochMs: number): string {
  return new Date(epochMs).toISOString();
}

async function readSource(
  { key, createdAt, record, isWhole, raw: rawPath, damage }: FoundSource,
  row: LedgerRow | undefined,
  { lake, raw: rawStore }: PipelineContext,
): Promise<RebuildSource> {
  const load = record === null ? undefined : await readRecordOf(lake, record);
  const source = { key, createdAt, damage, known: row ?? load?.entry, loadedAt: row?.loadedAt };
  if (isWhole && load) return { ...source, load };
  if (rawPath === null) return source;
  try {
    return { ...source, raw: await readRaw(rawStore, rawPath) };
  } catch (error) {
    if (source.known && isMetadataUnreadable(error)) return { ...source, damage: error };
    throw error;
  }
}
