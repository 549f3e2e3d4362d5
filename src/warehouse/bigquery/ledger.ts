import { version } from '../../runtime/version.js';
import type { TimedLoad } from '../rules/commit-rules.js';
import { ledgerRows } from '../staging/ledger-rows.js';
import { documentId } from '../rules/document-id.js';
import { jsonRows, parquets, utcTimestamp } from '../staging/sql.js';
import { absentValue, ledgerColumns, rejectColumns } from '../ledger/ledger-columns.js';
import { type LedgerEntry, type LedgerFilter, type LedgerRow, rowsByKeys } from '../types.js';
import type { BigQueryClient } from './client.js';
import { columnTypeOfKind, fromStaging } from './column-types.js';
import { listNulls } from './list-nulls.js';
import { identifier, literal } from './sql.js';
import { type StagingFile, type Stager, stageQuery } from './stage.js';
import { toJsonValue } from './values.js';

/** The ledger rows of those keys. */
export async function readByKey(client: BigQueryClient, keys: string[]): Promise<Map<string, LedgerRow>> {
  const rows = await readLedger(client, `WHERE key IN (${keys.map(literal).join(', ')})`);
  return new Map(rows.map((row) => [row.key, row]));
}

/** The same; the key of a report without a document finds the report's documents too. See `readSeen` of DuckDB's ledger. */
export async function readSeen(client: BigQueryClient, keys: string[]): Promise<Map<string, LedgerRow>> {
  const all = keys.map(literal).join(', ');
  // Without such keys the ledger's clusters spare the reading of most of it.
  const ofReports = keys.some((key) => key.includes('/report/'))
    ? `OR CONCAT(seller_id, '/report/', report_id) IN (${all})`
    : '';
  const rows = await readLedger(
    client,
    `WHERE key IN (${all}) ${ofReports} ORDER BY document_id IS NULL DESC`,
  );
  return rowsByKeys(rows, keys);
}

/** Ledger rows, the last loaded first. */
export function readLoads(client: BigQueryClient, filter: LedgerFilter): Promise<LedgerRow[]> {
  return readLedger(client, `${conditions(filter)} ORDER BY loaded_at DESC, key ${limit(filter)}`);
}

/** Rejects of the documents that the filter finds, the last loaded first, then in document order. */
export async function readRejects(
  client: BigQueryClient,
  { documentOrTable: name, ...filter }: LedgerFilter,
): Promise<Record<string, unknown>[]> {
  const named =
    name === undefined ? '' : `WHERE ${literal(name)} IN (r.document_id, r.report_id, r.table_name)`;
  return readRows(
    client,
    `SELECT ${rejectColumns.map(({ column }) => `r.${column}`).join(', ')} FROM ${client.table('_rejects')} AS r
     JOIN (SELECT DISTINCT IFNULL(seller_id, '') AS seller, IFNULL(document_id, '') AS document FROM ${client.table('_loads')} ${conditions(filter)}) AS l
       ON l.seller = IFNULL(r.seller_id, '') AND l.document = IFNULL(r.document_id, '')
     ${named}
     ORDER BY r.loaded_at DESC, r.document_id, r.table_name, r.row_number, r.column_name NULLS LAST ${limit(filter)}`,
  );
}

/**
 * Ranks documents that come into a table among those that are in it, as `rankDocuments` of DuckDB's ledger does: by the report's creation,
 * then by its id.
 */
export async function rankDocuments(
  client: BigQueryClient,
  table: string,
  coming: { entry: LedgerEntry; loadedAt: string }[],
) {
  const ranked = coming.map(({ entry, loadedAt }) => ({
    ...ids(entry),
    madeMicros: epochMicros(entry.reportCreatedAt ?? loadedAt),
  }));
  const [oldest = 0n] = ranked.map(({ madeMicros }) => madeMicros).sort((a, b) => (a < b ? -1 : 1));
  const sellers = ranked.flatMap(({ seller }) => (seller === null ? [] : literal(seller)));
  // Documents of no known seller are ranked among themselves.
  const ofSellers =
    sellers.length < ranked.length ? '' : `AND seller_id IN (${[...new Set(sellers)].join(', ')})`;
  const keys = new Set(ranked.map(({ key }) => key));
  const rows = await readLedger(
    client,
    `WHERE document_id IS NOT NULL AND UNIX_MICROS(IFNULL(report_created_at, loaded_at)) >= ${oldest}
       AND ${fillsTable(table)} ${ofSellers}`,
  );
  const there = rows.flatMap((row) => {
    const madeMicros = epochMicros(row.reportCreatedAt ?? row.loadedAt);
    const isNewer = ranked.some((each) => each.seller === row.sellerId && each.madeMicros <= madeMicros);
    return !keys.has(row.key) && isNewer ? [{ ...ids(row), madeMicros }] : [];
  });
  return [...ranked, ...there].sort(byAge).map((each, index) => ({ ...each, rank: index + 1 }));
}

