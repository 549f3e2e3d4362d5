import { ReportsError } from '../errors.js';
import { didYouMean } from '../nearest-name.js';
import { findRaw, isFactsUnreadable, rawPath } from '../source/document/raw-store.js';
import type { CallOptions } from '../source/types.js';
import type { LedgerEntry, LedgerFilter, LedgerRow, Load } from '../warehouse/types.js';
import { isPurged } from '../warehouse/types.js';
import { CommitQueue } from './commit-queue.js';
import type { PipelineContext } from './context.js';
import { fetcherOf, requestFrom } from './fetch-again.js';
import { prepareLoad, prepareRaw } from './load-document.js';
import { noteUnchecked } from './unchecked-files.js';
import { type Failure, failureOf } from './work-summary.js';

/** A document of the ledger that was loaded again, or why it was not. */
export type Reloaded = { entry: LedgerEntry } | { failure: Failure };

export interface ReloadOptions extends CallOptions {
  maxDocumentBytes: number;
  /** Whether a document may have fewer rows than before, though nothing shows that its bytes are the same. */
  acceptLoss: boolean;
}

/**
 * Loads documents of the ledger again, from raw; if there is no raw document, or it is damaged, from Amazon. What they loaded before is
 * replaced, unless they can't be loaded any more.
 * Yields each document as it is done with. Errors: NOT_LOADED where nothing matches; the reason of the signal.
 */
export async function* reload(
  filter: LedgerFilter,
  context: PipelineContext,
  options: ReloadOptions,
): AsyncGenerator<Reloaded> {
  const rows = await context.warehouse.loads(filter);
  if (rows.length === 0) {
    throw new ReportsError('NOT_LOADED', {
      thing: thingOf(filter),
      nearest: await nearestOf(filter, context),
    });
  }
  const commits = new CommitQueue(context);
  const unchecked = new Set<string>();
  // Oldest first, so that the tables pass through the same states as they did.
  for (const row of rows.toReversed()) {
    if (row.status === 'fatal' || row.status === 'cancelled' || row.status === 'skipped') continue;
    try {
      const load = await loadAgain(row, context, options, unchecked);
      // Rows that are in the table stay there when they can't be loaded again; the warehouse sees to it.
      yield { entry: await commits.submit(load, []) };
    } catch (error) {
      options.signal?.throwIfAborted();
      // One document's trouble must not keep the others from being loaded.
      yield { failure: failureOf(row.key, error) };
    }
  }
  noteUnchecked(context.log, unchecked.size);
}

/** `x, of status quarantined, of type GET_...`, in as many words as there are. */
function thingOf({ documentOrTable, statuses, reportType }: LedgerFilter): string {
  const words = [
    documentOrTable ?? 'documents',
    ...(statuses ? [`of status ${statuses.join(', ')}`] : []),
    ...(reportType ? [`of type ${reportType}`] : []),
  ];
  return words.join(' ');
}

/** The table or report type that may be meant by one that nothing was loaded of. */
async function nearestOf(
  { documentOrTable, reportType }: LedgerFilter,
  { warehouse }: PipelineContext,
): Promise<string> {
  const tables = await warehouse.tables();
  const types = new Set(tables.flatMap((table) => table.reportType ?? []));
  if (reportType !== undefined && !types.has(reportType)) return didYouMean(reportType, types);
  const names = tables.map(({ name }) => name);
  return documentOrTable === undefined ? '' : didYouMean(documentOrTable, names);
}

async function loadAgain(
  row: LedgerRow,
  context: PipelineContext,
  options: ReloadOptions,
  unchecked: Set<string>,
): Promise<Load> {
  const { sellerId, documentId, reportType, pipeline } = row;
  // Amazon may have it still; but what was purged must not come back.
  if (isPurged(row)) throw new ReportsError('RAW_PURGED', { documentId: documentId ?? row.key });
  if (sellerId && documentId && reportType) {
    const fetchAgain = fetcherOf(row, context, options);
    const again = { pipeline, before: row, ...options };
    try {
      const raw = await findRaw(context.raw, { sellerId, documentId, reportType });
      if (raw && !raw.kept && row.rawSha256 === null) unchecked.add(row.key);
      if (raw) return await prepareRaw(raw, again, context, fetchAgain);
    } catch (error) {
      if (!isFactsUnreadable(error) || !fetchAgain) throw error;
      return prepareRaw(await fetchAgain(), { ...again, isFresh: true }, context);
    }
  }
  const request = requestFrom(row, options.maxDocumentBytes);
  const seller = request && context.sellingPartner(request.sellerId);
  if (request && seller) {
    const again = { ...request, sellerId: seller.sellerId, before: row, acceptLoss: options.acceptLoss };
    const load = await prepareLoad(again, context, options);
    return { ...load, replacesKey: row.key };
  }
  if (request && row.reasonCode === 'SELLER_UNKNOWN') {
    throw new ReportsError('SELLER_UNKNOWN', { sellerId: request.sellerId });
  }
  const id = { sellerId: sellerId ?? '', documentId: documentId ?? row.key, reportType: reportType ?? '' };
  const path = context.raw.nameOf(rawPath(context.raw.folder, id));
  throw new ReportsError('RAW_MISSING', { documentId: id.documentId, path });
}
