import { type Warning, warning } from '../../errors/warnings.js';
import type { ColumnType, ResolvedColumn } from '../../schema/types.js';
import type { ParsedTable } from '../types.js';

/**
 * Warns of columns of numbers that the document lacks, if it has an unknown column of numbers in
 * their place, between the same columns: the header may be a new name, and sums over the column
 * would lack its values.
 */
export function missingMeasures({ name, columns }: ParsedTable): Warning[] {
  const ofSchema = columns.filter(({ origin }) => origin === 'schema');
  return columns.flatMap((added) => {
    if (added.origin !== 'added' || !isNumeric(added.type)) return [];
    const missing = absentBetween(ofSchema, added).filter(({ type }) => isNumeric(type));
    if (missing.length === 0) return [];
    const names = missing.map((column) => column.name).join(' or ');
    const header = JSON.stringify(added.header ?? added.name);
    return [warning('MEASURE_MISSING', { table: name, missing: names, added: header })];
  });
}

/** The columns of the schema that are missing between the neighbours of an added column. */
function absentBetween(ofSchema: ResolvedColumn[], { after, before }: ResolvedColumn): ResolvedColumn[] {
  const start = ofSchema.findIndex(({ name }) => name === after);
  if (after === undefined || start < 0) return [];
  const rest = ofSchema.slice(start + 1);
  const next = rest.findIndex(({ header }) => header !== undefined);
  if (rest[next]?.name !== before) return [];
  return next < 0 ? rest : rest.slice(0, next);
}

function isNumeric({ kind }: ColumnType): boolean {
  return kind === 'decimal' || kind === 'int64' || kind === 'float64';
}
