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
