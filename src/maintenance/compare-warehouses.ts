import type { WarehouseConfig } from '../config/warehouse-spec.js';
import type { QueryResult, Warehouse } from '../warehouse/types.js';

/** One table in two warehouses that were loaded with the same documents. */
export interface TableComparison {
  table: string;
  /** Rows in either warehouse; null if it does not have the table. */
  rows: { from: number | null; into: number | null };
  /** The columns that only one of them has, or whose values are not the same. */
  columns: string[];
}

/** A warehouse, and the kind whose SQL it speaks. */
export interface ComparedWarehouse {
  warehouse: Pick<Warehouse, 'tables' | 'query'>;
  type: WarehouseConfig['type'];
}

/** What the kinds of warehouses write differently. Columns are quoted. */
interface Dialect {
  quote(name: string): string;
  /** The sum, of whatever size, of an integer or decimal expression. */
  sum(number: string): string;
  /** 32 bits of a hash of a text, as an integer. */
  hash(text: string): string;
  /** Microseconds, and days, since 1970 in UTC. */
  micros(time: string): string;
  days(date: string): string;
}

const dialects: Record<WarehouseConfig['type'], Dialect> = {
  duckdb: {
    quote: (name) => `"${name.replaceAll('"', '""')}"`,
    sum: (number) => `SUM(${number})`,
    hash: (text) => `CAST('0x' || SUBSTRING(MD5(${text}), 1, 8) AS BIGINT)`,
    micros: (time) => `EPOCH_US(${time})`,
    days: (date) => `DATE_DIFF('day', DATE '1970-01-01', ${date})`,
  },
  postgres: {
    quote: (name) => `"${name.replaceAll('"', '""')}"`,
    sum: (number) => `SUM(CAST(${number} AS numeric))`,
    hash: (text) => `CAST(CAST('x' || SUBSTRING(MD5(${text}), 1, 8) AS bit(32)) AS bigint)`,
    micros: (time) => `EXTRACT(EPOCH FROM ${time}) * 1000000`,
    days: (date) => `${date} - DATE '1970-01-01'`,
  },
  bigquery: {
    quote: (name) => `\`${name}\``,
    sum: (number) => `SUM(CAST(${number} AS BIGNUMERIC))`,
    hash: (text) => `CAST(CONCAT('0x', SUBSTR(TO_HEX(MD5(${text})), 1, 8)) AS INT64)`,
    micros: (time) => `UNIX_MICROS(TIMESTAMP(${time}))`,
    days: (date) => `UNIX_DATE(${date})`,
  },
};

/** How the values of a column can be compared. Of the others, only those that are NULL are. */
type Kind = 'number' | 'float' | 'text' | 'time' | 'date' | 'boolean' | 'other';

/**
 * Compares all tables of two warehouses, of the same kind or not: the rows of each table, and of
 * each column how many values are not NULL, with a sum, a hash or the range of the values. Times of
 * loading are left out, and so are documents of the ledger that have no rows, and histories, which
 * may have begun later in one of them. Errors: QUERY_FAILED, and those of both warehouses.
 */
export async function compareWarehouses(
  from: ComparedWarehouse,
  into: ComparedWarehouse,
): Promise<TableComparison[]> {
  const [here, there] = await Promise.all([tableNames(from), tableNames(into)]);
  const compared: TableComparison[] = [];
  for (const table of [...new Set([...here, ...there])].sort()) {
    const [a, b] = await Promise.all([
      here.has(table) ? readFingerprint(from, table) : undefined,
      there.has(table) ? readFingerprint(into, table) : undefined,
    ]);
    const columns = a && b ? differing(a, b) : [];
    compared.push({ table, rows: { from: a?.rows ?? null, into: b?.rows ?? null }, columns });
  }
  return compared;
}

/** Whether two tables have the same rows, as far as they were compared. */
export function isSame({ rows, columns }: TableComparison): boolean {
  return rows.from === rows.into && columns.length === 0;
}

/** Rows of a table, and by column its kind and the aggregates of its values. */
interface Fingerprint {
  rows: number;
  columns: Map<string, { kind: Kind; values: string[] }>;
}

const ledgerTables = ['_loads', '_rejects'];

