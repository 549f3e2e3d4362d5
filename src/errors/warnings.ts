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
  SNAPSHOT_SHRANK: {
    message:
      '{table}: {rows} replace the {rowsBefore} of {documents}, which is far more than a snapshot usually loses',
    remedy:
      'Compare the document with the one it replaced: Amazon may have made an incomplete report. If it is incomplete, request the report again. With `snapshotLoss: hold` in the pipeline, such documents are held back.',
  },
  MARKETPLACES_LOST: {
    message: '{table}: the rows of {documents} covered {before}, those that replace them only {now}',
    remedy:
      'Request one report for each marketplace: for many types Amazon returns only one of several marketplaces. Then run `sp-reports reload` for the earlier documents of the others.',
  },
  ROWS_REPLACED: {
    message: '{table}: {found}, because nothing says that the files are of different marketplaces',
    remedy:
      'If the files are of different marketplaces, load each with `--marketplace`. Loading a file again replaces its rows.',
  },
  COLUMNS_GONE: {
    message: '{table}: the columns {columns} are missing, but {document} had them',
    remedy:
      'If Amazon renamed them, add the new headers to `from` in the report schema, then run `sp-reports reload {documentId}`. `sp-reports schemas drift` lists unknown headers.',
  },
  MEASURES_EMPTY: {
    message: '{table}: every value of {columns} is NULL or zero, but not in {document}',
    remedy: 'Amazon may have made the report while its data was incomplete. Request the report again.',
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
