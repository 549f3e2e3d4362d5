const mark = [0xef, 0xbb, 0xbf];

/** How many bytes at the beginning of a document are a byte order mark: 3 or 0. */
export function byteOrderMarkBytes(beginning: Uint8Array): number {
  return mark.every((byte, index) => beginning[index] === byte) ? mark.length : 0;
}
