import { randomUUID } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { open, rm, stat, utimes } from 'node:fs/promises';
import { join } from 'node:path';
import { Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { crc32 } from 'node:zlib';
import yauzl from 'yauzl';
import { describeError, knownError, ReportsError } from '../errors/reports-error.js';
import { pluralize } from '../text/pluralize.js';

/** A document within a zip archive. */
export interface ArchiveEntry {
  /** Its path within the archive: a label, never a path on this machine. */
  name: string;
  /** Unpacks it and returns the path of the copy. Errors: ARCHIVE_UNREADABLE. */
  open(): Promise<string>;
  /** Removes the copy. */
  close(): Promise<void>;
}

export interface ArchiveOptions {
  scratch(): Promise<string>;
  maxEntryBytes: number;
}

/** Archives with more entries than a person would download are refused. */
const maxEntries = 10_000;

/**
 * Reports compress 5 to 50 times. More than this, in an archive that unpacks to more than
 * `harmlessBytes`, is an attack on the disk.
 */
const maxRatio = 250;
const harmlessBytes = 64 * 1024 ** 2;

/**
 * Whether a file is a zip archive of documents. A workbook is a zip archive too, but a document
 * itself. False for a file that cannot be read.
 */
export async function isArchive(path: string): Promise<boolean> {
  if (!(await beginsAsZip(path))) return false;
  try {
    const names = new Set((await directoryOf(path)).map(({ fileName }) => fileName));
    return !names.has('[Content_Types].xml');
  } catch {
    // Its name says whether `entriesOf` reports what is wrong with it, or the reader of workbooks.
    return /\.zip$/i.test(path);
  }
}

/**
 * The documents in a zip archive, sorted by name: no folders, hidden files, or what macOS adds.
 * Errors: ARCHIVE_UNREADABLE for an archive that is damaged, holds nothing, or may be hostile: one
 * with too many entries, overlapping entries, too high a compression, or names that lead outside.
 */
export async function entriesOf(path: string, options: ArchiveOptions): Promise<ArchiveEntry[]> {
  const refuse = (found: string) => new ReportsError('ARCHIVE_UNREADABLE', { path, found });
  const directory = await directoryOf(path).catch((error: unknown) => {
    throw error instanceof ReportsError ? error : refuse(describeError(error));
  });
  const entries = directory.filter(({ fileName }) => isDocument(fileName));
  if (entries.length === 0) throw refuse('it has no files');
  const sum = (sizes: number[]) => sizes.reduce((total, each) => total + each, 0);
  const packed = sum(directory.map(({ compressedSize }) => compressedSize));
  const unpacked = sum(directory.map(({ uncompressedSize }) => uncompressedSize));
  const names = new Set<string>();
  const twice = entries.find(({ fileName }) => names.has(fileName) || !names.add(fileName));
  if (twice) throw refuse(`it has ${twice.fileName} twice`);
  const { size } = await stat(path);
  if (packed > size) throw refuse('its entries overlap');
  if (unpacked > harmlessBytes && unpacked > maxRatio * packed)
    throw refuse(`it unpacks to ${pluralize(unpacked, 'byte')}, more than ${maxRatio} times its size`);
  const large = entries.find(({ uncompressedSize }) => uncompressedSize > options.maxEntryBytes);
  if (large)
    throw refuse(
      `${large.fileName} unpacks to ${pluralize(large.uncompressedSize, 'byte')}; the limit is ${options.maxEntryBytes}`,
    );
  return entries
    .sort((a, b) => (a.fileName < b.fileName ? -1 : 1))
    .map((entry) => entryOf(path, entry, options));
}

function entryOf(path: string, entry: yauzl.Entry, { scratch }: ArchiveOptions): ArchiveEntry {
  // A name of our own: what the archive states may lead anywhere.
  const name = `entry-${randomUUID()}`;
  const copy = async () => join(await scratch(), name);
  return {
    name: entry.fileName,
    open: async () => unpack(path, entry, await copy()),
    close: async () => rm(await copy(), { force: true }),
  };
}

async function beginsAsZip(path: string): Promise<boolean> {
  const file = await open(path).catch(() => undefined);
  if (!file) return false;
  try {
    const { buffer } = await file.read(Buffer.alloc(4), 0, 4, 0);
    return buffer.equals(Buffer.from('PK\x03\x04')) || buffer.equals(Buffer.from('PK\x05\x06'));
  } catch {
    // A folder, for example.
    return false;
  } finally {
    await file.close();
  }
}

/** Reads the directory. Refuses names that are absolute or lead outside, as yauzl does. */
async function directoryOf(path: string): Promise<yauzl.Entry[]> {
  const archive = await yauzl.openPromise(path, { lazyEntries: true });
  try {
    if (archive.entryCount > maxEntries)
      throw new Error(`it has ${archive.entryCount} entries; the limit is ${maxEntries}`);
    const entries: yauzl.Entry[] = [];
    for await (const entry of archive.eachEntry()) entries.push(entry);
    return entries;
  } finally {
    archive.close();
  }
}

function isDocument(name: string): boolean {
  const parts = name.split('/');
  return !name.endsWith('/') && !parts.some((part) => part.startsWith('.') || part === '__MACOSX');
}

/** Unpacks an entry to `copy`, with the time of the entry. Returns the path of the copy. */
async function unpack(path: string, entry: yauzl.Entry, copy: string): Promise<string> {
  const refuse = (found: string) =>
    new ReportsError('ARCHIVE_UNREADABLE', { path: `${path}/${entry.fileName}`, found });
  if (entry.isEncrypted()) throw refuse('it is encrypted');
  if (isLink(entry)) throw refuse('it is a link');
  const archive = await yauzl.openPromise(path, { lazyEntries: true, autoClose: false });
  let found = 0;
  const checked = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      found = crc32(chunk, found);
      done(null, chunk);
    },
  });
  try {
    // yauzl stops at more bytes than the entry states.
    const bytes = await archive.openReadStreamPromise(entry);
    await pipeline(bytes, checked, createWriteStream(copy));
  } catch (error) {
    const known = knownError(error, copy);
    throw known instanceof ReportsError ? known : refuse(describeError(error));
  } finally {
    archive.close();
  }
  if (found !== entry.crc32) throw refuse('its checksum is wrong');
  const stated = entry.getLastModDate();
  // Programs that write no times write 1980 or earlier.
  const made = stated.getFullYear() > 1980 ? stated : (await stat(path)).mtime;
  await utimes(copy, made, made);
  return copy;
}

/** The upper half of the attributes is the mode on Unix. */
function isLink({ externalFileAttributes }: yauzl.Entry): boolean {
  const mode = externalFileAttributes >>> 16;
  const typeMask = 0o170000;
  const link = 0o120000;
  return (mode & typeMask) === link;
}
