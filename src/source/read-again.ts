/**
 * Ends an attempt to read a document that started from a wrong assumption. Everything read by that
 * attempt is void. `hint` says what the next attempt has to know, the message says why.
 */
export class ReadAgain<Hint extends { kind: string }> extends Error {
  constructor(
    readonly hint: Hint,
    reason: string,
  ) {
    super(reason);
  }
}
