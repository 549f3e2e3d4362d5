import { type LedgerFilter, type LedgerRow, type Period, type RowDifference, rowsByKeys } from '../types.js';
import { maxSeamMs } from './data-gaps.js';
import { absentValue, ledgerColumns, rejectColumns } from './ledger-columns.js';

/** What differs between warehouses in the SQL that reads the ledger. */
export interface LedgerDialect {
  /** The full name of a table. */
  table(name: string): string;
  /** Quotes text. */
  literal(text: string): string;
  /** A time in ISO 8601 as a value that compares with the ledger's times. */
  time(iso: string): string;
  /** A condition on ledger rows: their document filled a table of that name. */
  fillsTable(name: string): string;
  /** A column of `item`, one of the tables of a ledger row, as text. */
  itemValue(field: string): string;
  /** What follows `FROM _loads AS l` for a row with `item` per table of a ledger row. */
  eachItem: string;
  /** A list of texts as JSON text. */
  listText(column: string): string;
  /** A time as microseconds since 1970. */
  micros(column: string): string;
  /**
   * Runs a query with few rows. Returns them by column name: times as ISO 8601 in UTC, lists as
   * arrays, JSON as text or parsed.
   */
  run(sql: string): Promise<Record<string, unknown>[]>;
}

/** Reads the ledger of any warehouse. */
export class LedgerQueries {
  constructor(private readonly dialect: LedgerDialect) {}

  /** The ledger rows with those keys. */
  async readByKey(keys: string[]): Promise<Map<string, LedgerRow>> {
    const rows = await this.readLedger(`WHERE key IN (${this.literals(keys)})`);
    return new Map(rows.map((row) => [row.key, row]));
  }

  /**
   * The ledger rows with those keys. The key of a report without a document finds the report's
   * documents too, because a notification may lack the document id that the ledger has.
   */
  async readSeen(keys: string[]): Promise<Map<string, LedgerRow>> {
    const all = this.literals(keys);
    // Without such keys BigQuery reads only the clusters of the ledger that can hold them.
    const ofReports = keys.some((key) => key.includes('/report/'))
      ? `OR seller_id || '/report/' || report_id IN (${all})`
      : '';
    const rows = await this.readLedger(
      `WHERE key IN (${all}) ${ofReports} ORDER BY document_id IS NULL DESC`,
    );
    return rowsByKeys(rows, keys);
  }

  /** Ledger rows, the last loaded first; by key if a filter continues after one. */
  readLoads(filter: LedgerFilter): Promise<LedgerRow[]> {
    const order = filter.afterKey === undefined ? 'loaded_at DESC, key' : 'key';
    return this.readLedger(`${this.conditions(filter)} ORDER BY ${order} ${limit(filter)}`);
  }

  /** See `Warehouse.periods`. */
  async readPeriods(): Promise<Period[]> {
    const { table, listText, micros, itemValue, eachItem, run } = this.dialect;
    const covering = `l.status IN ('loaded', 'empty', 'cancelled') AND l.seller_id IS NOT NULL
      AND l.report_type IS NOT NULL AND l.data_start IS NOT NULL AND l.data_end IS NOT NULL`;
    const group = `l.report_type, l.seller_id, ${listText('l.marketplace_ids')} AS marketplaces`;
    const named = await run(
      `SELECT DISTINCT ${group}, ${itemValue('name')} AS name FROM ${table('_loads')} AS l ${eachItem} WHERE ${covering}`,
    );
    const groupOf = (row: Record<string, unknown>) =>
      JSON.stringify([row.report_type, row.seller_id, row.marketplaces]);
    const tables = new Map<string, { name: string }[]>();
    for (const row of named) {
      tables.set(groupOf(row), [...(tables.get(groupOf(row)) ?? []), { name: String(row.name) }]);
    }
    const between = (from: string, to: string) => `${micros(to)} - ${micros(from)} > ${maxSeamMs * 1000}`;
    const window = 'PARTITION BY report_type, seller_id, marketplaces ORDER BY data_start, data_end';
    const rows = await run(
      `SELECT report_type, seller_id, marketplaces, MIN(data_start) AS begins, MAX(data_end) AS ends
       FROM (
         SELECT *, SUM(CASE WHEN covered IS NULL OR ${between('covered', 'data_start')} THEN 1 ELSE 0 END) OVER (${window}) AS island
         FROM (
           SELECT *, MAX(data_end) OVER (${window} ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS covered
           FROM (
             SELECT ${group}, l.data_start, l.data_end FROM ${table('_loads')} AS l
             WHERE ${covering} AND ${between('l.data_start', 'l.data_end')}
           ) AS periods
         ) AS following
       ) AS islands
       GROUP BY report_type, seller_id, marketplaces, island`,
    );
    return rows.map((row) => ({
      status: 'loaded',
      reportType: row.report_type as string,
      sellerId: row.seller_id as string,
      marketplaceIds: JSON.parse(row.marketplaces as string) as string[],
      dataStart: row.begins as string,
      dataEnd: row.ends as string,
      tables: tables.get(groupOf(row)) ?? [],
    }));
  }

