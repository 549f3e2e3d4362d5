import { statSync } from 'node:fs';
import type { PipelineContext } from '../ingest/context.js';
import { driftOfRows, openDrift, reportableDrift } from '../warehouse/ledger/drift.js';
import { reasonRemedy, warningsWithRemedies } from '../warehouse/ledger/remedies.js';
import type { LedgerField, LedgerRow, TableLoads } from '../warehouse/types.js';
import { openPolled, type Polled, type PollOptions } from './polled.js';
import type { LedgerSnapshot, LoadSnapshot, WarnedLoad } from './types.js';

/** Limits of the documents read one by one; the warehouse aggregates the older ones. */
const most = { recent: 500, quarantined: 100, warned: 100 };

/**
 * Each read opens the file, which a commit or another program may need; a BigQuery read costs
 * money.
 */
const minSeconds = { duckdb: 5, postgres: 5, bigquery: 600 };
/** A failed read costs next to nothing, and the program is not ready until a read succeeds. */
const minSecondsAfterFailure = 30;

export interface Ledger {
  snapshot: LedgerSnapshot;
  tables: TableLoads[];
}

/**
 * Polls the ledger at most every 5 seconds, and not while its file is unchanged, so that reads
 * don't hold up other users of the file. BigQuery is read at most every 10 minutes. A failed read
 * is repeated after half a minute. The value is undefined before the first commit.
 */
export function openLedgerPoll(
  context: PipelineContext,
  options: Pick<PollOptions, 'waitsForReading'> = {},
): () => Promise<Polled<Ledger | undefined>> {
  const { warehouseFile, config, clock } = context;
  const minMs = minSeconds[config.warehouse.type] * 1000;
  const minAfterFailureMs = Math.min(minMs, minSecondsAfterFailure * 1000);
  let hasFailed = false;
  let state: string | undefined;
  const stateNow = () => warehouseFile && stateOf(warehouseFile.path);
  return openPolled(
    async () => {
      const before = stateNow();
      // After a failure, read again even if the file is unchanged.
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
        sinceMs >= (hasFailed ? minAfterFailureMs : minMs) && (state === undefined || state !== stateNow()),
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
  const withWarnings = { withWarnings: true };
  const hasWarnings = overview.warnings.length > 0;
  const warned = hasWarnings
    ? await warehouse.loadFields(warnedFields, { ...withWarnings, limit: most.warned })
    : [];
  const { tables, ...sums } = overview;
  return {
    tables,
    snapshot: {
      ...sums,
      recent: recent.map(loadSnapshot),
      quarantined: quarantined.map(loadSnapshot),
      withWarnings: warned.length < most.warned ? warned.length : await warehouse.countLoads(withWarnings),
      warned: warned.map(warnedLoad),
      drift: reportableDrift(openDrift(driftOfRows(recent), schemas)),
    },
  };
}

const warnedFields = [
  'key',
  'sellerId',
  'reportType',
  'documentId',
  'reportId',
  'loadedAt',
  'warnings',
] as const satisfies LedgerField[];

function warnedLoad(row: Pick<LedgerRow, (typeof warnedFields)[number]>): WarnedLoad {
  return { ...row, warnings: warningsWithRemedies(row) };
}

function loadSnapshot(row: LedgerRow): LoadSnapshot {
  const { key, status, sellerId, reportType, documentId, reportId, loadedAt, durationMs, rawBytes } = row;
  const { rejects, reasonCode, reason, pipeline } = row;
  return {
    ...{ key, status, sellerId, reportType, documentId, reportId, loadedAt, durationMs, rawBytes },
    ...{ rejects, reasonCode, reason, pipeline },
    rows: row.tables.reduce((sum, { rows }) => sum + rows, 0),
    remedy: reasonRemedy(row),
  };
}

/** Changes with each commit; `missing` before the first. */
function stateOf(path: string): string {
  const found = statSync(path, { bigint: true, throwIfNoEntry: false });
  return found ? `${found.ino} ${found.mtimeNs} ${found.size}` : 'missing';
}