async function tableNames({ warehouse }: ComparedWarehouse): Promise<Set<string>> {
  const tables = (await warehouse.tables()).filter(({ history }) => !history);
  return new Set([
    ...tables.map(({ name }) => name.toLowerCase()),
    ...(tables.length > 0 ? ledgerTables : []),
  ]);
}

/** A statement may have a limited number of columns, of which each of a table takes up to three. */
const columnsAtOnce = 100;

async function readFingerprint(compared: ComparedWarehouse, table: string): Promise<Fingerprint> {
  const { warehouse, type } = compared;
  const dialect = dialects[type];
  const name = dialect.quote(table);
  // Of the documents without rows, not all are rebuilt.
  const isLedger = table === '_loads';
  const source = isLedger ? `${name} WHERE status = 'loaded'` : name;
  const columns: { name: string; kind: Kind }[] = isLedger
    ? [{ name: 'key', kind: 'text' }]
    : comparedColumns((await warehouse.query(`SELECT * FROM ${name} LIMIT 0`)).columns);
  const found: Fingerprint = { rows: 0, columns: new Map() };
  for (let start = 0; start < columns.length; start += columnsAtOnce) {
    const some = columns.slice(start, start + columnsAtOnce).map((column) => ({
      ...column,
      aggregates: aggregatesOf(dialect.quote(column.name), column.kind, dialect),
    }));
    const list = some.flatMap(({ aggregates }, index) =>
      aggregates.map((sql, at) => `${sql} AS a${index}_${at}`),
    );
    const sql = `SELECT COUNT(*) AS n, ${list.join(', ')} FROM ${source}`;
    const [row = {}] = (await warehouse.query(sql)).rows;
    found.rows = Number(row.n);
    for (const [index, { name: column, kind, aggregates }] of some.entries()) {
      const values = aggregates.map((_, at) => canonical(row[`a${index}_${at}`], kind));
      found.columns.set(column.toLowerCase(), { kind, values });
    }
  }
  return found;
}

function comparedColumns(columns: QueryResult['columns']): { name: string; kind: Kind }[] {
  return columns
    .filter(({ name }) => !/^_?loaded_at$/i.test(name))
    .map(({ name, type }) => ({ name, kind: kindOf(type) }));
}

function kindOf(type: string): Kind {
  if (/\[\]|^ARRAY|^STRUCT|JSON/i.test(type)) return 'other';
  if (/^(DOUBLE|FLOAT|REAL)/i.test(type)) return 'float';
  if (/INT|DECIMAL|NUMERIC/i.test(type)) return 'number';
  if (/^BOOL/i.test(type)) return 'boolean';
  if (/^(TIMESTAMP|DATETIME)/i.test(type)) return 'time';
  if (/^DATE/i.test(type)) return 'date';
  return /^(TEXT|VARCHAR|STRING|CHARACTER)/i.test(type) ? 'text' : 'other';
}

/** The first counts the values. */
function aggregatesOf(column: string, kind: Kind, { sum, hash, micros, days }: Dialect): string[] {
  const range = [`MIN(${column})`, `MAX(${column})`];
  const ofKind: Record<Kind, string[]> = {
    number: [sum(column), ...range],
    // Their sum depends on the order.
    float: range,
    text: [sum(hash(column))],
    time: [sum(micros(column))],
    date: [sum(days(column))],
    boolean: [sum(`CASE WHEN ${column} THEN 1 ELSE 0 END`)],
    other: [],
  };
  return [`COUNT(${column})`, ...ofKind[kind]];
}

/** A number of any warehouse as one text: decimals differ in their trailing zeros. */
function canonical(value: unknown, kind: Kind): string {
  const text = String(value ?? '');
  if (kind === 'float') return text === '' ? '' : String(Number(text));
  return /^-?\d+\.\d+$/.test(text) ? text.replace(/\.?0+$/, '').replace(/^-0$/, '0') : text;
}

function differing(a: Fingerprint, b: Fingerprint): string[] {
  const names = new Set([...a.columns.keys(), ...b.columns.keys()]);
  return [...names].filter((name) => {
    const [here, there] = [a.columns.get(name), b.columns.get(name)];
    if (!here || !there) return true;
    // Values of different types are only counted.
    const compared = here.kind === there.kind ? here.values.length : 1;
    return here.values.slice(0, compared).join('\n') !== there.values.slice(0, compared).join('\n');
  });
}