  /** See `Warehouse.rowDifferences`. */
  async readRowDifferences(name: string, isAppend: boolean): Promise<RowDifference[]> {
    const { table, literal, itemValue, eachItem, run } = this.dialect;
    const count = (field: string) => `COALESCE(CAST(${itemValue(field)} AS INT64), 0)`;
    const seller = "COALESCE(seller_id, '')";
    const rows = await run(
      `SELECT ledger.key AS ledger_key, COALESCE(ledger.seller, here.seller) AS seller,
         COALESCE(ledger.document, here.document) AS document, COALESCE(ledger.expected, 0) AS expected,
         COALESCE(here.found, 0) AS found, COALESCE(ledger.newest, FALSE) AS newest
       FROM (
         SELECT key, ${seller} AS seller, document_id AS document, expected,
           made = MAX(made) OVER (PARTITION BY ${seller})
             AND COUNT(*) OVER (PARTITION BY ${seller}, made) = 1 AS newest
         FROM (
           SELECT l.key, l.seller_id, l.document_id, COALESCE(l.report_created_at, l.loaded_at) AS made,
             ${count('rows')} - ${count('superseded')} AS expected
           FROM ${table('_loads')} AS l ${eachItem} WHERE LOWER(${itemValue('name')}) = ${literal(name.toLowerCase())}
         ) AS filled
       ) AS ledger
       FULL OUTER JOIN (
         SELECT COALESCE(_seller_id, '') AS seller, _document_id AS document, COUNT(*) AS found
         FROM ${table(name)} GROUP BY 1, 2
       ) AS here ON ledger.seller = here.seller AND ledger.document = here.document
       WHERE ledger.key IS NULL OR COALESCE(here.found, 0) > ledger.expected
         OR (COALESCE(here.found, 0) < ledger.expected AND (${isAppend ? 'TRUE' : 'ledger.newest'}))
       ORDER BY 2, 3`,
    );
    return rows.map((row) => ({
      key: row.ledger_key as string | null,
      sellerId: (row.seller as string) || null,
      documentId: row.document as string,
      expected: Number(row.expected),
      found: Number(row.found),
      isNewest: row.newest === true,
    }));
  }

  /**
   * Rejects of the documents that the filter finds: the last loaded first, then in document order.
   */
  async readRejects({ documentOrTable: name, ...filter }: LedgerFilter): Promise<Record<string, unknown>[]> {
    const { table, literal, run } = this.dialect;
    const columns = rejectColumns.map(({ column }) => column);
    const named =
      name === undefined ? '' : `WHERE ${literal(name)} IN (r.document_id, r.report_id, r.table_name)`;
    const rows = await run(
      `SELECT ${columns.map((column) => `r.${column}`).join(', ')} FROM ${table('_rejects')} AS r
       JOIN (
         SELECT DISTINCT COALESCE(seller_id, '') AS seller, COALESCE(document_id, '') AS document
         FROM ${table('_loads')} ${this.conditions(filter)}
       ) AS l ON l.seller = COALESCE(r.seller_id, '') AND l.document = COALESCE(r.document_id, '')
       ${named}
       ORDER BY r.loaded_at DESC, r.document_id, r.table_name, r.row_number, r.column_name NULLS LAST
       ${limit(filter)}`,
    );
    return rows.map((row) => Object.fromEntries(columns.map((column) => [column, row[column] ?? null])));
  }

