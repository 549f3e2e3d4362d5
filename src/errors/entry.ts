/**
 * What may be done about a failure.
 * - `terminal`: a retry gives the same result; a document that fails this way is quarantined.
 * - `retryable`: nothing is wrong with the document; its message is released and received again.
 */
export type ErrorKind = 'terminal' | 'retryable';

/** One error of the catalogue. */
export interface CatalogueEntry {
  kind: ErrorKind;
  /** Each `{name}` is replaced by the detail of that name. */
  message: string;
  /** What the user does next; has placeholders as `message` does. */
  remedy: string;
}
