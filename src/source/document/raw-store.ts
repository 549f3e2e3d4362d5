import { type FileHandle, open } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { z } from 'zod';
import { knownError, ReportsError } from '../../errors/reports-error.js';
import { faultPoint } from '../../runtime/fault-point.js';
import { checkedJson, readCheckedJson } from '../../files/checked-json.js';
import { type FileDigest, findDamage, RunningDigest } from '../../files/file-digest.js';
import { safeName } from '../../files/safe-name.js';
import type { Store } from '../../store/types.js';
import {
  dropPartial,
  nameWholeFile,
  openPartial,
  partialName,
  writeWholeFile,
} from '../../files/whole-file.js';
import type { DocumentMetadata, RawDocument } from '../types.js';

/** The ids that identify a raw document. */
export type RawId = Pick<DocumentMetadata, 'sellerId' | 'reportType' | 'documentId'>;

/**
 * The path of a raw document: `<raw>/<seller>/<report type>/<document>`, with its metadata in
 * `<document>.json`. A file with that name is complete, its bytes never change, and its metadata
 * exists, with the hash of its bytes.
 */
export function rawPath(rawFolder: string, { sellerId, reportType, documentId }: RawId): string {
  // An id that ends like a file beside the bytes must not be mistaken for one.
  const name = safeName(documentId).replace(/\.(json|part|lock)$/i, '%2E$1');
  return join(rawFolder, safeName(sellerId), safeName(reportType), name);
}

/** The raw document, if it was stored before. Errors: RAW_METADATA_UNREADABLE. */
export async function findRaw(store: Store, id: RawId): Promise<RawDocument | undefined> {
  return readRaw(store, rawPath(store.folder, id));
}

/** Documents looked up at once: those of a bucket take a while each, and there are many. */
const readsAtOnce = 16;

/**
 * The raw documents of a store, in the order of their paths, except those at known paths. Omits one
 * with unreadable metadata: `onUnreadable` is called with its path and RAW_METADATA_UNREADABLE.
 */
export async function* listRaw(
  store: Store,
  known = new Set<string>(),
  onUnreadable: (path: string, error: ReportsError) => void = () => {},
): AsyncGenerator<RawDocument> {
  const paths = rawPathsOf(await store.list()).filter((path) => !known.has(path));
  yield* readRaws(store, paths, onUnreadable);
}

/** The paths of raw documents, by the files with their metadata. */
export function rawPathsOf(files: Iterable<string>): string[] {
  const ending = '.json';
  return [...files]
    .filter((each) => each.endsWith(ending) && !each.endsWith('.part.json'))
    .map((each) => each.slice(0, -ending.length));
}

/** The raw documents of these paths, as `listRaw`. */
export async function* readRaws(
  store: Store,
  paths: string[],
  onUnreadable: (path: string, error: ReportsError) => void = () => {},
): AsyncGenerator<RawDocument> {
  const readOrReport = (path: string) =>
    readRaw(store, path).catch((error: unknown) => {
      if (!isMetadataUnreadable(error)) throw error;
      onUnreadable(path, error);
      return undefined;
    });
  for (let start = 0; start < paths.length; start += readsAtOnce) {
    const together = paths.slice(start, start + readsAtOnce);
    for (const raw of await Promise.all(together.map(readOrReport))) if (raw) yield raw;
  }
}

/** Removes a raw document, and then its metadata. Does nothing if it does not exist. */
export async function removeRaw(store: Store, path: string): Promise<void> {
  await store.remove(path);
  await store.remove(`${path}.json`);
}

/**
 * Calls `work` while the bytes of a raw document are at its path on this machine. Errors:
 * DOCUMENT_BUSY if someone has removed them meanwhile.
 */
export async function withBytes<T>(
  raw: RawDocument,
  store: Store,
  signal: AbortSignal | undefined,
  work: () => Promise<T>,
): Promise<T> {
  const { path, metadata } = raw;
  if (!(await store.fetch(path, signal))) {
    const found = `${store.nameOf(path)} was removed in the meantime`;
    throw new ReportsError('DOCUMENT_BUSY', { documentId: metadata.documentId, found });
  }
  try {
    return await work();
  } finally {
    await store.evictLocalCopy(path);
  }
}

/** Whether an error says that the metadata of a raw document is unreadable. */
export function isMetadataUnreadable(error: unknown): error is ReportsError {
  return error instanceof ReportsError && error.code === 'RAW_METADATA_UNREADABLE';
}

/**
 * Compares the bytes of a raw document at its path with the hash of what was written: the one
 * beside it, otherwise the one in a ledger. Errors: RAW_DAMAGED.
 */
export async function checkRaw(raw: RawDocument, store: Store, ledger: Partial<FileDigest>): Promise<void> {
  const found = await findDamage(raw.path, raw.kept ?? ledger);
  if (found === undefined) return;
  const { documentId } = raw.metadata;
  throw new ReportsError('RAW_DAMAGED', { documentId, path: store.nameOf(raw.path), found });
}

