import { join } from 'node:path';
import { columnTypeText } from '../../schema/column-type.js';
import { lineage } from '../../schema/lineage.js';
import type { ColumnType } from '../../schema/types.js';
import type { HistoryRows } from '../history/history-tables.js';
import type { TimedLoad } from '../rules/commit-rules.js';
import { Refusal } from '../rules/refusal.js';
import type { Relation, Relations } from '../rules/relations.js';
import { documentValue } from '../staging/document-values.js';
import { identifier, literal, parquets, run, utcTimestamp } from '../staging/sql.js';
import type { Stager } from '../staging/stager.js';
import type { LedgerEntry, LoadTable } from '../types.js';
import { storable } from './sql.js';

/** The rows of a document for one table as CSV, in the types that the table has or will have. */
export interface StagedRows {
  path: string;
  /** The names of the columns in the file, the lineage included. */
  columns: string[];
}

/**
 * The rows of a commit as files that COPY reads, made once for each form of their table: a second
 * attempt, and one after another process changed the table, finds what it can use.
 */
export class StagedFiles {
  private readonly rows = new Map<LoadTable, { form: string; staged: StagedRows }>();
  private readonly rejects = new Map<string, string>();
  /** By the key of a load: how many texts contain U+0000. */
  private readonly replaced = new Map<string, number>();
  private files = 0;
  private isReplacing = false;

  constructor(private readonly stager: Stager) {}

  /** Whether U+0000 in texts of documents becomes U+FFFD, with a reject for each text. */
  get replacesNul(): boolean {
    return this.isReplacing;
  }

  /** From now on replaces U+0000: all files are written again. */
  replaceNul(): void {
    this.isReplacing = true;
    this.rows.clear();
    this.rejects.clear();
  }

  /** Whether all rows of loads are there in the form of their tables. */
  has(loads: TimedLoad[], relations: Relations, histories: HistoryRows): boolean {
    return tablesOf(loads, relations, histories).every(({ table }) => {
      const relation = relations.get(table.name.toLowerCase());
      return !table.parquetPath || this.rows.get(table)?.form === (relation && formOf(table, relation));
    });
  }

  /**
   * Writes the rows of loads. This finds values that don't fit and files that lack rows before
   * anything is sent. Errors: `Refusal`, DuckDB's errors.
   */
  async stage(loads: TimedLoad[], relations: Relations, histories: HistoryRows): Promise<void> {
    for (const { load, loadedAt, table } of tablesOf(loads, relations, histories)) {
      const relation = relations.get(table.name.toLowerCase());
      if (!relation || !table.parquetPath || this.rows.get(table)?.form === formOf(table, relation)) continue;
      const staged = await this.stageRows({ entry: load.entry, loadedAt, table, relation });
      this.rows.set(table, { form: formOf(table, relation), staged });
    }
    for (const timed of loads) {
      if (!this.rejects.has(timed.load.entry.key)) await this.stageRejects(timed);
    }
  }

  rowsOf(table: LoadTable): StagedRows | undefined {
    return this.rows.get(table)?.staged;
  }

  rejectsOf({ key }: LedgerEntry): string | undefined {
    return this.rejects.get(key);
  }

  /** How many rejects a load has because U+0000 was replaced. */
  replacedIn({ key }: LedgerEntry): number {
    return this.replaced.get(key) ?? 0;
  }

  private async stageRows({
    entry,
    loadedAt,
    table,
    relation,
  }: {
    entry: LedgerEntry;
    loadedAt: string;
    table: LoadTable;
    relation: Relation;
  }): Promise<StagedRows> {
    // Columns that the document lacks are NULL without being sent.
    const present = table.columns.filter(({ header }) => header !== undefined);
    const values = present.map((column) => {
      const target = relation.columns.get(column.name.toLowerCase())?.type ?? column.type;
      return this.csvValue(documentValue(relation, column), target);
    });
    const time = (iso: string | null) => (iso === null ? 'NULL' : utcTimestamp(literal(iso)));
    const text = (value: string | null) => (value === null ? 'NULL' : literal(storable(value)));
    const markets = `[${entry.marketplaceIds.map(text).join(', ')}]::VARCHAR[]`;
    const ownLineage: Record<string, string> = {
      _report_id: text(entry.reportId),
      _document_id: text(entry.documentId),
      _seller_id: text(entry.sellerId),
      _marketplace_ids: arrayText(markets, { kind: 'string' }),
      _data_start: time(entry.dataStart),
      _data_end: time(entry.dataEnd),
      _row: 'CAST(document._row AS BIGINT)',
      _loaded_at: time(loadedAt),
    };
    const columns = [...present.map(({ name }) => name), ...lineage.map(({ name }) => name)];
    const all = [...values, ...lineage.map(({ name }) => ownLineage[name] ?? 'NULL')];
    const path = this.newPath();
    const count = await this.write(
      path,
      `SELECT ${all.join(', ')} FROM ${parquets([table.parquetPath ?? ''])} document`,
    );
    if (count !== table.rows) {
      throw new Refusal(
        `table ${table.name}: ${count} rows in ${table.parquetPath}, where the document has ${table.rows}`,
      );
    }
    return { path, columns };
  }

