import type { DuckDBConnection } from '@duckdb/node-api';
import type { ColumnType } from '../../schema/types.js';
import type { TimedLoad } from '../rules/commit-rules.js';
import { planBatches, type TableLoad } from '../rules/plan-batches.js';
import type { Relation, Relations } from '../rules/relations.js';
import {
  describeDocuments,
  documentRows,
  lineageValues,
  parquetRows,
  presentColumns,
} from '../staging/document-rows.js';
import { documentValue, wrongCount } from '../staging/document-values.js';
import { identifier, literal, parquets, run, utcTimestamp } from '../staging/sql.js';
import { lineage } from '../../schema/lineage.js';
import type { Load, LoadTable } from '../types.js';
import { binaryCopy, countRows, type Rows } from './binary-copy.js';
import type { RowValue } from './binary-rows.js';
import { storable, storableJson } from './sql.js';

/** Where the rows of a commit come from. */
export interface RowSource {
  /** DuckDB, which reads the Parquet files and converts their values. */
  connection: DuckDBConnection;
  /** Whether U+0000 in texts of documents becomes U+FFFD, with a reject for each text. */
  replacesNul: boolean;
}

/** Rows for a binary COPY, converted while they are sent. */
export interface CopyRows {
  columns: string[];
  bytes: AsyncIterable<Buffer>;
}

/** The rows of documents for their table, in the types that it has, with the lineage. */
export function rowsOf(source: RowSource, relation: Relation, loads: TableLoad[]): CopyRows {
  const present = presentColumns(loads);
  const paths = loads.flatMap(({ table }) => table.parquetPath ?? []);
  const position = (path: string) => `list_position($paths, ${path}) - 1`;
  const lineageRows = {
    values: ofDocument.map(({ name, type }) => ({ sql: lineageValues[name] as string, type })),
    from: `${documentRows} batch`,
    parameters: { documents: storableJson(describeDocuments(loads)), paths },
  };
  return {
    columns: [...present, { name: '_row' }, ...ofDocument].map(({ name }) => name),
    bytes: binaryCopy(
      source.connection,
      [{ ...documentRowsOf(source, relation, loads), parameters: { paths } }],
      { rows: lineageRows, position: position('batch.path'), positionIn: position('document.__file') },
    ),
  };
}

/**
 * Converts the rows of loads as `rowsOf` will, and sends nothing. Errors: `Refusal` for a file that
 * lacks rows, DuckDB's errors for a value that doesn't fit.
 */
export async function checkRows(source: RowSource, relations: Relations, loads: TimedLoad[]): Promise<void> {
  const plans = await planBatches(relations, loads, async () => []);
  for (const batch of plans.flat()) {
    const filled = filledLoads(batch.loads);
    if (filled.length === 0) continue;
    const count = await countRows(source.connection, documentRowsOf(source, batch.relation, filled));
    if (count !== countOf(filled)) throw await wrongCount(source.connection, filled);
  }
}

/** The loads that have rows. */
export function filledLoads(loads: TableLoad[]): TableLoad[] {
  return loads.filter(({ table }) => table.parquetPath);
}

/** How many rows the documents have. */
export function countOf(loads: TableLoad[]): number {
  return loads.reduce((sum, { table }) => sum + table.rows, 0);
}

/** The rows of `_rejects` for loads, in the order of `rejectColumns`; undefined without any. */
export function rejectsOf(source: RowSource, loads: TimedLoad[]): AsyncIterable<Buffer> | undefined {
  const all = loads.flatMap(({ load, loadedAt }): Rows[] => {
    const { entry, rejectsPath } = load;
    const rejects = [
      ...(rejectsPath ? [`SELECT ${rejectNames.join(', ')} FROM ${parquets([rejectsPath])}`] : []),
      ...nulRejects(source, load),
    ];
    if (rejects.length === 0) return [];
    const text = (value: string | null) =>
      `CAST(${value === null ? 'NULL' : literal(storable(value))} AS VARCHAR)`;
    const values = [
      ...[entry.sellerId, entry.documentId, entry.reportId, entry.reportType].map((id) => ofText(text(id))),
      ...rejectNames.map((name) =>
        name === 'row_number' ? { sql: name, type: count } : ofText(withoutNul(name)),
      ),
      { sql: utcTimestamp(literal(loadedAt)), type: time },
    ];
    return [{ values, from: `(${rejects.join(' UNION ALL ')})` }];
  });
  return all.length > 0 ? binaryCopy(source.connection, all) : undefined;
}

/** How many rejects a load has because U+0000 was replaced. */
export async function countNulRejects(source: RowSource, load: Load): Promise<number> {
  const rejects = nulRejects(source, load);
  if (rejects.length === 0) return 0;
  const [row] = await run(source.connection, `SELECT count(*) FROM (${rejects.join(' UNION ALL ')})`);
  return Number(row?.[0]);
}

const count: ColumnType = { kind: 'int64' };
const time: ColumnType = { kind: 'timestamp' };
const ofText = (sql: string): RowValue => ({ sql, type: { kind: 'string' } });

/** The lineage but the number of a row is the same for all rows of a document. */
const ofDocument = lineage.filter(({ name }) => name !== '_row');

function documentRowsOf(source: RowSource, relation: Relation, loads: TableLoad[]): Rows {
  const values = presentColumns(loads).map((column): RowValue => {
    const type = relation.columns.get(column.name.toLowerCase())?.type ?? column.type;
    const sql = documentValue(relation, column);
    return { sql: source.replacesNul ? valueWithoutNul(sql, type) : sql, type };
  });
  return {
    values: [...values, { sql: lineageValues._row as string, type: count }],
    from: parquetRows(loads),
  };
}

const rejectNames = ['table_name', 'row_number', 'column_name', 'raw', 'reason'];

/** SQL for the rejects of a load because of texts with U+0000, which PostgreSQL cannot store. */
function nulRejects({ replacesNul }: RowSource, { tables }: Load): string[] {
  return replacesNul ? tables.flatMap(textsWithNul) : [];
}

function textsWithNul({ name, columns, parquetPath }: LoadTable): string[] {
  if (!parquetPath) return [];
  return columns.flatMap((column) => {
    const isList = column.type.kind === 'list';
    if (column.header === undefined || (column.type.kind !== 'string' && !isList)) return [];
    const text = `CAST(${identifier(column.name)} AS VARCHAR)`;
    // Lists are JSON, with an escape.
    const nul = isList ? "'\\u0000'" : 'chr(0)';
    return `SELECT ${literal(name)} AS table_name, CAST(_row AS BIGINT) AS row_number,
      ${literal(column.name)} AS column_name, ${text} AS raw,
      'U+0000 is replaced, as PostgreSQL cannot store it' AS reason
      FROM ${parquets([parquetPath])} WHERE contains(${text}, ${nul})`;
  });
}

function valueWithoutNul(value: string, type: ColumnType): string {
  if (type.kind === 'string') return withoutNul(value);
  if (type.kind !== 'list' || type.item.kind !== 'string') return value;
  return `list_transform(${value}, lambda item: ${withoutNul('item')})`;
}

function withoutNul(text: string): string {
  return `replace(${text}, chr(0), chr(65533))`;
}
