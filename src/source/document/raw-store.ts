import { createHash } from 'node:crypto';
import { readFileSync, statSync } from 'node:fs';
import { type FileHandle, open, readdir, rm } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { ReportsError } from '../../errors.js';
import { safeName } from '../../safe-name.js';
import {
  dropPartial,
  nameWholeFile,
  openPartial,
  partialName,
  writeError,
  writeWholeFile,
} from '../../whole-file.js';
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
export async function findRaw(rawFolder: string, id: RawId): Promise<RawDocument | undefined> {
  return readRaw(rawPath(rawFolder, id));
}

/** All raw documents of a folder, in the order of their paths. */
export async function* listRaw(rawFolder: string): AsyncGenerator<RawDocument> {
  const names = await readdir(rawFolder, { recursive: true }).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return [];
    throw error;
  });
  const ending = '.json';
  for (const name of names.filter((each) => each.endsWith(ending) && !each.endsWith('.part.json')).sort()) {
    const raw = readRaw(join(rawFolder, name.slice(0, -ending.length)));
    if (raw) yield raw;
  }
}

/** Takes a raw document away, and then what is known of it. One that is not there is gone already. */
export async function removeRaw(path: string): Promise<void> {
  await rm(path, { force: true });
  await rm(`${path}.json`, { force: true });
}

/** Gives downloaded bytes their final name, the facts first. `file` is the handle that wrote them. */
export async function keepRaw(
  file: FileHandle,
  partial: string,
  path: string,
  facts: DocumentFacts,
): Promise<RawDocument> {
  await writeWholeFile(`${path}.json`, `${JSON.stringify(facts, null, 2)}\n`);
  await nameWholeFile(file, partial, path);
  return { facts, path, bytes: (await file.stat()).size };
}

/**
 * Copies a file from disk into raw. Its document id is `file-` and a hash of its bytes, so the same bytes are the same document. Where
 * nobody says when the report was created, that is when the file was last written.
 * Errors: FILE_UNREADABLE, DISK_FULL.
 */
export async function keepFile(
  rawFolder: string,
  path: string,
  facts: Omit<DocumentFacts, 'documentId'>,
): Promise<RawDocument> {
  const source = await open(path).catch((error: unknown) => {
    throw unreadable(error, path);
  });
  const partial = partialName(rawPath(rawFolder, { ...facts, documentId: basename(path) }));
  try {
    const file = await openPartial(partial);
    try {
      const documentId = `file-${await copy(source, path, file)}`;
      const reportCreatedAt = (await source.stat()).mtime.toISOString();
      const whole = { reportCreatedAt, ...facts, documentId };
      return await keepRaw(file, partial, rawPath(rawFolder, whole), whole);
    } finally {
      // Once named there is nothing left to drop.
      await dropPartial(file, partial);
    }
  } catch (error) {
    throw writeError(error, partial);
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

/** Its facts are few bytes, which are read sooner than another thread takes them. */
function readRaw(path: string): RawDocument | undefined {
  try {
    const { size } = statSync(path);
    return { facts: JSON.parse(readFileSync(`${path}.json`, 'utf8')) as DocumentFacts, path, bytes: size };
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}
