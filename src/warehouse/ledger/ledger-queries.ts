import type { TableDrift } from '../../schema/drift.js';
import {
  type DriftGroup,
  type LedgerField,
  type LedgerFilter,
  type LedgerRow,
  type LoadedBetween,
  type Period,
  recentDrift,
  rejectExamples,
  type RejectGroup,
  type RowDifference,
  rowsByKeys,
} from '../types.js';
import { maxSeamMs } from './periods.js';
import { absentValue, laterFields, ledgerColumns, rejectColumns } from './ledger-columns.js';

/** What differs between warehouses in the SQL that reads the ledger. */
export interface LedgerDialect {
  /** The full name of a table. */
  table(name: string): string;
  /** Quotes text. */
  literal(text: string): string;
  /** A time in ISO 8601 as a value that compares with the ledger's times. */
  time(iso: string): string;
  /**
   * A condition on few columns of the ledger that few rows fulfil, in the form that reads the other
   * columns only of those rows.
   */
  isOneOfFew(condition: string): string;
  /** The columns of the ledger: that of an earlier version has fewer. */
  columns(): Promise<ReadonlySet<string>>;
  /** The number of items of a list that is JSON. */
  jsonLength(column: string): string;
  /** A condition on ledger rows: their document filled a table of that name. */
  fillsTable(name: string): string;
  /** A column of `item`, one of the tables of a ledger row, as text. */
  itemValue(field: string): string;
  /** What follows `FROM _loads AS l` for a row with `item` per table of a ledger row. */
  eachItem: string;
  /** The names of the tables of a row of `_loads AS l`, as JSON text. */
  tableNames: string;
  /** An aggregate: the values of a column in the rows with the highest `by`, these first. */
  latest(column: string, by: string, count: number): string;
  /** A list of texts, or a column of JSON, as JSON text. */
  listText(column: string): string;
  /** A text in which every match of a regular expression is replaced by another text. */
  replaced(text: string, pattern: string, by: string): string;
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

  /** The ledger rows with those keys. See `HeldLedger.seen`. */
  async readByKey(keys: string[], loaded: LoadedBetween = {}): Promise<Map<string, LedgerRow>> {
    const parts = [`key IN (${this.literals(keys)})`, ...this.loadedConditions(loaded)];
    const rows = await this.readLedger(`WHERE ${this.dialect.isOneOfFew(parts.join(' AND '))}`);
    return new Map(rows.map((row) => [row.key, row]));
  }

  /**
   * The ledger rows with those keys. The key of a report without a document finds the report's
   * documents too, because a notification may lack the document id that the ledger has.
   */
  async readSeen(keys: string[]): Promise<Map<string, LedgerRow>> {
    const all = this.literals(keys);
    const reports = [...new Set(keys.flatMap(reportIdsIn))];
    // Without such keys BigQuery reads only the clusters of the ledger that can hold them.
    const ofReports =
      reports.length > 0
        ? `OR (report_id IN (${this.literals(reports)}) AND seller_id || '/report/' || report_id IN (${all}))`
        : '';
    const rows = await this.readLedger(
      `WHERE ${this.dialect.isOneOfFew(`key IN (${all}) ${ofReports}`)} ORDER BY document_id IS NULL DESC`,
    );
    return rowsByKeys(rows, keys);
  }

  /** Ledger rows, the last loaded first; the first loaded first if a filter continues after one. */
  async readLoads(filter: LedgerFilter): Promise<LedgerRow[]> {
    return this.readLedger(`${await this.conditions(filter)} ${orderAndLimit(filter)}`);
  }

