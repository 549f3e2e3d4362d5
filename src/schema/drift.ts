import { columnTypeText, widerType } from './column-type.js';
import type { ColumnType, ResolvedColumn } from './types.js';

/** How a document's table was other than its report schema and the table of the warehouse; what is absent was as it should be. */
export interface TableDrift {
  /** Headers that the schema does not know, the columns they became, and the schema's column that stands before them. */
  added?: { name: string; header: string; after?: string }[];
  /** Columns of the schema that the document lacks. */
  missing?: string[];
  /** Columns of the table that the document made wider, with their types in YAML before and after. */
  widened?: Widening[];
}

export interface Widening {
  name: string;
  from: string;
  to: string;
}

/** What the header of a document tells, met with its schema. */
export function headerDrift(columns: ResolvedColumn[]): Pick<TableDrift, 'added' | 'missing'> {
  const added = columns.flatMap(({ name, header, origin, after }) =>
    origin === 'added' ? { name, header: header ?? name, ...(after !== undefined && { after }) } : [],
  );
  const missing = columns.flatMap(({ name, header, origin }) =>
    origin === 'schema' && header === undefined ? name : [],
  );
  return { ...(added.length > 0 && { added }), ...(missing.length > 0 && { missing }) };
}

/** What a document makes of a column of the table; undefined where it fits in. */
export function wideningOf(name: string, present: ColumnType, coming: ColumnType): Widening | undefined {
  const [from, to] = [columnTypeText(present), columnTypeText(widerType(present, coming))];
  return from === to ? undefined : { name, from, to };
}
