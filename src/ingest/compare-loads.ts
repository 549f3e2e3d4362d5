import { ownTableTypes } from '../config/own-tables-spec.js';
import { type Warning, type WarningCode, warning } from '../errors/warnings.js';
import { headerDrift } from '../schema/drift.js';
import { pluralize } from '../text/pluralize.js';
import { listNames } from '../text/list-names.js';
import {
  type ComparedDocument,
  madeAtMs,
  sameMarketplaces,
  shareMarketplace,
} from '../warehouse/rules/other-documents.js';
import type { Load, LoadTable } from '../warehouse/types.js';

/** The warnings that come from comparing: the document alone does not show them. */
export const comparisonCodes: ReadonlySet<WarningCode> = new Set([
  'SNAPSHOT_SHRANK',
  'MARKETPLACES_LOST',
  'ROWS_REPLACED',
  'COLUMNS_GONE',
  'MEASURES_EMPTY',
] satisfies WarningCode[]);

/** How a document differs from the earlier ones of its seller and report type. */
export interface Comparison {
  warnings: Warning[];
  /** Those about rows that a snapshot takes away. */
  losses: Warning[];
}

/**
 * Compares a load with the earlier ones of its seller and report type: with all documents that its
 * snapshots replace, and with the newest document of the same marketplaces.
 */
export function compareLoads(load: Load, all: ComparedDocument[]): Comparison {
  const { entry } = load;
  const ownMs = Date.parse(entry.reportCreatedAt ?? '') || Infinity;
  const others = all
    .filter(({ key }) => key !== entry.key)
    .map((each) => ({ each, madeMs: madeAtMs(each) }))
    .toSorted((a, b) => a.madeMs - b.madeMs);
  const earlier = others.flatMap(({ each, madeMs }) => (madeMs < ownMs ? each : []));
  const newer = others.flatMap(({ each, madeMs }) => (madeMs >= ownMs ? each : []));
  const comparison: Comparison = { warnings: [], losses: [] };
  for (const table of load.tables) {
    if (table.mode === 'snapshot') {
      const replaced = inPlace(earlier, table.name).filter((each) => overlap(each, entry));
      comparison.losses.push(...losses(table, load, replaced));
      const superseding = inPlace(newer, table.name).filter((each) => overlap(each, entry));
      comparison.warnings.push(...replacements(table, load, replaced, superseding));
    }
    const before = earlier.findLast(
      (each) => sameMarketplaces(each.marketplaceIds, entry.marketplaceIds) && tableOf(each, table.name),
    );
    if (before) comparison.warnings.push(...changedColumns(table, before));
  }
  return comparison;
}

/** A snapshot of so many rows may shrink to this share of them. */
const minRows = 10;
const minShare = 0.5;

function losses(table: LoadTable, { entry }: Load, replaced: ComparedDocument[]): Warning[] {
  const withRows = replaced.filter((each) => rowsOf(each, table.name) > 0);
  const count = withRows.reduce((sum, each) => sum + rowsOf(each, table.name), 0);
  if (count === 0) return [];
  const details = {
    table: table.name,
    rows: pluralize(table.rows, 'row'),
    rowsBefore: pluralize(count, 'row'),
    documents: documentsText(withRows),
  };
  const found: Warning[] = [];
  if (count >= minRows && table.rows < count * minShare) found.push(warning('SNAPSHOT_SHRANK', details));
  const before = new Set(withRows.flatMap(({ marketplaceIds }) => marketplaceIds));
  const lost = [...before].filter((id) => !entry.marketplaceIds.includes(id));
  if (entry.marketplaceIds.length > 0 && lost.length > 0) {
    const [was, now] = [[...before], entry.marketplaceIds].map((ids) => ids.join(', '));
    found.push(warning('MARKETPLACES_LOST', { ...details, before: was, now }));
  }
  return found;
}

/** Files loaded by hand replace each other if nobody says that they are of other marketplaces. */
function replacements(
  table: LoadTable,
  { entry }: Load,
  older: ComparedDocument[],
  newer: ComparedDocument[],
) {
  if (entry.pipeline !== null || entry.marketplaceIds.length > 0 || table.rows === 0) return [];
  // Costs and rates replace each other on purpose.
  if (ownTableTypes.some((type) => type === entry.reportType)) return [];
  const sum = older.reduce((rows, each) => rows + rowsOf(each, table.name), 0);
  const replaced = `${pluralize(sum, 'row')} of ${documentsText(older)} were replaced`;
  const superseded = `its ${pluralize(table.rows, 'row')} were replaced by those of ${documentsText(newer)}`;
  const found = newer.length > 0 ? superseded : replaced;
  return newer.length > 0 || sum > 0 ? [warning('ROWS_REPLACED', { table: table.name, found })] : [];
}

function changedColumns(table: LoadTable, before: ComparedDocument): Warning[] {
  const was = tableOf(before, table.name);
  if (!was || was.rows < minRows || table.rows < minRows) return [];
  const details = { table: table.name, document: before.documentId ?? before.key };
  const missingBefore = new Set(was.missing);
  const { missing = [] } = headerDrift(table.columns);
  const gone = missing.filter((name) => !missingBefore.has(name));
  const emptyBefore = new Set([...(was.emptyMeasures ?? []), ...missingBefore]);
  const emptied = (table.emptyMeasures ?? []).filter((name) => !emptyBefore.has(name));
  return [
    ...(gone.length > 0 ? [warning('COLUMNS_GONE', { ...details, columns: gone.join(', ') })] : []),
    ...(emptied.length > 0 ? [warning('MEASURES_EMPTY', { ...details, columns: emptied.join(', ') })] : []),
  ];
}

/** The documents whose snapshots are in a table: each replaces older ones of its marketplaces. */
function inPlace(earlier: ComparedDocument[], table: string): ComparedDocument[] {
  let found: ComparedDocument[] = [];
  for (const each of earlier) {
    if (!tableOf(each, table)) continue;
    found = [...found.filter((other) => !overlap(other, each)), each];
  }
  return found;
}

type Marketplaces = Pick<ComparedDocument, 'marketplaceIds'>;

function overlap({ marketplaceIds: a }: Marketplaces, { marketplaceIds: b }: Marketplaces): boolean {
  return shareMarketplace(a, b);
}

function tableOf({ tables }: ComparedDocument, name: string) {
  return tables.find((table) => table.name === name);
}

function rowsOf(earlier: ComparedDocument, name: string): number {
  const { rows = 0, superseded = 0 } = tableOf(earlier, name) ?? {};
  return rows - superseded;
}

function documentsText(documents: ComparedDocument[]): string {
  const maxShown = 3;
  return listNames(
    documents.map(({ documentId, key }) => documentId ?? key),
    maxShown,
  );
}