  /**
   * The ids and times of documents that filled a table and whose report was made at `sinceIso` or
   * later, or that were loaded then if nothing says when; of those sellers only, if given.
   */
  async readFilled(
    name: string,
    sinceIso: string,
    sellerIds: string[] | undefined,
  ): Promise<FilledDocument[]> {
    const { table, time, fillsTable, run } = this.dialect;
    const ofSellers = sellerIds ? `AND seller_id IN (${this.literals(sellerIds)})` : '';
    const rows = await run(
      `SELECT key, seller_id, document_id, marketplace_ids, report_id, report_created_at, loaded_at
       FROM ${table('_loads')}
       WHERE document_id IS NOT NULL AND COALESCE(report_created_at, loaded_at) >= ${time(sinceIso)}
         AND ${fillsTable(name)} ${ofSellers}`,
    );
    return rows.map((row) => ({
      key: row.key as string,
      sellerId: row.seller_id as string | null,
      documentId: row.document_id as string,
      marketplaceIds: (row.marketplace_ids ?? []) as string[],
      reportId: row.report_id as string | null,
      reportCreatedAt: row.report_created_at as string | null,
      loadedAt: row.loaded_at as string,
    }));
  }

  private async readLedger(rest: string): Promise<LedgerRow[]> {
    const { table, run } = this.dialect;
    // Without names of columns, because the ledger of an earlier version has fewer.
    const rows = await run(`SELECT * FROM ${table('_loads')} ${rest}`);
    return rows.map((row) => {
      const fields = ledgerColumns.map(({ field, column, kind }) => {
        const value = row[column] ?? null;
        if (value === null) return [field, absentValue(field)];
        if (kind === 'count') return [field, Number(value)];
        return [field, kind === 'json' && typeof value === 'string' ? JSON.parse(value) : value];
      });
      return Object.fromEntries(fields) as LedgerRow;
    });
  }

  private conditions(filter: LedgerFilter): string {
    const { literal, time, fillsTable } = this.dialect;
    const { statuses, reportType, sellerId, documentOrTable: name, afterKey } = filter;
    const { dataEndSince, createdSince, createdBefore } = filter;
    const parts: string[] = [];
    if (statuses) parts.push(`status IN (${this.literals(statuses)})`);
    if (reportType !== undefined) parts.push(`report_type = ${literal(reportType)}`);
    if (sellerId !== undefined) parts.push(`seller_id = ${literal(sellerId)}`);
    if (name !== undefined) {
      parts.push(`(${literal(name)} IN (document_id, report_id) OR ${fillsTable(name)})`);
    }
    if (dataEndSince !== undefined) parts.push(`data_end >= ${time(dataEndSince)}`);
    if (createdSince !== undefined) parts.push(`report_created_at >= ${time(createdSince)}`);
    if (createdBefore !== undefined) parts.push(`report_created_at < ${time(createdBefore)}`);
    if (afterKey !== undefined) parts.push(`key > ${literal(afterKey)}`);
    return parts.length > 0 ? `WHERE ${parts.join(' AND ')}` : '';
  }

  private literals(texts: readonly string[]): string {
    // A list without items is no SQL; NULL is equal to nothing.
    return texts.length === 0 ? 'NULL' : texts.map((text) => this.dialect.literal(text)).join(', ');
  }
}

/** What ranks a document. */
export type FilledDocument = Pick<
  LedgerRow,
  'key' | 'sellerId' | 'documentId' | 'marketplaceIds' | 'reportId' | 'reportCreatedAt' | 'loadedAt'
>;

function limit({ limit: rows }: LedgerFilter): string {
  return rows === undefined ? '' : `LIMIT ${Math.max(0, Math.trunc(rows))}`;
}