/** Writes the metadata of a raw document whose bytes are kept, with their digest. */
export async function keepMetadata(
  store: Store,
  path: string,
  metadata: DocumentMetadata,
  kept: FileDigest,
): Promise<void> {
  await writeWholeFile(`${path}.json`, checkedJson({ ...metadata, ...kept }, 2));
  await store.keep(`${path}.json`);
}

/**
 * Stores bytes under their final name, after the metadata and the hash. `file` is the handle that
 * wrote them.
 */
export async function keepRaw(
  file: FileHandle,
  { partial, path, store, signal }: { partial: string; path: string; store: Store; signal?: AbortSignal },
  metadata: DocumentMetadata,
  kept: FileDigest,
): Promise<RawDocument> {
  await keepMetadata(store, path, metadata, kept);
  await store.keep(path, { from: partial, signal });
  faultPoint('raw-kept');
  await nameWholeFile(file, partial, path);
  await store.evictLocalCopy(`${path}.json`);
  return { metadata, path, bytes: kept.bytes, kept };
}

/**
 * Copies a file from disk into the raw store. Its document id is `file-` and a hash of its bytes,
 * so the same bytes are the same document. Without a creation time of the report, the modification
 * time of the file is used. Errors: FILE_UNREADABLE, DISK_FULL, FILE_SYSTEM_FAILED.
 */
export async function keepFile(
  store: Store,
  path: string,
  metadata: Omit<DocumentMetadata, 'documentId'>,
): Promise<RawDocument> {
  // First, because ids without a value make no path, and nobody would close the file.
  const partial = partialName(rawPath(store.folder, { ...metadata, documentId: basename(path) }));
  const source = await open(path).catch((error: unknown) => {
    throw unreadable(error, path);
  });
  try {
    const file = await openPartial(partial);
    try {
      const digest = await copy(source, path, file);
      const documentId = documentIdOf(digest.sha256);
      const { reportCreatedAt = (await source.stat()).mtime.toISOString() } = metadata;
      const whole = { ...metadata, documentId, reportCreatedAt };
      return await keepRaw(file, { partial, path: rawPath(store.folder, whole), store }, whole, digest);
    } finally {
      // After the rename there is nothing left to remove.
      await dropPartial(file, partial);
    }
  } catch (error) {
    throw knownError(error, partial);
  } finally {
    await source.close();
  }
}

/** The id of a document from disk, by the hash of its bytes. */
export function documentIdOf(sha256: string): string {
  return `file-${sha256.slice(0, 32)}`;
}

/** Copies the bytes and returns their hash. */
async function copy(source: FileHandle, path: string, target: FileHandle): Promise<FileDigest> {
  const running = new RunningDigest();
  const buffer = Buffer.alloc(256 * 1024);
  for (;;) {
    const { bytesRead } = await source.read(buffer, 0, buffer.length, null).catch((error: unknown) => {
      throw unreadable(error, path);
    });
    if (bytesRead === 0) break;
    const bytes = buffer.subarray(0, bytesRead);
    running.add(bytes);
    await target.writeFile(bytes);
  }
  return running.digest();
}

export function unreadable(error: unknown, path: string): ReportsError {
  const { code, message } = error as NodeJS.ErrnoException;
  return new ReportsError(
    'FILE_UNREADABLE',
    { path, found: code === 'ENOENT' ? 'the file does not exist' : (code ?? message) },
    { cause: error },
  );
}

/**
 * The raw document of a path, with its metadata; undefined if one of them is missing. Errors:
 * RAW_METADATA_UNREADABLE.
 */
export async function readRaw(store: Store, path: string): Promise<RawDocument | undefined> {
  const found = await store.find(path);
  const text = found && (await store.read(`${path}.json`));
  if (text === undefined) return undefined;
  const { bytes, sha256, ...metadata } = parseMetadata(text, store.nameOf(`${path}.json`));
  const kept = bytes !== undefined && sha256 !== undefined ? { bytes, sha256 } : null;
  return { metadata, path, bytes: found?.bytes ?? 0, kept };
}

const metadataShape = z.looseObject({
  sellerId: z.string(),
  documentId: z.string(),
  reportType: z.string(),
  marketplaceIds: z.array(z.string()),
  bytes: z.int().nonnegative().optional(),
  sha256: z
    .string()
    .regex(/^[0-9a-f]{64}$/)
    .optional(),
});

function parseMetadata(text: string, path: string): DocumentMetadata & Partial<FileDigest> {
  try {
    return metadataShape.parse(readCheckedJson(text)) as DocumentMetadata & Partial<FileDigest>;
  } catch (error) {
    const found = text === '' ? 'it is empty' : 'its content has changed';
    throw new ReportsError('RAW_METADATA_UNREADABLE', { path, found }, { cause: error });
  }
}
