import { type CellKind, comingTable, type HistoryDialect } from '../history/history-dialect.js';
import { historyStatements } from '../history/history-sql.js';
import { batchesOf, type HistoryPlan } from '../history/plan-history.js';
import type { TableBatch } from '../rules/plan-batches.js';
import type { Stager } from '../staging/stager.js';
import type { BigQueryClient } from './client.js';
import { keyTextSql } from './column-types.js';
import { loadStatements } from './load-modes.js';
import { identifier, keySql, literal } from './sql.js';
import { type StagedBatch, stageBatch } from './stage.js';

const types: Record<CellKind, string> = { text: 'STRING', time: 'TIMESTAMP', number: 'INT64' };

function dialectOf(client: BigQueryClient): HistoryDialect {
  return {
    identifier,
    table: (name) => client.table(name),
    literal,
    time: (iso) => `TIMESTAMP ${literal(iso)}`,
    day: (iso) => `DATE ${literal(iso)}`,
    types,
    rows: (columns, rows, alias) => {
      const fields = Object.entries(columns).map(([name, kind]) => `${name} ${types[kind]}`);
      const structs = rows.map((row) => `STRUCT<${fields.join(', ')}>(${row.join(', ')})`);
      return `UNNEST([${structs.join(', ')}]) AS ${alias}`;
    },
    temporary: identifier,
    createTemporary: (name, query) => `CREATE OR REPLACE TEMP TABLE ${identifier(name)} AS ${query}`,
    content: (columns) => {
      const values = columns.map(({ value, type }) => (type ? keyTextSql(value, type) : value));
      return `TO_HEX(MD5(${keySql(values)}))`;
    },
    joined: (list) => `IFNULL(ARRAY_TO_STRING(${list}, ','), '')`,
    split: (text) => `IF(${text} = '', CAST([] AS ARRAY<STRING>), SPLIT(${text}, ','))`,
  };
}

/** What a commit changes in a history, with the rows of the documents that come as files. */
export interface StagedHistory {
  plan: HistoryPlan;
  staged: StagedBatch[];
}

/** Writes the rows of the documents that come for histories, in the types that these have. */
export async function stageHistories(stager: Stager, plans: HistoryPlan[]): Promise<StagedHistory[]> {
  const histories: StagedHistory[] = [];
  for (const plan of plans) {
    const staged: StagedBatch[] = [];
    for (const batch of batchesOf(plan)) staged.push(await stageBatch(stager, batch, null));
    histories.push({ plan, staged });
  }
  return histories;
}

/**
 * The statements that bring histories up to date. `rows` has SQL for the rows of each batch, and
 * `ledger` is the staging table with the ledger rows.
 */
export function historyScript(
  client: BigQueryClient,
  histories: { plan: HistoryPlan; batches: { batch: TableBatch; rows: string }[] }[],
  ledger: string,
): string[] {
  const dialect = dialectOf(client);
  return histories.flatMap(({ plan, batches }) => {
    const statements = historyStatements(plan, dialect);
    if (!statements) return [];
    const table = dialect.temporary(comingTable);
    return [
      statements.before,
      ...batches.flatMap(({ batch, rows }) => loadStatements(batch, { rows, ledger, table }, [])),
      ...statements.after,
    ];
  });
}
