/**
 * Ends an attempt to read a document that started from a wrong assumption. Everything that the
 * attempt read is void. `hint` is what the next attempt has to know; the message has the reason.
 */
export class ReadAgain<Hint extends { kind: string }> extends Error {
  constructor(
    readonly hint: Hint,
    reason: string,
  ) {
    super(reason);
  }
}
