import {
  type DriftGroup,
  type LedgerField,
  type LedgerFilter,
  type LedgerRow,
  type LoadedBetween,
  type Period,
  rejectExamples,
  type RejectGroup,
  type RowDifference,
  rowsByKeys,
} from '../types.js';
import { jsonList } from './json-values.js';
import { absentValue, laterFields, ledgerColumns, rejectColumns } from './ledger-columns.js';
import type { LedgerDialect } from './ledger-dialect.js';
import { conditionsOf, limitOf, literals, loadedConditions, orderAndLimit } from './ledger-filter.js';
import { readDrift } from './read-drift.js';
import { readPeriods } from './read-periods.js';

/** Reads the ledger of any warehouse. */
export class LedgerQueries {
  constructor(private readonly dialect: LedgerDialect) {}

  /** The ledger rows with those keys. See `HeldLedger.seen`. */
  async readByKey(keys: string[], loaded: LoadedBetween = {}): Promise<Map<string, LedgerRow>> {
    const { dialect } = this;
    const parts = [`key IN (${literals(dialect, keys)})`, ...loadedConditions(dialect, loaded)];
    const rows = await this.readLedger(`WHERE ${dialect.isOneOfFew(parts.join(' AND '))}`);
    return new Map(rows.map((row) => [row.key, row]));
  }

  /**
   * The ledger rows with those keys. The key of a report without a document finds the report's
   * documents too, because a notification may lack the document id that the ledger has.
   */
  async readSeen(keys: string[]): Promise<Map<string, LedgerRow>> {
    const all = literals(this.dialect, keys);
    const reports = [...new Set(keys.flatMap(reportIdsIn))];
    // Without such keys BigQuery reads only the clusters of the ledger that can hold them.
    const ofReports =
      reports.length > 0
        ? `OR (report_id IN (${literals(this.dialect, reports)}) AND seller_id || '/report/' || report_id IN (${all}))`
        : '';
    const rows = await this.readLedger(
      `WHERE ${this.dialect.isOneOfFew(`key IN (${all}) ${ofReports}`)} ORDER BY document_id IS NULL DESC`,
    );
    return rowsByKeys(rows, keys);
  }

  /** Ledger rows, the last loaded first; the first loaded first if a filter continues after one. */
  async readLoads(filter: LedgerFilter): Promise<LedgerRow[]> {
    return this.readLedger(`${await conditionsOf(this.dialect, filter)} ${orderAndLimit(filter)}`);
  }

  /** See `Warehouse.countLoads`. */
  async countLoads(filter: LedgerFilter): Promise<number> {
    const { table, run } = this.dialect;
    const [row] = await run(
      `SELECT COUNT(*) AS documents FROM ${table('_loads')} ${await conditionsOf(this.dialect, filter)}`,
    );
    return Number(row?.documents);
  }

  /** See `Warehouse.loadFields`. */
  async readFields<Field extends LedgerField>(
    fields: readonly Field[],
    filter: LedgerFilter,
  ): Promise<Pick<LedgerRow, Field>[]> {
    const wanted = ledgerColumns.filter(({ field }) => (fields as readonly string[]).includes(field));
    const isLater = wanted.some(({ field }) => laterFields.has(field));
    const there = isLater ? await this.dialect.columns() : undefined;
    const columns = wanted.map(({ column }) => (!there || there.has(column) ? column : `NULL AS ${column}`));
    const rest = `${await conditionsOf(this.dialect, filter)} ${orderAndLimit(filter)}`;
    const rows = await this.dialect.run(
      `SELECT ${columns.join(', ')} FROM ${this.dialect.table('_loads')} ${rest}`,
    );
    return rows.map((row) => fieldsOf(row, wanted));
  }

  /** See `Warehouse.drift`. */
  readDrift(reportType: string | undefined): Promise<DriftGroup[]> {
    return readDrift(this.dialect, reportType);
  }

  /** See `Warehouse.periods`. */
  readPeriods(): Promise<Period[]> {
    return readPeriods(this.dialect);
  }

