import { columnTypeText, readColumnType, widerType } from '../../schema/column-type.js';
import { looseHeader } from '../../schema/column-name.js';
import { columnsYaml } from '../../schema/infer.js';
import { personalColumns } from '../../schema/personal-data.js';
import type { ColumnSchema, ColumnType, ReportSchemas } from '../../schema/types.js';
import type { Drift } from '../../warehouse/ledger/drift.js';

/** Drift, with values from the table if a column was added. */
export interface DriftWithValues extends Drift {
  /** Distinct values of the column. */
  examples: string[];
  /** The narrowest type for the sampled values. */
  type?: ColumnType;
  /** The column of the schema that an unknown header may be the new name of. */
  mayBe?: string;
}

/**
 * Returns the column lines that resolve the drift: new spellings for columns that seem to be
 * renamed, wider types, and new columns for other unknown headers. A line for an existing column
 * replaces the line with the same name.
 */
export function driftYaml(drifts: DriftWithValues[], schemas: ReportSchemas): string {
  const parts = [...new Set(drifts.map(({ table }) => table))].flatMap((table) => {
    const ofTable = drifts.filter((drift) => drift.table === table);
    const reportType = ofTable[0]?.reportType ?? '';
    const schema = schemas.get(reportType);
    const columns = schema?.tables.find(({ name }) => name === table)?.columns ?? [];
    const columnList = `columns of table ${table} in ${schema?.file}`;
    const changed = changedColumns(ofTable, columns);
    const unknown = ofTable.filter(({ kind, mayBe }) => kind === 'added' && mayBe === undefined);
    // A column that counted as personal data without a mark must stay so.
    const found = unknown.flatMap(({ column, isPersonal }) => (isPersonal ? column : []));
    const added = newColumns(unknown).map((column) =>
      personalColumns(schema, table, [column.name], found).length > 0
        ? { ...column, pii: true as const }
        : column,
    );
    return [
      ...(changed.length > 0 ? [`# ${reportType}: replace the same ${columnList}\n`] : []),
      ...changed.map(({ reason, column }) => `# ${reason}\n${columnsYaml([column])}`),
      ...(added.length > 0 ? [`# ${reportType}: add to the ${columnList}\n${columnsYaml(added)}`] : []),
    ];
  });
  if (parts.length === 0) return '# The schemas know all headers, and no type is too narrow.\n';
  return `# Check the types. A file in your own schemas folder replaces the packaged one: copy that file, then change the lines.
# Then run sp-reports reload --type REPORT_TYPE. To narrow the type of string columns, also run sp-reports rebuild.
${parts.join('')}`;
}

/**
 * Adds to each unknown header the column that it may be the new name of. That column was missing in
 * exactly the documents that had the header, has the same position, and its type fits the values.
 * Column and header must match unambiguously.
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

/**
 * Whether a column type fits all values of another type. A string column only fits strings: it
 * could store anything, which proves nothing.
 */
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

/** Returns columns of the schema with the spelling or type that documents need, and the reason. */
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
        : [`renamed? "${renamed}" is at the position of ${from.join(', ')}, with values of its type`]),
      ...(columnTypeText(wider) === columnTypeText(type)
        ? []
        : [`type ${columnTypeText(type)} -> ${columnTypeText(wider)}`]),
    ];
    if (reasons.length === 0) return [];
    const changed = { ...column, from: renamed === undefined ? from : [...from, renamed], type: wider };
    return [{ reason: `${name}: ${reasons.join('; ')}`, column: changed }];
  });
}

/**
 * Returns a column for each new header. Empty and repeated headers are left out, because a schema
 * cannot identify them.
 */
function newColumns(added: DriftWithValues[]): ColumnSchema[] {
  const seen = new Set<string>();
  return added.flatMap(({ column, header = column, type = { kind: 'string' } }) => {
    const loose = looseHeader(header);
    if (loose === '' || seen.has(loose)) return [];
    seen.add(loose);
    return { name: column, from: [header], type };
  });
}
