import { createHash } from 'node:crypto';
import { type FileHandle, open } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { knownError, ReportsError } from '../../errors.js';
import { faultPoint } from '../../fault-point.js';
import { safeName } from '../../files/safe-name.js';
import type { Store } from '../../store/types.js';
import {
  dropPartial,
  nameWholeFile,
  openPartial,
  partialName,
  writeWholeFile,
} from '../../files/whole-file.js';
import type { DocumentFacts, RawDocument } from '../types.js';

/** What says which raw document is meant. */
export type RawId = Pick<DocumentFacts, 'sellerId' | 'reportType' | 'documentId'>;

/**
 * Where a raw document is: `<raw>/<seller>/<report type>/<document>`, with what Amazon said of it beside in `<document>.json`. A file
 * under that name is whole, its bytes never change, and its facts are there.
 */
export function rawPath(rawFolder: string, { sellerId, reportType, documentId }: RawId): string {
  // An id that ends like a file beside the bytes must not be taken for one.
  const name = safeName(documentId).replace(/\.(json|part|lock)$/i, '%2E$1');
  return join(rawFolder, safeName(sellerId), safeName(reportType), name);
}

/** The raw document, where it was kept before. */
export async function findRaw(store: Store, id: RawId): Promise<RawDocument | undefined> {
  return readRaw(store, rawPath(store.folder, id));
}

/** Documents asked for at once: those of a bucket take a while each, and there are many. */
const readsAtOnce = 16;

/** The raw documents of a store, in the order of their paths, but those at paths that are known. */
export async function* listRaw(store: Store, known = new Set<string>()): AsyncGenerator<RawDocument> {
  const ending = '.json';
  const paths = (await store.list())
    .filter((each) => each.endsWith(ending) && !each.endsWith('.part.json'))
    .map((each) => each.slice(0, -ending.length))
    .filter((path) => !known.has(path));
  for (let start = 0; start < paths.length; start += readsAtOnce) {
    const together = paths.slice(start, start + readsAtOnce);
    for (const raw of await Promise.all(together.map((path) => readRaw(store, path)))) if (raw) yield raw;
  }
}

/** Takes a raw document away, and then what is known of it. One that is not there is gone already. */
export async function removeRaw(store: Store, path: string): Promise<void> {
  await store.remove(path);
  await store.remove(`${path}.json`);
}

/** Does work with the bytes of a raw document at its path. Errors: DOCUMENT_BUSY where somebody has taken them away meanwhile. */
export async function withBytes<T>(
  raw: RawDocument,
  store: Store,
  signal: AbortSignal | undefined,
  work: () => Promise<T>,
): Promise<T> {
  const { path, facts } = raw;
  if (!(await store.fetch(path, signal))) {
    const found = `${store.nameOf(path)} was taken away meanwhile`;
    throw new ReportsError('DOCUMENT_BUSY', { documentId: facts.documentId, found });
  }
  try {
    return await work();
  } finally {
    await store.letGo(path);
  }
}

/** Keeps bytes under their final name, the facts first. `file` is the handle that wrote them. */
export async function keepRaw(
  file: FileHandle,
  { partial, path, store, signal }: { partial: string; path: string; store: Store; signal?: AbortSignal },
  facts: DocumentFacts,
): Promise<RawDocument> {
  await writeWholeFile(`${path}.json`, `${JSON.stringify(facts, null, 2)}\n`);
  await store.keep(`${path}.json`);
  await store.keep(path, { from: partial, ...(signal && { signal }) });
  faultPoint('raw-kept');
  await nameWholeFile(file, partial, path);
  await store.letGo(`${path}.json`);
  return { facts, path, bytes: (await file.stat()).size };
}

/**
 * Copies a file from disk into the raw documents. Its document id is `file-` and a hash of its bytes, so the same bytes are the same document. Where
 * nobody says when the report was created, that is when the file was last written.
 * Errors: FILE_UNREADABLE, DISK_FULL, FILE_SYSTEM_FAILED.
 */
export async function keepFile(
  store: Store,
  path: string,
  facts: Omit<DocumentFacts, 'documentId'>,
): Promise<RawDocument> {
  const source = await open(path).catch((error: unknown) => {
    throw unreadable(error, path);
  });
  const partial = partialName(rawPath(store.folder, { ...facts, documentId: basename(path) }));
  try {
    const file = await openPartial(partial);
    try {
      const documentId = `file-${await copy(source, path, file)}`;
      const reportCreatedAt = (await source.stat()).mtime.toISOString();
      const whole = { reportCreatedAt, ...facts, documentId };
      return await keepRaw(file, { partial, path: rawPath(store.folder, whole), store }, whole);
    } finally {
      // Once named there is nothing left to drop.
      await dropPartial(file, partial);
    }
  } catch (error) {
    throw knownError(error, partial);
  } finally {
    await source.close();
  }
}

/** Copies the bytes and gives a hash of them. */
async function copy(source: FileHandle, path: string, target: FileHandle): Promise<string> {
  const hash = createHash('sha256');
  const buffer = Buffer.alloc(256 * 1024);
  for (;;) {
    const { bytesRead } = await source.read(buffer, 0, buffer.length, null).catch((error: unknown) => {
      throw unreadable(error, path);
    });
    if (bytesRead === 0) break;
    const bytes = buffer.subarray(0, bytesRead);
    hash.update(bytes);
    await target.writeFile(bytes);
  }
  const hashDigits = 32;
  return hash.digest('hex').slice(0, hashDigits);
}

function unreadable(error: unknown, path: string): ReportsError {
  const { code, message } = error as NodeJS.ErrnoException;
  return new ReportsError(
    'FILE_UNREADABLE',
    { path, found: code === 'ENOENT' ? 'there is no such file' : (code ?? message) },
    { cause: error },
  );
}

async function readRaw(store: Store, path: string): Promise<RawDocument | undefined> {
  const found = await store.find(path);
  const facts = found && (await store.read(`${path}.json`));
  if (facts === undefined) return undefined;
  return { facts: JSON.parse(facts) as DocumentFacts, path, bytes: found?.bytes ?? 0 };
}
