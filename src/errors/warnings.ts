import { type ErrorDetails, fill } from './fill.js';

/** One warning of the catalogue. */
interface WarningEntry {
  /** Each `{name}` is replaced by the detail of that name. */
  message: string;
  /** What the user does next; has placeholders as `message` does. */
  remedy: string;
  /** Raises no alarm by default: who loads the document sees it, or nothing is lost. */
  isQuiet?: true;
}

/**
 * The catalogue of warnings: what a person should look at although the document was loaded. The
 * ledger keeps them in `_loads.warnings`. `docs/errors.md` lists them.
 */
export const warningCatalogue = {
  ROWS_SHORT: {
    message: '{found}',
    remedy:
      'Columns that a row lacks are NULL. Compare these rows with the document: a cell may be missing in the middle, or a line break in a cell may have cut the row.',
  },
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
  CHARSET_UNCERTAIN: {
    message: 'read as {charset} ({reason}); nothing proves that this is its charset',
    remedy:
      'Look at letters with accents in the rows. If they are wrong, load the raw document with `sp-reports load FILE --content-type "text/plain; charset=NAME"`.',
  },
  UNDEFINED_BYTES: {
    message:
      'the text has {count} that {charset} does not define, replaced by U+FFFD; the first is {byte} in line {line}',
    remedy:
      'The characters were lost before the document arrived, or it has another charset. If many are wrong, load the raw document with `sp-reports load FILE --content-type "text/plain; charset=NAME"`.',
  },
  TEXT_GARBLED: {
    message:
      'most of its characters beyond ASCII are garbled: they were read in another charset and written again, such as {found}, which was {meant}',
    remedy:
      'The document itself has these characters, and they were loaded as they are. Look at the texts in Seller Central: if they are right there, request the report again, and report it to Amazon; if not, correct the listings.',
  },
  JSON_DUPLICATE_NAMES: {
    message:
      'objects of its JSON have a name more than once, of which the last value was loaded: {names}; in brackets how often a value was left out',
    remedy:
      'Look at these paths in the raw document. If the values differ, some are lost: request the report again, and report it to Amazon.',
  },
  JSON_LONE_SURROGATES: {
    message:
      'texts of its JSON have half a character (a lone surrogate), {count} in all, loaded as U+FFFD, or as the escape in a column of JSON',
    remedy:
      'Amazon cut texts in the middle of a character, for example of an emoji. Nothing else is lost: the text around it is loaded.',
    isQuiet: true,
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
    isQuiet: true,
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
  DATE_ORDER_GUESSED: {
    message:
      '{count} can be read in several orders, such as {example} in {column}: {readings}. Read as {chosen}, {reason}; `dateOrder` in the report schema decides otherwise.',
    remedy:
      'The document does not prove the order. Compare a row with Seller Central. To settle it, set `dateOrder` of the column in the report schema, then run `sp-reports reload {documentId}`. A later document that proves its order is no evidence for earlier ones.',
  },
  DATE_ORDER_MIXED: {
    message:
      'dates are written in several orders: {found}. Read: {read}; dates that do not fit are rejected.',
    remedy:
      'Compare rows of both orders with Seller Central. A document that was edited by hand is best downloaded again.',
  },
  DECIMAL_MARK_GUESSED: {
    message:
      '{count} may have a decimal mark or separate thousands, such as {example} in {column}: {readings}. Read with {chosen}, {reason}.',
    remedy:
      'Nothing in the document shows the decimal mark. Compare a row with Seller Central. If it is read by the wrong mark, give the right marketplace: `sp-reports load --marketplace`.',
  },
  DECIMAL_MARK_MIXED: {
    message:
      'numbers are written with several decimal marks: {found}. Read: {read}; numbers that do not fit are rejected.',
    remedy:
      'Compare rows of both kinds with Seller Central. A document that was edited by hand is best downloaded again.',
  },
  TIME_ZONE_GUESSED: {
    message:
      '{count} name the time zone {zone}, which is another one in other marketplaces, such as {example} in {column}. Read as {offset}.',
    remedy:
      'The marketplace decides which zone is meant. Give it to `sp-reports load --marketplace`, or compare a row with Seller Central.',
  },
} as const satisfies Record<string, WarningEntry>;

export type WarningCode = keyof typeof warningCatalogue;

/** A warning about a loaded document, as the ledger keeps it. */
export interface Warning {
  code: WarningCode;
  /** Complete for a reader: what, where, how many, with an example. */
  message: string;
}

/**
 * Returns a warning of the catalogue, with its message filled from the details. Details quote
 * values of the document by JSON.stringify, so that they can be omitted as personal data.
 */
export function warning(code: WarningCode, details: ErrorDetails): Warning {
  return { code, message: fill(warningCatalogue[code].message, details) };
}

/**
 * Returns what to do about a warning of the ledger, filled from the details; undefined for a code
 * that this version does not have.
 */
export function warningRemedy(code: string, details: ErrorDetails): string | undefined {
  const entry = Object.entries(warningCatalogue).find(([name]) => name === code)?.[1];
  return entry && fill(entry.remedy, details);
}

/**
 * Whether a warning raises an alarm. The settings decide by code; otherwise the catalogue does. A
 * code of a newer version does.
 */
export function raisesAlarm(code: string, settings: Record<string, boolean>): boolean {
  const entries = Object.entries<WarningEntry>(warningCatalogue);
  return settings[code] ?? entries.find(([name]) => name === code)?.[1].isQuiet !== true;
}
