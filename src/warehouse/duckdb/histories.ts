import type { DuckDBConnection } from '@duckdb/node-api';
import { comingTable, type HistoryDialect } from '../history/history-dialect.js';
import { historyStatements } from '../history/history-sql.js';
import type { HistoryPlan } from '../history/plan-history.js';
import { Refusal } from '../rules/refusal.js';
import { documentValue } from '../staging/document-values.js';
import { identifier, literal, parquets, run, utcTimestamp } from '../staging/sql.js';

const dialect: HistoryDialect = {
  identifier,
  table: identifier,
  literal,
  time: (iso) => `TIMESTAMP ${literal(iso.replace(/Z$/, ''))}`,
  day: (iso) => `DATE ${literal(iso)}`,
  types: { text: 'VARCHAR', time: 'TIMESTAMP', number: 'BIGINT' },
  rows: (columns, rows, alias) =>
    `(VALUES ${rows.map((row) => `(${row.join(', ')})`).join(', ')}) AS ${alias}(${Object.keys(columns).join(', ')})`,
  temporary: identifier,
  createTemporary: (name, query) => `CREATE OR REPLACE TEMP TABLE ${identifier(name)} AS ${query}`,
  content: (columns) => `md5(CAST(to_json(row(${columns.map(({ value }) => value).join(', ')})) AS VARCHAR))`,
  joined: (list) => `coalesce(array_to_string(${list}, ','), '')`,
  split: (text) => `CASE WHEN ${text} = '' THEN CAST([] AS VARCHAR[]) ELSE string_split(${text}, ',') END`,
};

/** Carries out what a commit changes in histories, as history/ plans it. */
export async function applyHistories(connection: DuckDBConnection, plans: HistoryPlan[]): Promise<void> {
  for (const plan of plans) {
    const statements = historyStatements(plan, dialect);
    if (!statements) continue;
    await run(connection, statements.before);
    await insertComing(connection, plan);
    for (const statement of statements.after) await run(connection, statement);
  }
}

async function insertComing(
  connection: DuckDBConnection,
  { history: { relation }, loads }: HistoryPlan,
): Promise<void> {
  const text = (value: string | null) => (value === null ? 'NULL' : literal(value));
  const time = (iso: string | null) => (iso === null ? 'NULL' : utcTimestamp(literal(iso)));
  for (const { timed, rows } of loads) {
    const { entry } = timed.load;
    const values: [string, string][] = [
      ...rows.columns
        .filter(({ header }) => header !== undefined)
        .map((column): [string, string] => [identifier(column.name), documentValue(relation, column)]),
      ['_report_id', text(entry.reportId)],
      ['_document_id', text(entry.documentId)],
      ['_seller_id', text(entry.sellerId)],
      ['_marketplace_ids', `CAST([${entry.marketplaceIds.map(text).join(', ')}] AS VARCHAR[])`],
      ['_data_start', time(entry.dataStart)],
      ['_data_end', time(entry.dataEnd)],
      ['_row', 'CAST(document._row AS BIGINT)'],
      ['_loaded_at', time(timed.loadedAt)],
    ];
    const [count] = await run(
      connection,
      `INSERT INTO ${identifier(comingTable)} (${values.map(([name]) => name).join(', ')})
       SELECT ${values.map(([, value]) => value).join(', ')} FROM ${parquets([rows.parquetPath ?? ''])} document`,
    );
    if (Number(count?.[0]) === rows.rows) continue;
    const found = `${count?.[0]} rows in ${rows.parquetPath}, where the document has ${rows.rows}`;
    throw new Refusal(`table ${rows.name}: ${found}`, timed.load);
  }
}