type Aged = ReturnType<typeof ids> & { madeMicros: bigint };

function ids(entry: LedgerEntry) {
  const { key, sellerId: seller, documentId: document, marketplaceIds: marketplaces, reportId } = entry;
  return { key, seller, document, marketplaces: marketplaces ?? [], report: reportId ?? '' };
}

function byAge(a: Aged, b: Aged): number {
  const compare = <T>(left: T, right: T) => (left < right ? -1 : left > right ? 1 : 0);
  return (
    compare(a.madeMicros, b.madeMicros) ||
    compare(a.report.length, b.report.length) ||
    compare(a.report, b.report) ||
    compare(a.key, b.key)
  );
}

/** Microseconds since 1970 of a time in ISO 8601. */
function epochMicros(iso: string): bigint {
  const beyondMillis = /\.\d{3}(\d{1,3})/.exec(iso)?.[1] ?? '';
  return BigInt(Date.parse(iso)) * 1000n + BigInt(beyondMillis.padEnd(3, '0') || '0');
}

const stagedLedger = ledgerColumns.map(({ column, kind }) => ({
  name: column,
  type: columnTypeOfKind(kind),
}));
const stagedRejects = rejectColumns.map(({ column, kind }) => ({
  name: column,
  type: columnTypeOfKind(kind),
}));

/** Writes the ledger rows of loads to a file that is to be staged. */
export function stageLedger(stager: Stager, rows: LedgerRow[]): Promise<StagingFile> {
  const values = ledgerColumns.map(({ column, kind }) =>
    kind === 'time' ? `${utcTimestamp(column)} AS ${column}` : column,
  );
  const objects = rows.map((row) =>
    Object.fromEntries(ledgerColumns.map(({ field, column }) => [column, row[field]])),
  );
  return stageQuery(stager, stagedLedger, `SELECT ${values} FROM ${ledgerRows}`, {
    rows: JSON.stringify(objects),
  });
}

/** Writes the rejects of loads, and their lists that lose NULLs, to a file that is to be staged; undefined where there are none. */
export async function stageRejects(
  stager: Stager,
  loads: TimedLoad[],
  hasListNulls: boolean,
): Promise<StagingFile | undefined> {
  const names = stagedRejects.map(({ name }) => name).join(', ');
  const lists = `SELECT ${names} FROM ${listNulls}`;
  const rejected = loads.filter(({ load }) => load.rejectsPath);
  if (rejected.length === 0) {
    return hasListNulls ? stageQuery(stager, stagedRejects, lists, {}) : undefined;
  }
  const documents = rejected.map(({ load: { entry, rejectsPath }, loadedAt }) => ({
    path: rejectsPath,
    seller_id: entry.sellerId,
    document_id: entry.documentId,
    report_id: entry.reportId,
    report_type: entry.reportType,
    loaded_at: loadedAt,
  }));
  const rows = jsonRows('documents', {
    path: 'VARCHAR',
    seller_id: 'VARCHAR',
    document_id: 'VARCHAR',
    report_id: 'VARCHAR',
    report_type: 'VARCHAR',
    loaded_at: 'VARCHAR',
  });
  const files = rejected.flatMap(({ load }) => load.rejectsPath ?? []);
  return stageQuery(
    stager,
    stagedRejects,
    `SELECT seller_id, document_id, report_id, report_type, table_name, row_number, column_name, raw, reason, ${utcTimestamp('batch.loaded_at')} AS loaded_at
     FROM ${parquets(files, '__file')} JOIN ${rows} batch ON path = __file UNION ALL ${lists}`,
    { documents: JSON.stringify(documents) },
  );
}

