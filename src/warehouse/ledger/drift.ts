import { looseHeader } from '../../schema/column-name.js';
import { columnTypeText, readColumnType, widerType } from '../../schema/column-type.js';
import type { ReportSchema, ReportSchemas } from '../../schema/types.js';
import { type DriftGroup, type LedgerRow, recentDrift } from '../types.js';

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
  /** For an added column: whether it was found to contain personal data. */
  isPersonal?: true;
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
export function openDrift(groups: DriftGroup[], schemas: ReportSchemas): Drift[] {
  return collectDrift(groups).filter((drift) => !isCoveredBySchema(drift, schemas.get(drift.reportType)));
}

/** The drift of single ledger rows, as `openDrift` takes it. */
export function driftOfRows(rows: LedgerRow[]): DriftGroup[] {
  return rows.flatMap(({ reportType, documentId, sellerId, marketplaceIds, tables, ...row }) => {
    if (reportType === null || documentId === null) return [];
    const seenAt = row.reportCreatedAt ?? row.loadedAt;
    const seen = { documents: 1, firstSeenAt: seenAt, lastSeenAt: seenAt, latest: [{ documentId, seenAt }] };
    return tables.map(({ name: table, added, missing, widened, personal }) => ({
      ...{ reportType, table, sellerId, marketplaceIds, added, missing, widened, personal, ...seen },
    }));
  });
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

/** Unknown headers, missing columns and widened types, by report type, table and column. */
function collectDrift(groups: DriftGroup[]): Drift[] {
  const found = new Map<string, Omit<Drift, 'ofDocuments'> & Pick<DriftGroup, 'latest'>>();
  const documents = new Map<string, number>();
  const gone = goneColumns(groups);
  for (const group of groups.toSorted((a, b) => (a.lastSeenAt < b.lastSeenAt ? 1 : -1))) {
    const { reportType, table, added = [], missing = [], widened = [], personal = [] } = group;
    documents.set(table, (documents.get(table) ?? 0) + group.documents);
    const of = { reportType, table };
    for (const { name, ...rest } of added) {
      const isPersonal = personal.includes(name) || undefined;
      note({ ...of, kind: 'added', column: name, ...rest, isPersonal }, group);
    }
    for (const column of missing)
      note({ ...of, kind: 'missing', column, wasThere: gone.has(columnKey(table, column)) }, group);
    for (const { name, from, to } of widened) note({ ...of, kind: 'widened', column: name, from, to }, group);
  }
  return [...found.values()]
    .map(({ latest, ...drift }) => ({
      ...drift,
      documentIds: latest.map(({ documentId }) => documentId),
      ofDocuments: documents.get(drift.table) ?? 0,
    }))
    .sort(byTableAndColumn);

  function note(
    drift: Pick<
      Drift,
      | 'reportType'
      | 'table'
      | 'kind'
      | 'column'
      | 'header'
      | 'after'
      | 'isPersonal'
      | 'from'
      | 'to'
      | 'wasThere'
    >,
    { documents: count, firstSeenAt, lastSeenAt, latest }: DriftGroup,
  ) {
    const key = JSON.stringify([drift.table, drift.kind, drift.column, drift.header, drift.from, drift.to]);
    const known = found.get(key) ?? {
      ...{ ...drift, documents: 0, firstSeenAt, lastSeenAt, documentIds: [], latest: [] },
    };
    const newestFirst = [...known.latest, ...latest].sort((a, b) => (a.seenAt < b.seenAt ? 1 : -1));
    found.set(key, {
      ...known,
      isPersonal: known.isPersonal ?? drift.isPersonal,
      documents: known.documents + count,
      firstSeenAt: firstSeenAt < known.firstSeenAt ? firstSeenAt : known.firstSeenAt,
      lastSeenAt: lastSeenAt > known.lastSeenAt ? lastSeenAt : known.lastSeenAt,
      latest: newestFirst.slice(0, recentDrift),
    });
  }
}

/**
 * Columns that a document lacks although an earlier one of the same table, seller and marketplaces
 * had them.
 */
function goneColumns(groups: DriftGroup[]): Set<string> {
  const gone = new Set<string>();
  for (const together of bySource(groups)) {
    for (const column of new Set(together.flatMap(({ missing = [] }) => missing))) {
      const lacks = ({ missing = [] }: DriftGroup) => missing.includes(column);
      const had = together.filter((group) => !lacks(group)).map(({ firstSeenAt }) => firstSeenAt);
      const lacked = together.filter(lacks).map(({ lastSeenAt }) => lastSeenAt);
      const [firstHad] = had.sort();
      if (firstHad !== undefined && firstHad < (lacked.sort().at(-1) ?? ''))
        gone.add(columnKey(together[0]?.table ?? '', column));
    }
  }
  return gone;
}

/** Groups of the same table, seller and marketplaces. */
function bySource(groups: DriftGroup[]): DriftGroup[][] {
  const found = new Map<string, DriftGroup[]>();
  for (const group of groups) {
    const key = JSON.stringify([group.table, group.sellerId, group.marketplaceIds.toSorted()]);
    const together = found.get(key);
    if (together) together.push(group);
    else found.set(key, [group]);
  }
  return [...found.values()];
}

function columnKey(table: string, column: string): string {
  return JSON.stringify([table, column]);
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
