import { ReportsError } from '../../errors/reports-error.js';
import { Refusal } from '../rules/refusal.js';
import type { Load } from '../types.js';
import { fileError, firstLine } from '../../errors/duckdb-error.js';

/** DuckDB's kinds of errors that mean that the load is at fault, and not the machine. */
const refusals =
  /^(Conversion|Binder|Catalog|Constraint|Dependency|Invalid Input|Invalid type|Mismatch Type|Not implemented|Out of Range|Parser|Syntax) Error/i;

/**
 * Converts a failure of a commit into an error of the catalogue: WAREHOUSE_REFUSED for a load that
 * cannot be committed, otherwise as `fileError`. Returns errors of the catalogue as they are.
 */
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
