import { looseHeader } from '../../schema/column-name.js';
import { columnTypeText, readColumnType, widerType } from '../../schema/column-type.js';
import type { ReportSchema, ReportSchemas } from '../../schema/types.js';
import type { LedgerRow } from '../types.js';

/** One difference between a table's documents and its schema. */
export interface Drift {
  reportType: string;
  table: string;
  kind: 'added' | 'missing' | 'widened';
  column: string;
  /** For an added column: the header in the documents. */
  header?: string;
  /** For an added column: the schema's column before it. */
  after?: string;
  /** For a widened column: its types before and after. */
  from?: string;
  to?: string;
  /**
   * For a missing column: whether an earlier document of the same seller and marketplaces had it.
   */
  wasThere?: boolean;
  /** How many documents show it, of how many that filled the table. */
  documents: number;
  ofDocuments: number;
  /**
   * When Amazon made the first and the last report that shows it; a document from disk counts as
   * made when it was loaded. ISO 8601 in UTC.
   */
  firstSeenAt: string;
  lastSeenAt: string;
  /** The last documents that show it. */
  documentIds: string[];
}

/**
 * Drift that a person should see. A schema has the columns of all marketplaces and years, so every
 * document lacks some: a missing column matters only if it was there before.
 */
export function reportableDrift<Each extends Drift>(drifts: Each[]): Each[] {
  return drifts.filter(({ kind, wasThere }) => kind !== 'missing' || wasThere);
}

/** Drift in the ledger that the report schemas do not cover in the meantime. */
export function openDrift(rows: LedgerRow[], schemas: ReportSchemas): Drift[] {
  return collectDrift(rows).filter((drift) => !isCoveredBySchema(drift, schemas.get(drift.reportType)));
}

/** Whether the schema now knows the header, or its type is wide enough. */
function isCoveredBySchema(
  { kind, table, column, header, to }: Drift,
  schema: ReportSchema | undefined,
): boolean {
  const columns = schema?.tables.find(({ name }) => name === table)?.columns ?? [];
  if (kind === 'added' && header !== undefined) {
    const spellings = new Set(columns.flatMap(({ from, name }) => [...from, name].map(looseHeader)));
    return spellings.has(looseHeader(header));
  }
  const own = columns.find(({ name }) => name === column)?.type;
  const wide = to === undefined ? undefined : readColumnType(to);
  return (
    own !== undefined && wide !== undefined && columnTypeText(widerType(own, wide)) === columnTypeText(own)
  );
}

/**
 * Unknown headers, missing columns and widened types of ledger rows, by report type, table and
 * column.
 */
export function collectDrift(rows: LedgerRow[]): Drift[] {
  const found = new Map<string, Drift>();
  const documents = new Map<string, number>();
  const newestFirst = rows.toSorted((a, b) => (seenAt(a) < seenAt(b) ? 1 : -1));
  const gone = goneColumns(newestFirst.toReversed());
  for (const row of newestFirst) {
    const { reportType } = row;
    if (reportType === null) continue;
    for (const { name: table, added = [], missing = [], widened = [] } of row.tables) {
      documents.set(table, (documents.get(table) ?? 0) + 1);
      const of = { reportType, table };
      for (const { name, ...rest } of added) note({ ...of, kind: 'added', column: name, ...rest }, row);
      for (const column of missing)
        note({ ...of, kind: 'missing', column, wasThere: gone.has(columnKey(table, column)) }, row);
      for (const { name, from, to } of widened) note({ ...of, kind: 'widened', column: name, from, to }, row);
    }
  }
  return [...found.values()]
    .map((drift) => ({ ...drift, ofDocuments: documents.get(drift.table) ?? 0 }))
    .sort(byTableAndColumn);

  function note(
    drift: Omit<Drift, 'documents' | 'ofDocuments' | 'firstSeenAt' | 'lastSeenAt' | 'documentIds'>,
    row: LedgerRow,
  ) {
    const maxIds = 3;
    const key = JSON.stringify([drift.table, drift.kind, drift.column, drift.header, drift.from, drift.to]);
    const at = seenAt(row);
    const known = found.get(key) ?? {
      ...drift,
      documents: 0,
      ofDocuments: 0,
      firstSeenAt: at,
      lastSeenAt: at,
      documentIds: [],
    };
    known.documents += 1;
    known.firstSeenAt = at;
    if (row.documentId && known.documentIds.length < maxIds) known.documentIds.push(row.documentId);
    found.set(key, known);
  }
}

/**
 * Columns that a document lacks although an earlier one of the same table, seller and marketplaces
 * had them.
 */
function goneColumns(oldestFirst: LedgerRow[]): Set<string> {
  const gone = new Set<string>();
  /** The columns that every document so far lacks, by table, seller and marketplaces. */
  const neverThere = new Map<string, Set<string>>();
  for (const { sellerId, marketplaceIds, tables } of oldestFirst) {
    for (const { name: table, missing = [] } of tables) {
      const of = JSON.stringify([table, sellerId, marketplaceIds.toSorted()]);
      const before = neverThere.get(of);
      for (const column of missing) if (before && !before.has(column)) gone.add(columnKey(table, column));
      neverThere.set(of, new Set(before ? missing.filter((column) => before.has(column)) : missing));
    }
  }
  return gone;
}

function columnKey(table: string, column: string): string {
  return JSON.stringify([table, column]);
}

function seenAt({ reportCreatedAt, loadedAt }: LedgerRow): string {
  return reportCreatedAt ?? loadedAt;
}

const kinds: Drift['kind'][] = ['added', 'missing', 'widened'];

function byTableAndColumn(a: Drift, b: Drift): number {
  return (
    a.reportType.localeCompare(b.reportType) ||
    a.table.localeCompare(b.table) ||
    kinds.indexOf(a.kind) - kinds.indexOf(b.kind) ||
    a.column.localeCompare(b.column)
  );
}
