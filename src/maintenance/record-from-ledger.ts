import type { PipelineContext } from '../ingest/context.js';
import type { ParquetReader } from '../parquet/parquet-reader.js';
import type { ColumnType, ResolvedColumn, TableSchema } from '../schema/types.js';
import { columnTypeOf } from '../warehouse/staging/column-types.js';
import type { LedgerEntry, LedgerRow, Load, LoadTable } from '../warehouse/types.js';
import { expectedFiles } from './verify-document.js';

/**
 * Makes the load of a ledger row from its Parquet files and its report schema. Undefined if the
 * schema does not have one of its tables.
 * Errors: PARQUET_FAILED; those of the lake.
 */
export async function loadFromLedger(
  row: LedgerRow,
  { lake, schemas }: PipelineContext,
  reader: ParquetReader,
): Promise<Load | undefined> {
  const files = new Map(expectedFiles(row, lake).map((file) => [file.table, file]));
  const schema = schemas.get(row.reportType ?? '');
  const tables: LoadTable[] = [];
  for (const table of row.tables) {
    const declared = schema?.tables.find(({ name }) => name === table.name);
    if (!declared) return undefined;
    const path = table.rows > 0 ? (files.get(table.name)?.path ?? null) : null;
    const { name, rows, rejects, emptyMeasures, allMeasuresEmpty } = table;
    const { mode, key } = declared.load;
    const { partitionBy } = declared;
    const columns = columnsOf(table, declared, path === null ? undefined : await read(path));
    const figures = { rows, rejects, emptyMeasures, allMeasuresEmpty };
    tables.push({ name, mode, key, partitionBy, columns, parquetPath: path, ...figures });
  }
  const rejectsPath = row.rejects > 0 ? (files.get('_rejects')?.path ?? null) : null;
  return { entry: entryOf(row), tables, rejectsPath };

  async function read(path: string): Promise<Map<string, string>> {
    await lake.fetch(path);
    try {
      const columns = await reader.columns(path);
      return new Map(columns.map(({ name, type }) => [name, type]));
    } finally {
      await lake.evictLocalCopy(path);
    }
  }
}

/** A ledger row as it is committed. */
export function entryOf({ loadedAt: _, ...entry }: LedgerRow): LedgerEntry {
  return entry;
}

/** `types`: of the Parquet file, by column; undefined if the document has no rows. */
function columnsOf(
  { missing = [], added = [], personal = [] }: LedgerRow['tables'][number],
  { columns }: TableSchema,
  types: Map<string, string> | undefined,
): ResolvedColumn[] {
  const isAbsent = (name: string) => missing.includes(name) || (types !== undefined && !types.has(name));
  const declared = columns.map(({ name, from, type }): ResolvedColumn => {
    const header = isAbsent(name) ? undefined : (from[0] ?? name);
    return { name, header, type: typeOf(types?.get(name), type), origin: 'schema' };
  });
  const others = added.map(({ name, header, after }): ResolvedColumn => {
    const type = typeOf(types?.get(name), { kind: 'string' });
    return { name, header, type, origin: 'added', after, pii: personal.includes(name) || undefined };
  });
  return [...declared, ...others];
}

/** Parquet has JSON and lists as text; every other type of a document is in its file. */
function typeOf(parquetType: string | undefined, declared: ColumnType): ColumnType {
  if (parquetType === undefined) return declared;
  const isText = parquetType === 'VARCHAR' || parquetType === 'JSON';
  if (isText) return declared.kind === 'list' || declared.kind === 'json' ? declared : { kind: 'string' };
  return columnTypeOf(parquetType.replace(' WITH TIME ZONE', '')) ?? declared;
}
