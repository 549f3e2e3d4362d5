import type { PipelineContext } from '../ingest/context.js';
import { driftOfRows, openDrift, reportableDrift } from '../warehouse/ledger/drift.js';
import { reasonRemedy, warningsWithRemedies } from '../warehouse/ledger/remedies.js';
import type { LedgerField, LedgerRow, TableLoads } from '../warehouse/types.js';
import { openWarehousePoll } from './poll-warehouse.js';
import type { Polled, PollOptions } from './polled.js';
import type { LedgerSnapshot, LoadSnapshot, WarnedLoad } from './types.js';

/** Limits of the documents read one by one; the warehouse aggregates the older ones. */
const most = { recent: 500, quarantined: 100, warned: 100 };

/**
 * Each read opens the file, which a commit or another program may need; a BigQuery read costs
 * money.
 */
const minSeconds = { duckdb: 5, postgres: 5, bigquery: 600 };

export interface Ledger {
  snapshot: LedgerSnapshot;
  tables: TableLoads[];
}

/** Polls the ledger; see `openWarehousePoll`. The value is undefined before the first commit. */
export function openLedgerPoll(
  context: PipelineContext,
  options: Pick<PollOptions, 'waitsForReading'> = {},
): () => Promise<Polled<Ledger | undefined>> {
  return openWarehousePoll(context, () => readLedger(context), { ...options, minSeconds });
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