  /** See `Warehouse.countLoads`. */
  async countLoads(filter: LedgerFilter): Promise<number> {
    const { table, run } = this.dialect;
    const [row] = await run(
      `SELECT COUNT(*) AS documents FROM ${table('_loads')} ${await this.conditions(filter)}`,
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
    const rest = `${await this.conditions(filter)} ${orderAndLimit(filter)}`;
    const rows = await this.dialect.run(
      `SELECT ${columns.join(', ')} FROM ${this.dialect.table('_loads')} ${rest}`,
    );
    return rows.map((row) => fieldsOf(row, wanted));
  }

  /** See `Warehouse.drift`. */
  async readDrift(reportType: string | undefined): Promise<DriftGroup[]> {
    const { table, literal, listText, replaced, latest, run } = this.dialect;
    const ofType = reportType === undefined ? 'IS NOT NULL' : `= ${literal(reportType)}`;
    // Without the figures that differ in every document, few texts are left to be parsed.
    const alike = replaced(listText('l.tables'), figuresOfTables, '"_":0');
    const rows = await run(
      `SELECT report_type, seller_id, marketplaces, alike, COUNT(*) AS documents,
         MIN(made) AS first_made, MAX(made) AS last_made,
         ${latest('document_id', 'made', recentDrift)} AS document_ids, ${latest('made', 'made', recentDrift)} AS times
       FROM (
         SELECT l.report_type, l.seller_id, l.document_id, COALESCE(l.report_created_at, l.loaded_at) AS made,
           ${listText('l.marketplace_ids')} AS marketplaces, ${alike} AS alike
         FROM ${table('_loads')} AS l
         WHERE l.report_type ${ofType} AND l.document_id IS NOT NULL
       ) AS filled
       GROUP BY report_type, seller_id, marketplaces, alike`,
    );
    return rows.flatMap((row) => {
      const times = row.times as string[];
      const ofRow = {
        reportType: row.report_type as string,
        sellerId: row.seller_id as string | null,
        marketplaceIds: listOf<string>(row.marketplaces),
        documents: Number(row.documents),
        firstSeenAt: row.first_made as string,
        lastSeenAt: row.last_made as string,
        latest: (row.document_ids as string[]).map((documentId, index) => ({
          documentId,
          seenAt: times[index] ?? '',
        })),
      };
      return listOf<TableDrift & { name: string }>(row.alike).map((item) => ({
        ...ofRow,
        table: item.name,
        ...(Object.fromEntries(driftLists.map((field) => [field, item[field] ?? []])) as TableDrift),
      }));
    });
  }

  /** See `Warehouse.periods`. */
  async readPeriods(): Promise<Period[]> {
    const { table, listText, micros, tableNames, run } = this.dialect;
    const between = (from: string, to: string) => `${micros(to)} - ${micros(from)} > ${maxSeamMs * 1000}`;
    const covering = `l.status IN ('loaded', 'empty', 'cancelled') AND l.seller_id IS NOT NULL
      AND l.report_type IS NOT NULL AND l.data_start IS NOT NULL AND l.data_end IS NOT NULL`;
    const group = `l.report_type, l.seller_id, ${listText('l.marketplace_ids')} AS marketplaces`;
    const periods = `SELECT ${group}, l.data_start, l.data_end FROM ${table('_loads')} AS l
      WHERE ${covering} AND ${between('l.data_start', 'l.data_end')}`;
    const same = 'report_type, seller_id, marketplaces';
    const named = await run(
      `SELECT DISTINCT ${group}, ${tableNames} AS names FROM ${table('_loads')} AS l WHERE ${covering}`,
    );
    // Sorted by a number instead of texts, a ledger of any size fits into the memory. The maximum
    // of all earlier ends is costly, and few rows matter for it: those that do not adjoin the row
    // before or after them, and those that end later than the row after them.
    const rows = await run(
      `WITH sources AS (
         SELECT *, ROW_NUMBER() OVER (ORDER BY ${same}) AS source
         FROM (SELECT ${same}, MAX(data_end) AS ends FROM (${periods}) AS periods GROUP BY ${same}) AS sums
       )
       SELECT sources.report_type, sources.seller_id, sources.marketplaces, data_start AS begins, covered, sources.ends
       FROM (
         SELECT *, MAX(data_end) OVER (PARTITION BY source ORDER BY data_start, data_end
           ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS covered
         FROM (
           SELECT sources.source, periods.data_start, periods.data_end,
             LAG(periods.data_end) OVER ordered AS end_before, LEAD(periods.data_start) OVER ordered AS next_start,
             LEAD(periods.data_end) OVER ordered AS next_end
           FROM (${periods}) AS periods JOIN sources ON periods.report_type = sources.report_type
             AND periods.seller_id = sources.seller_id AND periods.marketplaces = sources.marketplaces
           WINDOW ordered AS (PARTITION BY sources.source ORDER BY periods.data_start, periods.data_end)
         ) AS numbered
         WHERE end_before IS NULL OR ${between('end_before', 'data_start')}
           OR next_start IS NULL OR ${between('data_end', 'next_start')} OR data_end > next_end
       ) AS steps JOIN sources ON sources.source = steps.source
       WHERE (end_before IS NULL OR ${between('end_before', 'data_start')})
         AND (covered IS NULL OR ${between('covered', 'data_start')})
       ORDER BY steps.source, data_start`,
    );
    const sourceOf = (row: Record<string, unknown> | undefined) =>
      JSON.stringify([row?.report_type, row?.seller_id, row?.marketplaces]);
    const tables = new Map<string, Set<string>>();
    for (const row of named) {
      const names = tables.get(sourceOf(row)) ?? new Set();
      for (const name of listOf<string>(row.names)) names.add(name);
      tables.set(sourceOf(row), names);
    }
    // Each row begins a period, and has the end of the period before it.
    return rows.map((row, index) => {
      const next = rows[index + 1];
      return {
        status: 'loaded',
        reportType: row.report_type as string,
        sellerId: row.seller_id as string,
        marketplaceIds: JSON.parse(row.marketplaces as string) as string[],
        dataStart: row.begins as string,
        dataEnd: (sourceOf(next) === sourceOf(row) ? next?.covered : row.ends) as string,
        tables: [...(tables.get(sourceOf(row)) ?? [])].map((name) => ({ name })),
      };
    });
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
         FROM ${table('_loads')} ${await this.conditions(filter)}
       ) AS l ON l.seller = COALESCE(r.seller_id, '') AND l.document = COALESCE(r.document_id, '')
       ${named}
       ORDER BY r.loaded_at DESC, r.document_id, r.table_name, r.row_number, r.column_name NULLS LAST
       ${limit(filter)}`,
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
    return rows.map((row) => ({ ...filledDocument(row), tables: listOf<string>(row.names) }));
  }

  private search(searches: FilledSearch[], more: string[]): Promise<Record<string, unknown>[]> {
    const { table, time, fillsTable, isOneOfFew, run } = this.dialect;
    const conditions = searches.map(({ table: name, sinceIso, sellerIds }) => {
      const isLater = isOneOfFew(`COALESCE(report_created_at, loaded_at) >= ${time(sinceIso)}`);
      const ofSellers = sellerIds ? ` AND seller_id IN (${this.literals(sellerIds)})` : '';
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

  private async conditions(filter: LedgerFilter): Promise<string> {
    const { literal, time, fillsTable } = this.dialect;
    const { statuses, reportType, sellerId, documentOrTable: name } = filter;
    const { dataEndSince, createdSince, madeBefore, after } = filter;
    const parts: string[] = [];
    if (statuses) parts.push(`status IN (${this.literals(statuses)})`);
    if (reportType !== undefined) parts.push(`report_type = ${literal(reportType)}`);
    if (sellerId !== undefined) parts.push(`seller_id = ${literal(sellerId)}`);
    if (name !== undefined) {
      parts.push(`(${literal(name)} IN (document_id, report_id) OR ${fillsTable(name)})`);
    }
    if (filter.withWarnings) {
      const { columns, jsonLength, isOneOfFew } = this.dialect;
      const has = (await columns()).has('warnings');
      parts.push(has ? isOneOfFew(`${jsonLength('warnings')} > 0`) : 'FALSE');
    }
    if (dataEndSince !== undefined) parts.push(`data_end >= ${time(dataEndSince)}`);
    if (createdSince !== undefined) parts.push(`report_created_at >= ${time(createdSince)}`);
    if (madeBefore !== undefined) {
      parts.push(`COALESCE(report_created_at, loaded_at) < ${time(madeBefore)}`);
    }
    parts.push(...this.loadedConditions(filter));
    if (after !== undefined) {
      // The first condition lets DuckDB skip the row groups of earlier loads.
      const at = time(after.loadedAt);
      parts.push(`loaded_at >= ${at} AND (loaded_at > ${at} OR key > ${literal(after.key)})`);
    }
    return parts.length > 0 ? `WHERE ${parts.join(' AND ')}` : '';
  }

  private loadedConditions({ loadedSince, loadedBefore }: LoadedBetween): string[] {
    const { time } = this.dialect;
    return [
      ...(loadedBefore === undefined ? [] : [`loaded_at < ${time(loadedBefore)}`]),
      ...(loadedSince === undefined ? [] : [`loaded_at >= ${time(loadedSince)}`]),
    ];
  }

  private literals(texts: readonly string[]): string {
    // A list without items is no SQL; NULL is equal to nothing.
    return texts.length === 0 ? 'NULL' : texts.map((text) => this.dialect.literal(text)).join(', ');
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

/** What the tables of a ledger row have besides their names and drift. */
const figuresOfTables = '"(?:rows|rejects|superseded|emptyMeasures)": *(?:[0-9]+|\\[[^\\]]*\\])';

/** The lists of a table of a ledger row that say how it drifted. */
const driftLists = ['added', 'missing', 'widened', 'personal'] as const satisfies (keyof TableDrift)[];

/** A list that a query returned as JSON text. */
function listOf<Each>(text: unknown): Each[] {
  return (JSON.parse((text as string | null) ?? 'null') as Each[] | null) ?? [];
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

function orderAndLimit(filter: LedgerFilter): string {
  const order = filter.after === undefined ? 'loaded_at DESC, key' : 'loaded_at, key';
  return `ORDER BY ${order} ${limit(filter)}`;
}

function limit({ limit: rows }: LedgerFilter): string {
  return rows === undefined ? '' : `LIMIT ${Math.max(0, Math.trunc(rows))}`;
}
