import type { Span } from '../yaml/span.js';
import type { ColumnType, HistoryMode } from './types.js';

export const historyModes = ['daily', 'changes'] as const satisfies readonly HistoryMode[];

/** The history of one table. */
export interface TableHistory {
  mode: HistoryMode;
  /** How long rows are kept after they stopped being valid. */
  keep: Span;
  /** Whether a column, by its name, has personal data: no history has it. */
  isPersonal(column: string): boolean;
}

/** The histories to keep, by the lower-case name of the table whose history it is. */
export type Histories = ReadonlyMap<string, TableHistory>;

export const noHistories: Histories = new Map();

/** How long a history is kept if no setting says otherwise. */
export const defaultKeep: Record<HistoryMode, Span> = {
  daily: { count: 400, unit: 'day' },
  changes: { count: 3, unit: 'year' },
};

/** The name of the table with the history of another one. */
export function historyName(table: string): string {
  return `${table}_history`;
}

/** The name of the table that a history would be of; undefined if the name is not that of one. */
export function tableOfHistory(history: string): string | undefined {
  return /^(.+)_history$/i.exec(history)?.[1];
}

/** The kind of a history by its columns, in lower case; undefined if it is not one. */
export function historyModeOf(columns: Pick<ReadonlySet<string>, 'has'>): HistoryMode | undefined {
  return historyModes.find((mode) => historyColumns[mode].every(({ name }) => columns.has(name)));
}

interface HistoryColumn {
  name: string;
  type: ColumnType;
  description: string;
}

/** The columns that a history has beside those of its table, the first ones of the table. */
export const historyColumns: Record<HistoryMode, readonly HistoryColumn[]> = {
  daily: [
    {
      name: 'valid_on',
      type: { kind: 'date' },
      description: 'The day in UTC. The row is from the last report of that day.',
    },
  ],
  changes: [
    {
      name: 'valid_from',
      type: { kind: 'timestamp' },
      description: 'The time of the first report that has the row as it is here, in UTC.',
    },
    {
      name: 'valid_to',
      type: { kind: 'timestamp' },
      description:
        'The time of the next report, which has the row no more or with other values, in UTC; NULL while the row is current.',
    },
    {
      name: '_ended_by',
      type: { kind: 'string' },
      description: 'Id of the document that ended the row; NULL while the row is current.',
    },
  ],
};

/** The column that says when a row of a history stopped being valid. */
export const historyEnd: Record<HistoryMode, string> = { daily: 'valid_on', changes: 'valid_to' };

/** What a history is, followed by the name of its table. */
export const historyDescriptions: Record<HistoryMode, string> = {
  daily: 'History by days: the rows of the last report of each day, of',
  changes: 'History by changes: one row for each time that a row stayed the same, of',
};

/** What the lineage columns of a history mean, if not the same as in its table. */
export const historyLineage: Partial<Record<HistoryMode, Record<string, string>>> = {
  changes: {
    _report_id: "Amazon's id of the first report that has the row.",
    _document_id: 'Id of the first document that has the row.',
    _row: 'Always NULL: several documents have the row.',
    _data_start: 'Start of the data period of the first report that has the row, in UTC.',
    _data_end: 'End of the data period of the first report that has the row, in UTC.',
    _loaded_at: 'When the first document that has the row was loaded, in UTC.',
  },
};
