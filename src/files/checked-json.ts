import { createHash } from 'node:crypto';

/** The property that has the hash of all others. */
const property = 'contentSha256';

/**
 * Returns a JSON text with a hash of its content, so that one flipped bit in it shows. `indent`: as
 * of JSON.stringify.
 */
export function checkedJson(content: object, indent?: number): string {
  return `${JSON.stringify({ ...content, [property]: hashOf(content) }, null, indent)}\n`;
}

/**
 * Returns the content of a text of `checkedJson`, or of a JSON text of an earlier version, which
 * has no hash. Errors: Error if it is not JSON or does not match its hash.
 */
export function readCheckedJson(text: string): unknown {
  const parsed: unknown = JSON.parse(text);
  if (typeof parsed !== 'object' || parsed === null || !(property in parsed)) return parsed;
  const { [property]: hash, ...content } = parsed;
  if (hash !== hashOf(content)) throw new Error('its content does not match its hash');
  return content;
}

function hashOf(content: object): string {
  return createHash('sha256').update(JSON.stringify(content)).digest('hex');
}
