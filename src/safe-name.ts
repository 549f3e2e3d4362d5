import { createHash } from 'node:crypto';

/** The longest name that every usual file system takes, with room for endings of ours. */
const longestName = 200;

/** A file name for any id: what isn't a letter, digit, `.`, `_` or `-` is percent-encoded; an overlong one ends in a hash of itself. */
export function safeName(id: string): string {
  const encoded = encodeURIComponent(id)
    .replace(/[!'()*~]/g, (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`)
    .replace(/^\./, '%2E');
  if (encoded.length <= longestName) return encoded || '%';
  const hash = createHash('sha256').update(id).digest('hex').slice(0, 32);
  return `${encoded.slice(0, longestName - hash.length - 1)}-${hash}`;
}
