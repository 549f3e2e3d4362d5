import type { ExportTable } from '../../schema/export/tables.js';
import { historyEnd, historyModeOf } from '../../schema/history.js';
import { lineage } from '../../schema/lineage.js';
import type { ColumnType } from '../../schema/types.js';
import { isIndexable, postgresType } from './column-types.js';
import { commentOf } from './relations.js';
import { identifier, literal } from './sql.js';

/** A table to create: its columns without the lineage, and what its rows are found by. */
export interface NewTable {
  name: string;
  columns: { name: string; type: ColumnType }[];
  /** The columns that identify a row, for the load modes that replace rows by key. */
  key: string[];
}

/**
 * The statements that create a table with the lineage columns and comments, without its indexes.
 * @param full The name of the table in statements.
 */
export function createTable(full: string, table: NewTable, described: ExportTable | undefined): string[] {
  const columns = [...table.columns, ...lineage].map(
    ({ name, type }) => `${identifier(name)} ${postgresType(type)}`,
  );
  return [`CREATE TABLE ${full} (\n  ${columns.join(',\n  ')}\n)`, ...comments(full, table, described)];
}

/** The statements for the indexes of a table. */
export function createIndexes(full: string, table: Omit<NewTable, 'name'>): string[] {
  const mode = historyModeOf(new Set(table.columns.map(({ name }) => name.toLowerCase())));
  // A history grows for years, and a commit reads only its latest rows.
  const ends = mode ? [`CREATE INDEX ON ${full} (${historyEnd[mode]})`] : [];
  return [`CREATE INDEX ON ${full} (_document_id)`, keyIndex(full, table), ...ends];
}

/** The statement for the index by which rows of a seller, and of a key, are found. */
export function keyIndex(full: string, { columns, key }: Omit<NewTable, 'name'>): string {
  const named = key.flatMap((name) => {
    const column = columns.find((each) => each.name.toLowerCase() === name.toLowerCase());
    return column && isIndexable(column.type) ? [identifier(column.name)] : [];
  });
  // PostgreSQL's limit is 32 columns.
  const indexed = ['_seller_id', ...named].slice(0, 32);
  return `CREATE INDEX ON ${full} (${indexed.join(', ')})`;
}

function comments(full: string, table: NewTable, described: ExportTable | undefined): string[] {
  const all = [...table.columns, ...lineage].map(({ name }) => name);
  const onColumns = all.flatMap((name) => columnComment(full, name, described));
  return described
    ? [`COMMENT ON TABLE ${full} IS ${literal(described.description)}`, ...onColumns]
    : onColumns;
}

/** The statement for the comment on a column; none without one. */
export function columnComment(full: string, name: string, described: ExportTable | undefined): string[] {
  const description = described?.columns.find((column) => column.name === name)?.description;
  const comment = commentOf(name, description);
  return comment === undefined
    ? []
    : [`COMMENT ON COLUMN ${full}.${identifier(name)} IS ${literal(comment)}`];
}

/** The statements that create a table as its first load would, with its descriptions. */
export function tableDdl(table: ExportTable): string {
  const isLineage = (column: string) => lineage.some(({ name }) => name === column);
  const columns = table.columns.filter(({ name }) => !isLineage(name));
  const key = columns.filter(({ filled }) => filled === 'usually').map(({ name }) => name);
  const full = identifier(table.name);
  const made = { name: table.name, columns, key };
  const statements = [...createTable(full, made, table), ...createIndexes(full, made)];
  return `${statements.join(';\n')};\n`;
}
