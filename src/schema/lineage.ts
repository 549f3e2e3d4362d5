import type { ColumnType } from './types.js';

export interface LineageColumn {
  name: string;
  type: ColumnType;
  /** Whether each row has a value. */
  isFilled?: boolean;
  description: string;
}

/** The last columns of every report table, in order; they say where a row comes from. */
export const lineage: readonly LineageColumn[] = [
  {
    name: '_report_id',
    type: { kind: 'string' },
    description: "Amazon's id of the report; NULL for a document from disk.",
  },
  {
    name: '_document_id',
    type: { kind: 'string' },
    isFilled: true,
    description: 'Id of the document, unique together with the seller; the same as document_id in _loads.',
  },
  { name: '_seller_id', type: { kind: 'string' }, isFilled: true, description: 'Seller of the report.' },
  {
    name: '_marketplace_ids',
    type: { kind: 'list', item: { kind: 'string' } },
    description: 'Ids of the marketplaces of the report.',
  },
  {
    name: '_data_start',
    type: { kind: 'timestamp' },
    description: 'Start of the data period of the report, in UTC.',
  },
  {
    name: '_data_end',
    type: { kind: 'timestamp' },
    description: 'End of the data period of the report, in UTC.',
  },
  {
    name: '_row',
    type: { kind: 'int64' },
    isFilled: true,
    description: 'Number of the row in the document, from 1.',
  },
  {
    name: '_loaded_at',
    type: { kind: 'timestamp' },
    isFilled: true,
    description: 'When the row was loaded, in UTC.',
  },
];
