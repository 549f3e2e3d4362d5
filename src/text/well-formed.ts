/** A text that may be cut within a character, with U+FFFD for half a character. */
export function wellFormed(text: string): string {
  return Buffer.from(text).toString();
}

/** JSON whose texts are well-formed: no database takes half a character. */
export function wellFormedJson(value: unknown): string {
  return JSON.stringify(value, (_key, each: unknown) => (typeof each === 'string' ? wellFormed(each) : each));
}
