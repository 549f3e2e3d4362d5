import { type ColumnKind, ledgerColumns } from '../ledger/ledger-columns.js';
import { jsonRows } from './sql.js';

/** How DuckDB keeps a column of the ledger. */
export const ledgerTypes: Record<ColumnKind, string> = {
  text: 'VARCHAR',
  list: 'VARCHAR[]',
  time: 'TIMESTAMP',
  count: 'BIGINT',
  json: 'JSON',
};

/** SQL that may follow FROM: ledger rows, times as text, out of the parameter `rows`, JSON of objects by column. */
export const ledgerRows = jsonRows(
  'rows',
  Object.fromEntries(
    ledgerColumns.map(({ column, kind }) => {
      const type = kind === 'time' ? 'VARCHAR' : kind === 'list' ? ['VARCHAR'] : ledgerTypes[kind];
      return [column, type];
    }),
  ),
);