/** The statements that put staged ledger rows and rejects in the place of those that are there. */
export function ledgerStatements(
  client: BigQueryClient,
  staged: { ledger: string; rejects?: string },
  replaced: LedgerEntry[],
  gone: string[],
): string[] {
  const statements: string[] = [];
  const documents = replaced.map(({ sellerId, documentId: document }) =>
    literal(documentId({ seller: sellerId, document })),
  );
  if (documents.length > 0) {
    statements.push(
      `DELETE FROM ${client.table('_rejects')} WHERE CONCAT(IFNULL(seller_id, ''), '/', document_id) IN (${documents.join(', ')})`,
    );
  }
  const keys = [...replaced.map(({ key }) => key), ...gone].map(literal);
  if (keys.length > 0)
    statements.push(`DELETE FROM ${client.table('_loads')} WHERE key IN (${keys.join(', ')})`);
  const values = (columns: typeof stagedLedger) =>
    columns.map(({ name, type }) => fromStaging(identifier(name), type)).join(', ');
  const names = (columns: typeof stagedLedger) => columns.map(({ name }) => identifier(name)).join(', ');
  statements.push(
    `INSERT INTO ${client.table('_loads')} (${names(stagedLedger)}, version) SELECT ${values(stagedLedger)}, ${literal(version)} FROM ${staged.ledger}`,
  );
  if (staged.rejects) {
    statements.push(
      `INSERT INTO ${client.table('_rejects')} (${names(stagedRejects)}) SELECT ${values(stagedRejects)} FROM ${staged.rejects}`,
    );
  }
  return statements;
}

async function readLedger(client: BigQueryClient, rest: string): Promise<LedgerRow[]> {
  const rows = await readRows(
    client,
    // By the names that come, as the ledger of an earlier version has fewer.
    `SELECT * FROM ${client.table('_loads')} ${rest}`,
  );
  return rows.map((row) => {
    const fields = ledgerColumns.map(({ field, column, kind }) => {
      const value = row[column] ?? null;
      if (value === null) return [field, absentValue(field)];
      return [field, kind === 'count' ? Number(value) : value];
    });
    return Object.fromEntries(fields) as LedgerRow;
  });
}

/** SQL that is true of ledger rows of documents that filled a table of that name. */
export function fillsTable(name: string): string {
  const quoted = JSON.stringify(name).replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
  return `REGEXP_CONTAINS(TO_JSON_STRING(tables), ${literal(`"name": ?${quoted}`)})`;
}

/** All rows of an answer known to be small, as objects. */
export async function readRows(client: BigQueryClient, sql: string): Promise<Record<string, unknown>[]> {
  const rows: Record<string, unknown>[] = [];
  for await (const page of client.pages(await client.run(sql))) {
    const fields = page.schema?.fields ?? [];
    for (const { f } of page.rows ?? []) {
      rows.push(
        Object.fromEntries(fields.map((field, index) => [field.name, toJsonValue(f[index]?.v, field)])),
      );
    }
  }
  return rows;
}

function conditions(filter: LedgerFilter): string {
  const { statuses, reportType, sellerId, documentOrTable: name, dataEndSince, createdSince } = filter;
  const parts = [
    ...(statuses ? [`status IN (${statuses.map(literal).join(', ')})`] : []),
    ...(reportType === undefined ? [] : [`report_type = ${literal(reportType)}`]),
    ...(sellerId === undefined ? [] : [`seller_id = ${literal(sellerId)}`]),
    ...(name === undefined ? [] : [`(${literal(name)} IN (document_id, report_id) OR ${fillsTable(name)})`]),
    ...(dataEndSince === undefined ? [] : [`data_end >= TIMESTAMP ${literal(dataEndSince)}`]),
    ...(createdSince === undefined ? [] : [`report_created_at >= TIMESTAMP ${literal(createdSince)}`]),
  ];
  return parts.length > 0 ? `WHERE ${parts.join(' AND ')}` : '';
}

function limit(filter: LedgerFilter): string {
  return filter.limit === undefined ? '' : `LIMIT ${Math.max(0, Math.trunc(filter.limit))}`;
}