  private async stageRejects({ load, loadedAt }: TimedLoad): Promise<void> {
    const { entry, rejectsPath } = load;
    const sources = [
      ...(rejectsPath ? [`SELECT ${rejectNames.join(', ')} FROM ${parquets([rejectsPath])}`] : []),
      ...(this.isReplacing ? load.tables.flatMap(textsWithNul) : []),
    ];
    if (sources.length === 0) return;
    const text = (value: string | null) => (value === null ? 'NULL' : literal(storable(value)));
    const ids = [entry.sellerId, entry.documentId, entry.reportId, entry.reportType].map(text);
    const own = rejectNames.map((column) =>
      column === 'row_number' ? column : `replace(${column}, chr(0), chr(65533))`,
    );
    const path = this.newPath();
    const count = await this.write(
      path,
      `SELECT ${[...ids, ...own].join(', ')}, ${utcTimestamp(literal(loadedAt))} FROM (${sources.join(' UNION ALL ')})`,
    );
    this.rejects.set(entry.key, path);
    if (this.isReplacing) this.replaced.set(entry.key, count - (await this.countOf(rejectsPath)));
  }

  private async countOf(path: string | null): Promise<number> {
    if (path === null) return 0;
    const [count] = await run(this.stager.connection, `SELECT count(*) FROM ${parquets([path])}`);
    return Number(count?.[0]);
  }

  private newPath(): string {
    this.files += 1;
    return join(this.stager.folder, `${this.files}.csv`);
  }

  private async write(path: string, query: string): Promise<number> {
    const [count] = await run(
      this.stager.connection,
      `COPY (${query}) TO ${literal(path)} (FORMAT csv, HEADER false, NULLSTR '')`,
    );
    return Number(count?.[0]);
  }

  /** SQL for the text of a value as PostgreSQL reads it. */
  private csvValue(value: string, type: ColumnType): string {
    if (type.kind === 'list') return arrayText(this.withoutNul(value, type), type.item);
    if (type.kind === 'json') return `CAST(${value} AS VARCHAR)`;
    return this.withoutNul(value, type);
  }

  private withoutNul(value: string, type: ColumnType): string {
    if (!this.isReplacing) return value;
    if (type.kind === 'string') return `replace(${value}, chr(0), chr(65533))`;
    if (type.kind !== 'list' || type.item.kind !== 'string') return value;
    return `list_transform(${value}, lambda item: replace(item, chr(0), chr(65533)))`;
  }
}

const rejectNames = ['table_name', 'row_number', 'column_name', 'raw', 'reason'];

/** SQL for the rejects of a table: its texts with U+0000, which PostgreSQL cannot store. */
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

/** SQL for a list as the text of a PostgreSQL array. */
function arrayText(list: string, item: ColumnType): string {
  const escaped = `replace(replace(item, '\\', '\\\\'), '"', '\\"')`;
  const text = item.kind === 'string' ? `'"' || ${escaped} || '"'` : `'"' || CAST(item AS VARCHAR) || '"'`;
  return `'{' || array_to_string(list_transform(${list}, lambda item: coalesce(${text}, 'NULL')), ',') || '}'`;
}

/** What a file depends on. */
function formOf({ columns }: LoadTable, relation: Relation): string {
  return JSON.stringify(
    columns.map(({ name, type }) => columnTypeText(relation.columns.get(name.toLowerCase())?.type ?? type)),
  );
}

/** The tables of loads, and those with their rows for histories. */
function tablesOf(loads: TimedLoad[], relations: Relations, histories: HistoryRows) {
  return loads.flatMap(({ load, loadedAt }) =>
    load.tables
      .flatMap((table) => [table, histories.of(load.entry, table, relations) ?? []].flat())
      .map((table) => ({ load, loadedAt, table })),
  );
}
