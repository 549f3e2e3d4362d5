import { lineage } from '../../schema/lineage.js';
import type { ColumnType } from '../../schema/types.js';

export interface TableColumn {
  name: string;
  /** As the warehouse spells it, for example DECIMAL(18,4). */
  typeText: string;
  /** Undefined for a type that no report schema has, for example INTEGER. */
  type: ColumnType | undefined;
}

export interface Relation {
  name: string;
  isView: boolean;
  /** By name in lower case: names are case-insensitive. */
  columns: Map<string, TableColumn>;
}

/** The tables and views of a warehouse, by name in lower case. */
export type Relations = Map<string, Relation>;

/** Whether loads created the table: it then has the lineage columns. */
export function isReportTable(relation: Relation): boolean {
  return !relation.isView && lineage.every(({ name }) => relation.columns.has(name));
}
