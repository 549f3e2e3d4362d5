import { createHash } from 'node:crypto';

/** Shorter than any usual file system's limit, to leave room for suffixes. */
const maxNameLength = 200;

/** Names that Windows reserves for devices, with any extension. */
const deviceName = /^(?:con|prn|aux|nul|com\d|lpt\d)(?=\.|$)/i;

/**
 * A file name for any id. Percent-encodes everything except letters, digits, `.`, `_` and `-`; also
 * a leading dot, a trailing dot, which Windows drops, and the first letter of a name that Windows
 * reserves for a device. A name that is too long ends in a hash of the id.
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
