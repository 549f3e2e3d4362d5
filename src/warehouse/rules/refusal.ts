import { ReportsError } from '../../errors/reports-error.js';
import { fileError, firstLine } from '../../errors/duckdb-error.js';
import type { Load } from '../types.js';

/** A load that can't be committed as it stands, whatever the state of the machine. */
export class Refusal extends Error {
  constructor(
    problem: string,
    /** Where it is known which of several it is. */
    readonly load?: Load,
  ) {
    super(problem);
  }
}

/** DuckDB's kinds of errors that say the load is at fault, and not the machine. */
const refusals =
  /^(Conversion|Binder|Catalog|Constraint|Dependency|Invalid Input|Invalid type|Mismatch Type|Not implemented|Out of Range|Parser|Syntax) Error/i;

/** An error of the catalogue for a load that can't be committed. */
export function commitError(error: unknown, loads: Load[], path: string): unknown {
  if (error instanceof ReportsError) return error;
  if (!(error instanceof Refusal) && !refusals.test(firstLine(error))) return fileError(error, path);
  const known = error instanceof Refusal ? error.load : undefined;
  const load = known ?? (loads.length === 1 ? loads[0] : undefined);
  const named = load
    ? { thing: load.entry.documentId ?? load.entry.key, key: load.entry.key }
    : { thing: `one of ${loads.length} documents` };
  return new ReportsError('WAREHOUSE_REFUSED', { ...named, path, found: firstLine(error) }, { cause: error });
}
