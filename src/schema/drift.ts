import { columnTypeText, widerType } from './column-type.js';
import type { ColumnType, ResolvedColumn } from './types.js';

/**
 * How the table of a document differs from its report schema and from the table in the warehouse.
 * Absent properties mean no difference.
 */
export interface TableDrift {
  /**
   * Headers unknown to the schema, the columns they became, and the schema's column before them.
   */
  added?: { name: string; header: string; after?: string }[];
  /** Columns of the schema that the document lacks. */
  missing?: string[];
  /** Columns that no schema knows and that contain personal data. */
  personal?: string[];
  /** Columns of the table that the document widened, with their types in YAML before and after. */
  widened?: Widening[];
}

export interface Widening {
  name: string;
  from: string;
  to: string;
}

/** Compares the header of a document with its schema. */
export function headerDrift(columns: ResolvedColumn[]): Pick<TableDrift, 'added' | 'missing' | 'personal'> {
  const added = columns.flatMap(({ name, header, origin, after }) =>
    origin === 'added' ? { name, header: header ?? name, after } : [],
  );
  const missing = columns.flatMap(({ name, header, origin }) =>
    origin === 'schema' && header === undefined ? name : [],
  );
  const personal = columns.flatMap(({ name, pii }) => (pii ? name : []));
  return {
    added: added.length > 0 ? added : undefined,
    missing: missing.length > 0 ? missing : undefined,
    personal: personal.length > 0 ? personal : undefined,
  };
}

/** Returns how a document widens a column of the table; undefined if its values fit. */
export function wideningOf(name: string, present: ColumnType, coming: ColumnType): Widening | undefined {
  const [from, to] = [columnTypeText(present), columnTypeText(widerType(present, coming))];
  return from === to ? undefined : { name, from, to };
}
