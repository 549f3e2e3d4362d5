/**
 * The details of a failure or a warning; the placeholders of a message are filled from them.
 * `found` may be what a server said: secrets, tokens and presigned URLs in it are redacted. The
 * rest never has any.
 */
export type ErrorDetails = Record<string, string | number | boolean | null | undefined>;

/** Replaces each `{name}` of a template by the detail of that name, or by nothing. */
export function fill(template: string, details: ErrorDetails): string {
  return template.replace(/\{(\w+)\}/g, (_, name: string) => String(details[name] ?? ''));
}
