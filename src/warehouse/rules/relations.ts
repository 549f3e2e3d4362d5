import { lineage } from '../../schema/lineage.js';
import type { ColumnType } from '../../schema/types.js';

export interface TableColumn {
  name: string;
  /** As the warehouse spells it, e.g. DECIMAL(18,4). */
  typeText: string;
  /** Undefined for a type that no report schema has, e.g. INTEGER. */
  type: ColumnType | undefined;
}

export interface Relation {
  name: string;
  isView: boolean;
  /** By name in lower case: names have no case. */
  columns: Map<string, TableColumn>;
}

/** The tables and views of a warehouse, by name in lower case. */
export type Relations = Map<string, Relation>;

/** Whether it is a table that loads made: it has the lineage columns. */
export function isReportTable(relation: Relation): boolean {
  return !relation.isView && lineage.every(({ name }) => relation.columns.has(name));
}
