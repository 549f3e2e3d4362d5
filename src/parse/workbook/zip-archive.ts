import { crc32, createInflateRaw } from 'node:zlib';

/** The content of the entries of an archive, by their names. */
export type ZipEntries = Map<string, Buffer>;

/**
 * Unpacks the entries of a zip archive that its directory names and `isWanted` accepts. Undefined
 * if they are more than `maxBytes` together: they are unpacked to find out, as the sizes stated in
 * an archive may be wrong.
 * Errors: if the archive has no directory or an entry is damaged.
 */
export async function unpackArchive(
  archive: Buffer,
  isWanted: (name: string) => boolean,
  maxBytes: number,
): Promise<ZipEntries | undefined> {
  const entries: ZipEntries = new Map();
  let left = maxBytes;
  for (const { name, method, size, start } of directoryOf(archive)) {
    if (!isWanted(name)) continue;
    const stored = archive.subarray(start, start + size);
    const content = method === methods.stored ? stored : await inflated(archive.subarray(start), left);
    left -= content?.length ?? Number.POSITIVE_INFINITY;
    if (!content || left < 0) return undefined;
    entries.set(name, content);
  }
  return entries;
}

/**
 * Packs entries without compression. A reader of it finds these entries and no others, however the
 * original archive contradicts itself.
 */
export function packArchive(entries: ZipEntries): Buffer {
  const parts: Buffer[] = [];
  const directory: Buffer[] = [];
  let at = 0;
  for (const [name, content] of entries) {
    const nameBytes = Buffer.from(name);
    // From the version needed to the length of the extra field: both headers have the same.
    const common = Buffer.alloc(26);
    common.writeUInt16LE(20, 0);
    common.writeUInt16LE(namesAreUtf8, 2);
    common.writeUInt32LE(crc32(content), 10);
    common.writeUInt32LE(content.length, 14);
    common.writeUInt32LE(content.length, 18);
    common.writeUInt16LE(nameBytes.length, 22);
    const behind = Buffer.alloc(14);
    behind.writeUInt32LE(at, 10);
    parts.push(signed(signatures.entry, common), nameBytes, content);
    directory.push(signed(signatures.directoryEntry, Buffer.alloc(2), common, behind), nameBytes);
    at += sizes.entry + nameBytes.length + content.length;
  }
  const directoryBytes = Buffer.concat(directory);
  const end = Buffer.alloc(18);
  end.writeUInt16LE(entries.size, 4);
  end.writeUInt16LE(entries.size, 6);
  end.writeUInt32LE(directoryBytes.length, 8);
  end.writeUInt32LE(at, 12);
  return Buffer.concat([...parts, directoryBytes, signed(signatures.directoryEnd, end)]);
}

const signatures = { entry: 0x04034b50, directoryEntry: 0x02014b50, directoryEnd: 0x06054b50 };
const sizes = { entry: 30, directoryEntry: 46, directoryEnd: 22 };
const methods = { stored: 0, deflated: 8 };
const namesAreUtf8 = 0x0800;

interface DirectoryEntry {
  name: string;
  method: number;
  /** Of its compressed bytes, which begin at `start`. */
  size: number;
  start: number;
}

/** The entries that the directory at the end of an archive names. */
function* directoryOf(archive: Buffer): Generator<DirectoryEntry> {
  const mark = Buffer.alloc(4);
  mark.writeUInt32LE(signatures.directoryEnd);
  const end = archive.lastIndexOf(mark);
  if (end < 0 || end + sizes.directoryEnd > archive.length) throw new Error('it has no directory');
  let at = archive.readUInt32LE(end + 16);
  while (at + sizes.directoryEntry <= end && archive.readUInt32LE(at) === signatures.directoryEntry) {
    const nameLength = archive.readUInt16LE(at + 28);
    const nameAt = at + sizes.directoryEntry;
    const start = archive.readUInt32LE(at + 42);
    if (start + sizes.entry > archive.length) throw new Error('an entry is missing');
    const ahead = archive.readUInt16LE(start + 26) + archive.readUInt16LE(start + 28);
    yield {
      name: archive.toString('utf8', nameAt, nameAt + nameLength),
      method: archive.readUInt16LE(at + 10),
      size: archive.readUInt32LE(at + 20),
      start: start + sizes.entry + ahead,
    };
    at = nameAt + nameLength + archive.readUInt16LE(at + 30) + archive.readUInt16LE(at + 32);
  }
}

/** Undefined if it is more than `maxBytes`. Errors: damaged bytes. */
async function inflated(bytes: Buffer, maxBytes: number): Promise<Buffer | undefined> {
  const inflate = createInflateRaw();
  inflate.end(bytes);
  const chunks: Buffer[] = [];
  let left = maxBytes;
  for await (const chunk of inflate as AsyncIterable<Buffer>) {
    left -= chunk.length;
    if (left < 0) return undefined;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

function signed(signature: number, ...parts: Buffer[]): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(signature);
  return Buffer.concat([bytes, ...parts]);
}
