import { columnTypeText, readColumnType, widerType } from '../schema/column-type.js';
import { looseHeader } from '../schema/column-name.js';
import { columnsYaml } from '../schema/infer.js';
import { personalColumns } from '../schema/personal-data.js';
import type { ColumnSchema, ColumnType, ReportSchemas } from '../schema/types.js';
import type { Drift } from '../warehouse/ledger/drift.js';

/** Drift, with what the table holds in a column that was added. */
export interface DriftWithValues extends Drift {
  /** Different values of the column. */
  examples: string[];
  /** The narrowest type that holds the values looked at. */
  type?: ColumnType;
  /** The schema's column of which an unknown header may be the new name. */
  mayBe?: string;
}

/**
 * The column lines by which schemas adopt drift: new spellings of columns that seem to be renamed, wider types, and columns of their own for
 * other unknown headers. Lines of columns that are there take the place of those of the same name.
 */
export function driftYaml(drifts: DriftWithValues[], schemas: ReportSchemas): string {
  const parts = [...new Set(drifts.map(({ table }) => table))].flatMap((table) => {
    const ofTable = drifts.filter((drift) => drift.table === table);
    const reportType = ofTable[0]?.reportType ?? '';
    const schema = schemas.get(reportType);
    const columns = schema?.tables.find(({ name }) => name === table)?.columns ?? [];
    const place = `columns of table ${table} in ${schema?.file}`;
    const changed = changedColumns(ofTable, columns);
    const unknown = ofTable.filter(({ kind, mayBe }) => kind === 'added' && mayBe === undefined);
    // What counted as personal without a mark must go on to do so.
    const added = newColumns(unknown).map((column) =>
      personalColumns(schema, table, [column.name]).length > 0 ? { ...column, pii: true as const } : column,
    );
    return [
      ...(changed.length > 0 ? [`# ${reportType}: in place of the same ${place}\n`] : []),
      ...changed.map(({ reason, column }) => `# ${reason}\n${columnsYaml([column])}`),
      ...(added.length > 0 ? [`# ${reportType}: to add under ${place}\n${columnsYaml(added)}`] : []),
    ];
  });
  if (parts.length === 0)
    return '# No headers that the schemas do not know, and no types that are too narrow.\n';
  return `# Check the types. A file in your own schemas folder goes before the packaged one: copy that, then change the lines.
# After that: sp-reports reload --type REPORT_TYPE; and sp-reports rebuild, for columns to get a narrower type than string.
${parts.join('')}`;
}

/**
 * Tells of unknown headers which column they may be: one that was missing in the very documents that had the header, that would stand at the
 * same place, whose type holds the values; where there is but one such, and but one such header.
 */
export function withRenames(drifts: DriftWithValues[], schemas: ReportSchemas): DriftWithValues[] {
  const pairs = drifts
    .filter(({ kind }) => kind === 'added')
    .flatMap((added) =>
      drifts
        .filter((missing) => isRename(added, missing, drifts, schemas))
        .map((missing) => ({ added, missing })),
    );
  const only = pairs.filter(
    ({ added, missing }) =>
      pairs.filter((pair) => pair.added === added || pair.missing === missing).length === 1,
  );
  return drifts.map((drift) => {
    const mayBe = only.find(({ added }) => added === drift)?.missing.column;
    return mayBe === undefined ? drift : { ...drift, mayBe };
  });
}

function isRename(added: DriftWithValues, missing: Drift, drifts: Drift[], schemas: ReportSchemas): boolean {
  if (missing.kind !== 'missing' || !inSameDocuments(added, missing)) return false;
  const columns =
    schemas.get(missing.reportType)?.tables.find(({ name }) => name === missing.table)?.columns ?? [];
  const index = columns.findIndex(({ name }) => name === missing.column);
  const type = columns[index]?.type;
  if (!type || !added.type || !holds(type, added.type)) return false;
  const isMissing = (name: string) =>
    drifts.some(
      (other) => other.kind === 'missing' && other.column === name && inSameDocuments(other, missing),
    );
  return columns.slice(0, index).findLast(({ name }) => !isMissing(name))?.name === added.after;
}

/** Text holds everything, which says nothing of what it is. */
function holds(type: ColumnType, other: ColumnType): boolean {
  if (type.kind === 'string') return other.kind === 'string';
  return columnTypeText(widerType(type, other)) === columnTypeText(type);
}

function inSameDocuments(a: Drift, b: Drift): boolean {
  return (
    a.table === b.table &&
    a.documents === b.documents &&
    a.firstSeenAt === b.firstSeenAt &&
    a.documentIds.join() === b.documentIds.join()
  );
}

/** Columns of the schema with the spelling or the type that documents need, and why. */
function changedColumns(
  drifts: DriftWithValues[],
  columns: ColumnSchema[],
): { reason: string; column: ColumnSchema }[] {
  return columns.flatMap((column) => {
    const { name, from, type } = column;
    const renamed = drifts.find(({ mayBe }) => mayBe === name)?.header;
    const wider = drifts
      .filter((drift) => drift.kind === 'widened' && drift.column === name)
      .flatMap(({ to = '' }) => readColumnType(to) ?? [])
      .reduce(widerType, type);
    const reasons = [
      ...(renamed === undefined
        ? []
        : [`renamed? "${renamed}" stands in the place of ${from.join(', ')}, with values of its type`]),
      ...(columnTypeText(wider) === columnTypeText(type)
        ? []
        : [`type ${columnTypeText(type)} -> ${columnTypeText(wider)}`]),
    ];
    if (reasons.length === 0) return [];
    const changed = { ...column, from: renamed === undefined ? from : [...from, renamed], type: wider };
    return [{ reason: `${name}: ${reasons.join('; ')}`, column: changed }];
  });
}

/** A column for each header; a nameless one, and one that repeats in its document, have no name a schema could know them by. */
function newColumns(added: DriftWithValues[]): ColumnSchema[] {
  const seen = new Set<string>();
  return added.flatMap(({ column, header = column, type = { kind: 'string' } }) => {
    const loose = looseHeader(header);
    if (loose === '' || seen.has(loose)) return [];
    seen.add(loose);
    return { name: column, from: [header], type };
  });
}
