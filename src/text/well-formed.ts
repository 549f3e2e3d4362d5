/** A text that may be cut within a character, with U+FFFD for half a character. */
export function wellFormed(text: string): string {
  return Buffer.from(text).toString();
}

/**
 * JSON whose texts, at any depth, are what `change` makes of them. No database takes half a
 * character.
 */
export function jsonOfTexts(value: unknown, change = wellFormed): string {
  return JSON.stringify(value, (_key, each: unknown) => (typeof each === 'string' ? change(each) : each));
}
