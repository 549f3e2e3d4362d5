import type { Survey } from '../delimited/survey.js';
import type { NotColumnar } from './rows.js';

/** What holds for a document as a whole, as far as rows are read by it. */
export interface Assumption extends Omit<Survey, 'reading'> {
  /** Whether it comes from the whole document, and holds. */
  isCertain: boolean;
}

/**
 * The rows of a document show that it was read by a wrong assumption. What was read of it is void: it is read again
 * by the right one.
 */
export class WrongAssumption extends Error {
  /** What holds; of JSON, that the whole document is to be surveyed first. */
  constructor(readonly right: Assumption | 'whole survey') {
    super('the document was read by a wrong assumption');
  }
}

/** What an earlier try found out: what holds, or that the document is not for the columnar parser. */
export type Known = WrongAssumption['right'] | NotColumnar;
