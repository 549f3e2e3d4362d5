import { statSync } from 'node:fs';
import { catalogue, type ErrorCode, ReportsError } from '../errors/reports-error.js';
import type { PipelineContext } from '../ingest/context.js';
import { openDrift, reportableDrift } from '../warehouse/ledger/drift.js';
import type { LedgerRow, TableLoads } from '../warehouse/types.js';
import { openReading, type Reading, type ReadingOptions } from './reading.js';
import type { LedgerFacts, LoadFacts } from './types.js';

/** Documents of the ledger that are read one by one; the older ones are summed up in the warehouse. */
const most = { recent: 500, quarantined: 100 };

/** Each reading opens the file, which a commit or another program may want; each of BigQuery costs money. */
const leastSeconds = { duckdb: 5, bigquery: 600 };
/** A failure reads, and costs, next to nothing, and the program is not ready until a reading succeeds. */
const leastSecondsAfterFailure = 30;

export interface Ledger {
  facts: LedgerFacts;
  tables: TableLoads[];
}

/**
 * The ledger, read at most every 5 seconds, and not at all while its file stays as it is: who only looks does not keep others from it.
 * In BigQuery it is read at most every 10 minutes, and half a minute after a failure. The value is undefined before the first commit.
 */
export function openLedgerReading(
  context: PipelineContext,
  options: Pick<ReadingOptions, 'waitsForReading'> = {},
): () => Promise<Reading<Ledger | undefined>> {
  const { warehouseFile, config, clock } = context;
  const leastMs = leastSeconds[config.warehouse.type] * 1000;
  const leastAfterFailureMs = Math.min(leastMs, leastSecondsAfterFailure * 1000);
  let hasFailed = false;
  let state: string | undefined;
  const stateNow = () => warehouseFile && stateOf(warehouseFile.path);
  return openReading(
    async () => {
      const before = stateNow();
      // After a failure it is read again, changed or not.
      state = undefined;
      hasFailed = true;
      const ledger = await readLedger(context);
      hasFailed = false;
      state = before;
      return ledger;
    },
    {
      ...options,
      clock,
      isDue: (sinceMs) =>
        sinceMs >= (hasFailed ? leastAfterFailureMs : leastMs) &&
        (state === undefined || state !== stateNow()),
    },
  );
}

async function readLedger({ warehouse, schemas }: PipelineContext): Promise<Ledger | undefined> {
  const overview = await warehouse.overview();
  if (!overview) return undefined;
  const recent = await warehouse.loads({ limit: most.recent });
  const isQuarantined = ({ status }: LedgerRow) => status === 'quarantined';
  const quarantined = overview.documents.some(({ status }) => status === 'quarantined')
    ? await warehouse.loads({ statuses: ['quarantined'], limit: most.quarantined })
    : recent.filter(isQuarantined);
  const { tables, ...sums } = overview;
  return {
    tables,
    facts: {
      ...sums,
      recent: recent.map(loadFacts),
      quarantined: quarantined.map(loadFacts),
      drift: reportableDrift(openDrift(recent, schemas)),
    },
  };
}

function loadFacts(row: LedgerRow): LoadFacts {
  const { key, status, sellerId, reportType, documentId, reportId, loadedAt, durationMs, rawBytes } = row;
  const { rejects, reasonCode, reason, pipeline } = row;
  return {
    ...{ key, status, sellerId, reportType, documentId, reportId, loadedAt, durationMs, rawBytes },
    ...{ rejects, reasonCode, reason, pipeline },
    rows: row.tables.reduce((sum, { rows }) => sum + rows, 0),
    ...(reasonCode && reasonCode in catalogue && { remedy: remedyOf(row, reasonCode as ErrorCode) }),
  };
}

/** The catalogue's word, filled in from the ledger row. */
function remedyOf(row: LedgerRow, code: ErrorCode): string {
  const documentId = row.documentId ?? row.reportId ?? row.key;
  return new ReportsError(code, { documentId, thing: documentId, reportType: row.reportType }).remedy;
}

/** Changes with each commit; `missing` before the first. */
function stateOf(path: string): string {
  const found = statSync(path, { bigint: true, throwIfNoEntry: false });
  return found ? `${found.ino} ${found.mtimeNs} ${found.size}` : 'missing';
}
