import { ReadAgain } from '../source/read-again.js';
import type { Survey } from './delimited/survey.js';
import type { DecidedRules } from './values/decide-rules.js';

/**
 * What the columnar parser takes to hold for a whole delimited document while it reads the rows.
 */
export interface Assumption extends Omit<Survey, 'reading'> {
  /** Whether it comes from the whole document, so that the rows cannot contradict it. */
  isCertain: boolean;
}

/** What one attempt to parse a document found out for the next one. */
export type ParseHint =
  /** Of a delimited document: read it by this assumption. */
  | { kind: 'assumption'; assumption: Assumption }
  /** Of a JSON document: survey all of it before reading the rows. */
  | { kind: 'whole-survey' }
  /**
   * Of a document of objects: read its values by these rules. `referenceReason`: why the columnar
   * parser cannot read it, if so.
   */
  | { kind: 'object-rules'; decided: DecidedRules; referenceReason: string | undefined }
  /** The columnar parser cannot read the document. The ledger keeps the reason. */
  | { kind: 'reference-parser'; reason: string };

/** Ends an attempt whose rows showed that it was read by a wrong assumption. */
export function wrongAssumption(hint: ParseHint): ReadAgain<ParseHint> {
  return new ReadAgain(hint, 'the document was read by a wrong assumption');
}

/** Ends an attempt of the columnar parser at a document that only the reference parser can read. */
export function notColumnar(reason: string): ReadAgain<ParseHint> {
  return new ReadAgain({ kind: 'reference-parser', reason }, reason);
}

/** Ends an attempt at JSON with a warning for which only the reference parser knows all paths. */
export function namesTwice(): ReadAgain<ParseHint> {
  return notColumnar('names in its JSON stand twice in an object');
}

/** Reads a document again with what the last attempt found out, until an attempt holds. */
export async function readWithHints<T>(attempt: (hint: ParseHint | undefined) => Promise<T>): Promise<T> {
  let hint: ParseHint | undefined;
  for (;;) {
    try {
      return await attempt(hint);
    } catch (error) {
      if (!(error instanceof ReadAgain)) throw error;
      hint = error.hint;
    }
  }
}