  /** See `Warehouse.rowDifferences`. */
  async readRowDifferences(name: string, isAppend: boolean): Promise<RowDifference[]> {
    const { table, literal, itemValue, eachItem, run } = this.dialect;
    const count = (field: string) => `COALESCE(CAST(${itemValue(field)} AS BIGINT), 0)`;
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
         FROM ${table('_loads')} ${await conditionsOf(this.dialect, filter)}
       ) AS l ON l.seller = COALESCE(r.seller_id, '') AND l.document = COALESCE(r.document_id, '')
       ${named}
       ORDER BY r.loaded_at DESC, r.document_id, r.table_name, r.row_number, r.column_name NULLS LAST
       ${limitOf(filter)}`,
    );
    return rows.map((row) => Object.fromEntries(columns.map((column) => [column, row[column] ?? null])));
  }

  /** See `Warehouse.rejectGroups`. */
  async readRejectGroups({
    sellerId,
    documentId,
  }: Pick<LedgerRow, 'sellerId' | 'documentId'>): Promise<RejectGroup[]> {
    if (documentId === null) return [];
    const { table, literal, latest, run } = this.dialect;
    const { count, characters } = rejectExamples;
    const rows = await run(
      `SELECT table_name, column_name, reason, COUNT(*) AS number, MIN(row_number) AS first_row,
         ${latest(`SUBSTR(raw, 1, ${characters})`, '-row_number', count)} AS examples
       FROM ${table('_rejects')} AS r
       WHERE document_id = ${literal(documentId)} AND COALESCE(seller_id, '') = ${literal(sellerId ?? '')}
       GROUP BY table_name, column_name, reason ORDER BY number DESC, table_name, column_name, reason`,
    );
    return rows.map((row) => ({
      table: row.table_name as string,
      column: row.column_name as string | null,
      reason: row.reason as string,
      values: Number(row.number),
      firstRow: Number(row.first_row),
      examples: (row.examples ?? []) as string[],
    }));
  }

  /** How many rows of a document a table has. */
  async countRows(
    name: string,
    { sellerId, documentId }: Pick<LedgerRow, 'sellerId' | 'documentId'>,
  ): Promise<number> {
    const { table, literal, run } = this.dialect;
    const [row] = await run(
      `SELECT COUNT(*) AS rows_now FROM ${table(name)}
       WHERE _document_id = ${literal(documentId ?? '')} AND COALESCE(_seller_id, '') = ${literal(sellerId ?? '')}`,
    );
    return Number(row?.rows_now);
  }

  /** The ids and times of documents that a search finds. */
  async readFilled(search: FilledSearch): Promise<FilledDocument[]> {
    return (await this.search([search], [])).map(filledDocument);
  }

  /** What any of the searches finds, by reading the ledger once, with the tables of a document. */
  async readFilledTogether(searches: FilledSearch[]): Promise<(FilledDocument & { tables: string[] })[]> {
    if (searches.length === 0) return [];
    const rows = await this.search(searches, [`${this.dialect.tableNames} AS names`]);
    return rows.map((row) => ({ ...filledDocument(row), tables: jsonList<string>(row.names) }));
  }

  /**
   * The documents that filled a table and whose rows are from a period, and of each seller and set
   * of marketplaces the last before it and the first after it.
   */
  async readAround({
    table: name,
    reportTypes,
    sellers,
    sinceIso,
    untilIso,
  }: PeriodSearch): Promise<PeriodDocument[]> {
    const { dialect } = this;
    const { table, time, listText, fillsTable, isOneOfFew, run } = dialect;
    const known = sellers.flatMap((seller) => seller ?? []);
    // SQL finds no NULL in a list.
    const ofSellers = known.length < sellers.length ? '' : ` AND seller_id IN (${literals(dialect, known)})`;
    const [from, to] = [time(sinceIso), time(untilIso)];
    // Only these columns are read of documents of other times: there may be very many.
    const near = `SELECT key FROM (
        SELECT key, time_of, MAX(CASE WHEN time_of < ${from} THEN time_of END) OVER (PARTITION BY seller_id, markets) AS last_before,
          MIN(CASE WHEN time_of > ${to} THEN time_of END) OVER (PARTITION BY seller_id, markets) AS first_after
        FROM (
          SELECT key, seller_id, ${listText('marketplace_ids')} AS markets,
            COALESCE(data_end, report_created_at) AS time_of
          FROM ${table('_loads')}
          WHERE report_type IN (${literals(dialect, reportTypes)}) AND document_id IS NOT NULL${ofSellers} AND ${fillsTable(name)}
        ) AS filled
      ) AS placed
      WHERE time_of BETWEEN ${from} AND ${to} OR time_of = last_before OR time_of = first_after`;
    const rows = await run(
      `SELECT key, seller_id, document_id, marketplace_ids, report_id, report_created_at, loaded_at, data_start, data_end
       FROM ${table('_loads')} WHERE ${isOneOfFew(`key IN (${near})`)}`,
    );
    return rows.map((row) => ({
      ...filledDocument(row),
      dataStart: row.data_start as string | null,
      dataEnd: row.data_end as string | null,
    }));
  }

  private search(searches: FilledSearch[], more: string[]): Promise<Record<string, unknown>[]> {
    const { table, time, fillsTable, isOneOfFew, run } = this.dialect;
    const conditions = searches.map(({ table: name, sinceIso, sellerIds }) => {
      const isLater = isOneOfFew(`COALESCE(report_created_at, loaded_at) >= ${time(sinceIso)}`);
      const ofSellers = sellerIds ? ` AND seller_id IN (${literals(this.dialect, sellerIds)})` : '';
      return `${isLater} AND ${fillsTable(name)}${ofSellers}`;
    });
    const columns = ['key', 'seller_id', 'document_id', 'marketplace_ids', 'report_id', 'report_created_at'];
    return run(
      `SELECT ${[...columns, 'loaded_at', ...more].join(', ')}
       FROM ${table('_loads')} AS l
       WHERE document_id IS NOT NULL AND (${conditions.join('\n         OR ')})`,
    );
  }

  private async readLedger(rest: string): Promise<LedgerRow[]> {
    const { table, run } = this.dialect;
    // Without names of columns, because the ledger of an earlier version has fewer.
    const rows = await run(`SELECT * FROM ${table('_loads')} ${rest}`);
    return rows.map((row) => fieldsOf<keyof LedgerRow>(row, ledgerColumns));
  }
}

/**
 * Searches for documents that filled a table and whose report was made at a time, ISO 8601, or
 * later, or that were loaded then if nothing says when; of those sellers only, if given.
 */
export interface FilledSearch {
  table: string;
  sinceIso: string;
  sellerIds: string[] | undefined;
}

/** What ranks a document. */
export type FilledDocument = Pick<
  LedgerRow,
  'key' | 'sellerId' | 'documentId' | 'marketplaceIds' | 'reportId' | 'reportCreatedAt' | 'loadedAt'
>;

/** Finds the documents of a table around a period, whose ends are in it, in ISO 8601. */
export interface PeriodSearch {
  table: string;
  reportTypes: string[];
  sellers: (string | null)[];
  sinceIso: string;
  untilIso: string;
}

/** A document of a table, with its data period. */
export type PeriodDocument = FilledDocument & Pick<LedgerRow, 'dataStart' | 'dataEnd'>;

function filledDocument(row: Record<string, unknown>): FilledDocument {
  return {
    key: row.key as string,
    sellerId: row.seller_id as string | null,
    documentId: row.document_id as string,
    marketplaceIds: (row.marketplace_ids ?? []) as string[],
    reportId: row.report_id as string | null,
    reportCreatedAt: row.report_created_at as string | null,
    loadedAt: row.loaded_at as string,
  };
}

/**
 * The report ids that the key of a report without a document may have: ids may contain anything.
 */
function reportIdsIn(key: string): string[] {
  const parts = key.split('/report/');
  return parts.slice(1).map((_, index) => parts.slice(index + 1).join('/report/'));
}

/** Reads the columns of a row of the ledger. */
function fieldsOf<Field extends keyof LedgerRow>(
  row: Record<string, unknown>,
  columns: typeof ledgerColumns,
): Pick<LedgerRow, Field> {
  const fields = columns.map(({ field, column, kind }) => {
    const value = row[column] ?? null;
    if (value === null) return [field, absentValue(field)];
    if (kind === 'count') return [field, Number(value)];
    return [field, kind === 'json' && typeof value === 'string' ? JSON.parse(value) : value];
  });
  return Object.fromEntries(fields) as Pick<LedgerRow, Field>;
}
