import { createHash } from 'node:crypto';

/** Maximum length of a name on all common file systems, with room for our own endings. */
const maxNameLength = 200;

/** Names that Windows reserves for devices, whatever follows their first dot. */
const deviceName = /^(?:con|prn|aux|nul|com\d|lpt\d)(?=\.|$)/i;

/**
 * Returns a file name for any id. All characters except letters, digits, `.`, `_` and `-` are
 * percent-encoded. So are a leading dot, a trailing dot, which Windows drops, and the first letter
 * of a name that Windows reserves for a device. A name that is too long ends in a hash of the id.
 */
export function safeName(id: string): string {
  const encoded = id
    .replace(/[^\w.-]/gu, percentEncode)
    .replace(/^\.|\.$/g, '%2E')
    .replace(deviceName, (name) => percentEncode(name.charAt(0)) + name.slice(1));
  if (encoded.length <= maxNameLength) return encoded || '%';
  const hash = createHash('sha256').update(id).digest('hex').slice(0, 32);
  return `${encoded.slice(0, maxNameLength - hash.length - 1)}-${hash}`;
}

function percentEncode(character: string): string {
  return [...Buffer.from(character)]
    .map((byte) => `%${byte.toString(16).toUpperCase().padStart(2, '0')}`)
    .join('');
}
