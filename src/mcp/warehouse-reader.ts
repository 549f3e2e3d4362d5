import type { WarehouseConfig } from '../config/warehouse-spec.js';
import type { Clock } from '../runtime/clock.js';
import { maskQuery } from '../privacy/mask-query.js';
import type { ReportSchemas } from '../schema/types.js';
import type { View } from '../schema/views.js';
import { type ConsoleResult, type RunLimits, runQuery } from '../status/server/console.js';
import { identifier as backquoted } from '../warehouse/bigquery/sql.js';
import { identifier as quoted } from '../warehouse/staging/sql.js';
import type { Warehouse } from '../warehouse/types.js';
import { maskedRelations, type ShownRelation, shownRelations } from './shown-relations.js';

/** What a model can read at once, and how long it may wait. */
export const answerLimits: RunLimits = { rows: 200, bytes: 200_000, cellCharacters: 2000, seconds: 60 };

export interface ReaderOptions {
  config: { warehouse: WarehouseConfig };
  warehouse: Warehouse;
  schemas: ReportSchemas;
  /** The views as their files say now, made as far as the warehouse allows. */
  readViews: () => Promise<View[]>;
  clock: Pick<Clock, 'now'>;
  showsPersonalData: boolean;
}

/** Reads a warehouse for somebody who may not see personal data, or may. */
export class WarehouseReader {
  private last: { relations: ShownRelation[]; atMs: number } | undefined;

  constructor(private readonly options: ReaderOptions) {}

  /** The tables and views, as they were within the last minute. Errors: those of the warehouse. */
  async relations(): Promise<ShownRelation[]> {
    const { clock } = this.options;
    const maxAgeMs = 60_000;
    if (!this.last || clock.now() - this.last.atMs > maxAgeMs)
      this.last = { relations: await this.readRelations(), atMs: clock.now() };
    return this.last.relations;
  }

  /**
   * Runs a query without columns of personal data. Errors: QUERY_FAILED, and those of the
   * warehouse.
   */
  async query(sql: string, signal: AbortSignal, maxRows = answerLimits.rows): Promise<ConsoleResult> {
    const rows = Math.min(maxRows, answerLimits.rows);
    const { showsPersonalData, readViews } = this.options;
    if (showsPersonalData) await readViews();
    const readable = showsPersonalData ? sql : await this.masked(sql);
    return await runQuery(this.options.warehouse, readable, signal, { ...answerLimits, rows });
  }

  /** The views that could be there but are not, or not as their files say, with the reason. */
  async viewProblems(): Promise<Map<string, string>> {
    return this.options.warehouse.viewProblems(await this.options.readViews());
  }

  /** A name in the spelling of the warehouse. */
  get identifier(): (name: string) => string {
    return this.options.config.warehouse.type === 'bigquery' ? backquoted : quoted;
  }

  /** A commit may just have brought a column with personal data, so nothing remembered counts. */
  private async masked(sql: string): Promise<string> {
    const relations = await this.readRelations();
    return maskQuery(sql, maskedRelations(relations), this.identifier);
  }

  private async readRelations(): Promise<ShownRelation[]> {
    const { warehouse, config, readViews } = this.options;
    const isEmpty = (await warehouse.countLoads({})) === 0;
    if (isEmpty) return [];
    const views = await readViews();
    const { rows } = await warehouse.query(
      `SELECT table_name, column_name, data_type FROM ${columnsOf(config.warehouse)} ORDER BY table_name, ordinal_position`,
    );
    const columns = rows.map(({ table_name, column_name, data_type }) => ({
      table: String(table_name),
      column: String(column_name),
      type: String(data_type),
    }));
    const found = new Map<string, string[]>();
    for (const { table, personal = [] } of await warehouse.drift())
      found.set(table.toLowerCase(), [...(found.get(table.toLowerCase()) ?? []), ...personal]);
    return shownRelations({ ...this.options, views, columns, found });
  }
}

/** Where each kind of warehouse lists the columns of its tables and views. */
function columnsOf(warehouse: WarehouseConfig): string {
  switch (warehouse.type) {
    case 'bigquery':
      return `${backquoted(warehouse.dataset)}.INFORMATION_SCHEMA.COLUMNS`;
    case 'postgres':
      // Its information_schema leaves out materialized views.
      return `(
        SELECT relname AS table_name, attname AS column_name, format_type(atttypid, atttypmod) AS data_type, attnum AS ordinal_position
        FROM pg_attribute JOIN pg_class ON pg_class.oid = attrelid
        WHERE relnamespace = current_schema()::regnamespace AND relkind IN ('r', 'p', 'v', 'm', 'f') AND attnum > 0 AND NOT attisdropped
      ) AS columns`;
    case 'duckdb':
      return 'information_schema.columns WHERE table_schema = current_schema()';
  }
}
