/**
 * What may be done about a failure.
 * - `terminal`: trying again gives the same result; a document that fails so is quarantined.
 * - `retryable`: nothing is wrong with the document; its message goes back to the queue and comes again.
 */
export type ErrorKind = 'terminal' | 'retryable';

/** One error of the catalogue. */
export interface CatalogueEntry {
  kind: ErrorKind;
  /** `{name}` is replaced by the detail of that name. */
  message: string;
  remedy: string;
}
