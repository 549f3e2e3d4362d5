import { createInflateRaw } from 'node:zlib';

/**
 * Whether all entries of a zip archive together unpack to at most `maxBytes`. They are unpacked to
 * find out, as the sizes stated in an archive may be wrong. An archive that cannot be read is left
 * to its reader.
 */
export async function unpacksTo(archive: Buffer, maxBytes: number): Promise<boolean> {
  let left = maxBytes;
  for (const entry of deflatedEntries(archive)) {
    const inflate = createInflateRaw();
    inflate.end(entry);
    try {
      for await (const chunk of inflate) {
        left -= (chunk as Buffer).length;
        if (left < 0) return false;
      }
    } catch {
      // Damaged: what came before the damage counts.
    }
  }
  return true;
}

const signatures = { entry: 0x04034b50, directoryEntry: 0x02014b50, directoryEnd: 0x06054b50 };
const sizes = { entry: 30, directoryEntry: 46, directoryEnd: 22 };
const deflated = 8;

/**
 * The bytes of the compressed entries, located by the directory at the end of the archive. Each
 * extends to the end, as its stated size may be wrong.
 */
function* deflatedEntries(archive: Buffer): Generator<Buffer> {
  const mark = Buffer.alloc(4);
  mark.writeUInt32LE(signatures.directoryEnd);
  const end = archive.lastIndexOf(mark);
  if (end < 0 || end + sizes.directoryEnd > archive.length) return;
  let at = archive.readUInt32LE(end + 16);
  while (at + sizes.directoryEntry <= end && archive.readUInt32LE(at) === signatures.directoryEntry) {
    const [name, extra, comment] = [28, 30, 32].map((offset) => archive.readUInt16LE(at + offset)) as [
      number,
      number,
      number,
    ];
    const method = archive.readUInt16LE(at + 10);
    const start = archive.readUInt32LE(at + 42);
    if (method === deflated && start + sizes.entry <= archive.length) {
      const ahead = archive.readUInt16LE(start + 26) + archive.readUInt16LE(start + 28);
      yield archive.subarray(start + sizes.entry + ahead);
    }
    at += sizes.directoryEntry + name + extra + comment;
  }
}
