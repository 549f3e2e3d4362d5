import { type ErrorDetails, fill } from './fill.js';

/** One warning of the catalogue. */
interface WarningEntry {
  /** Each `{name}` is replaced by the detail of that name. */
  message: string;
  /** What the user does next; has placeholders as `message` does. */
  remedy: string;
}

/**
 * The catalogue of warnings: what a person should look at although the document was loaded. The
 * ledger keeps them in `_loads.warnings`. `docs/errors.md` lists them.
 */
export const warningCatalogue = {
  TOTALS_DIFFER: {
    message: '{found}',
    remedy:
      'The document states a total that its rows do not add up to. Compare the rows with the document. If a column was not recognized, add its header to `from` in the report schema, then run `sp-reports reload {documentId}`.',
  },
  PERSONAL_DATA_FOUND: {
    message: 'column {column} of {table}, which no schema knows, has {found}',
    remedy:
      'The column counts as personal data: the `pii` policy of the pipeline and `sp-reports purge` apply to it. Add it to the report schema with `pii: true`.',
  },
  MEASURE_MISSING: {
    message: '{table} has no value in {missing}: the document has {added} with numbers in its place',
    remedy:
      'Amazon may have renamed the column. If so, add the new header to `from` of the column in the report schema, then run `sp-reports reload`. `sp-reports schemas drift` shows both.',
  },
} as const satisfies Record<string, WarningEntry>;

export type WarningCode = keyof typeof warningCatalogue;

/** A warning about a loaded document, as the ledger keeps it. */
export interface Warning {
  code: WarningCode;
  /** Complete for a reader: what, where, how many, with an example. */
  message: string;
}

/** Returns a warning of the catalogue, with its message filled from the details. */
export function warning(code: WarningCode, details: ErrorDetails): Warning {
  return { code, message: fill(warningCatalogue[code].message, details) };
}
