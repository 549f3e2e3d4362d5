import { type LedgerOverview, type LoadStatus, recentReports, type TableLoads } from '../types.js';

/**
 * The rows of the queries behind an overview. Numbers as numbers or text, times as ISO 8601.
 */
export interface OverviewRows {
  /** status, reason_code, documents */
  statuses: unknown[][];
  /**
   * table (null: documents without any text, which fill no table), report_type, seller_id,
   * documents, rows, loaded_at, data_end, made
   */
  tables: unknown[][];
  /** day, documents, rows, bytes */
  days: unknown[][];
  /** table_name, column_name, reason, values, loaded_at */
  rejects: unknown[][];
  /** report_type, code, documents, loaded_at */
  warnings: unknown[][];
}

/**
 * Assembles an overview. A document without any text counts for all tables of its report type, as
 * empty.
 */
export function overviewOf({ statuses, tables, days, rejects, warnings }: OverviewRows): LedgerOverview {
  const loads = tables.map(
    ([table, reportType, sellerId, documents, rows, loadedAt, dataEnd, made]): Loads => ({
      table: textOrNull(table),
      reportType: textOrNull(reportType),
      sellerId: textOrNull(sellerId),
      documents: Number(documents),
      rows: Number(rows),
      lastLoadedAt: String(loadedAt),
      lastDataEnd: textOrNull(dataEnd),
      madeAt: made as string[],
    }),
  );
  const ofNone = loads.filter(({ table }) => table === null);
  return {
    documents: statuses.map(([status, reasonCode, documents]) => ({
      status: status as LoadStatus,
      reasonCode: textOrNull(reasonCode),
      documents: Number(documents),
    })),
    tables: loads.flatMap((each) =>
      each.table === null ? [] : [withEmpty({ ...each, table: each.table }, ofNone)],
    ),
    days: days.map(([day, documents, rows, rawBytes]) => ({
      day: String(day).slice(0, 10),
      documents: Number(documents),
      rows: Number(rows),
      rawBytes: Number(rawBytes),
    })),
    rejects: rejects.map(([table, column, reason, values, loadedAt]) => ({
      table: String(table),
      column: textOrNull(column),
      reason: String(reason),
      values: Number(values),
      lastLoadedAt: String(loadedAt),
    })),
    warnings: warnings.map(([reportType, code, documents, loadedAt]) => ({
      reportType: textOrNull(reportType),
      code: String(code),
      documents: Number(documents),
      lastLoadedAt: String(loadedAt),
    })),
  };
}

type Loads = Omit<TableLoads, 'table'> & { table: string | null };

function withEmpty(loads: TableLoads, ofNone: Loads[]): TableLoads {
  const empty = ofNone.find(
    ({ reportType, sellerId }) => reportType === loads.reportType && sellerId === loads.sellerId,
  );
  if (!empty) return loads;
  return {
    ...loads,
    documents: loads.documents + empty.documents,
    lastLoadedAt: latest(loads.lastLoadedAt, empty.lastLoadedAt),
    lastDataEnd: latest(loads.lastDataEnd ?? '', empty.lastDataEnd ?? '') || null,
    madeAt: [...loads.madeAt, ...empty.madeAt].sort().reverse().slice(0, recentReports),
  };
}

function latest(a: string, b: string): string {
  return a > b ? a : b;
}

function textOrNull(value: unknown): string | null {
  return value === null || value === undefined ? null : String(value);
}
