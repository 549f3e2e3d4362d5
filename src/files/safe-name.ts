import { createHash } from 'node:crypto';

/** The longest name that every usual file system takes, with room for endings of ours. */
const maxNameLength = 200;

/** Names that Windows keeps for devices, whatever follows their first dot. */
const deviceName = /^(?:con|prn|aux|nul|com\d|lpt\d)(?=\.|$)/i;

/**
 * A file name for any id: what isn't a letter, digit, `.`, `_` or `-` is percent-encoded; so are a leading dot, a dot at the end, which
 * Windows drops, and the first letter of a name that Windows keeps for a device. An overlong name ends in a hash of the id.
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
