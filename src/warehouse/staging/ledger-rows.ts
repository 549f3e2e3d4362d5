import { type ColumnKind, ledgerColumns } from '../ledger/ledger-columns.js';
import { jsonRows } from './sql.js';

/** DuckDB's type for each kind of ledger column. */
export const ledgerTypes: Record<ColumnKind, string> = {
  text: 'VARCHAR',
  list: 'VARCHAR[]',
  time: 'TIMESTAMP',
  count: 'BIGINT',
  json: 'JSON',
};

/** SQL after FROM: ledger rows, times as text, read from the parameter `rows`, which is JSON. */
export const ledgerRows = jsonRows(
  'rows',
  Object.fromEntries(
    ledgerColumns.map(({ column, kind }) => {
      const type = kind === 'time' ? 'VARCHAR' : kind === 'list' ? ['VARCHAR'] : ledgerTypes[kind];
      return [column, type];
    }),
  ),
);
