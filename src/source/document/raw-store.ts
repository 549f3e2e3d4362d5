import { createHash } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import { mkdir, readdir, readFile, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { ReportsError } from '../../errors.js';
import { safeName } from '../../safe-name.js';
import { nameWholeFile, writeError, writeWholeFile } from '../../whole-file.js';
import type { DocumentFacts, RawDocument } from '../types.js';

/**
 * Where a raw document is: `<raw>/<seller>/<report type>/<document>`, with what Amazon said of it beside in `<document>.json`. A file
 * under that name is whole, and its facts are there.
 */
export function rawPath(
  rawFolder: string,
  { sellerId, reportType, documentId }: Pick<DocumentFacts, 'sellerId' | 'reportType' | 'documentId'>,
): string {
  return join(rawFolder, safeName(sellerId), safeName(reportType), safeName(documentId));
}

/** The raw document, where it was downloaded before. */
export async function findRaw(
  rawFolder: string,
  id: Pick<DocumentFacts, 'sellerId' | 'reportType' | 'documentId'>,
): Promise<RawDocument | undefined> {
  return readRaw(rawPath(rawFolder, id));
}

/** All raw documents of a folder. */
export async function* listRaw(rawFolder: string): AsyncGenerator<RawDocument> {
  const names = await readdir(rawFolder, { recursive: true }).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return [];
    throw error;
  });
  const ending = '.json';
  for (const name of names.filter((each) => each.endsWith(ending) && !each.endsWith('.part.json')).sort()) {
    const raw = await readRaw(join(rawFolder, name.slice(0, -ending.length)));
    if (raw) yield raw;
  }
}

/** Gives downloaded bytes their final name, the facts first. */
export async function keepRaw(partial: string, path: string, facts: DocumentFacts): Promise<RawDocument> {
  await writeWholeFile(`${path}.json`, `${JSON.stringify(facts, null, 2)}\n`);
  await nameWholeFile(partial, path);
  const { size } = await stat(path);
  return { facts, path, bytes: size };
}

/**
 * Copies a file from disk into raw. Its document id is `file-` and a hash of its bytes, so the same bytes are the same document.
 * Errors: FILE_UNREADABLE, DISK_FULL.
 */
export async function keepFile(
  rawFolder: string,
  file: string,
  facts: Omit<DocumentFacts, 'documentId'>,
): Promise<RawDocument> {
  const folder = dirname(rawPath(rawFolder, { ...facts, documentId: 'file' }));
  await mkdir(folder, { recursive: true });
  const partial = join(folder, `file.${process.pid}.part`);
  const hash = createHash('sha256');
  const hashing = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      hash.update(chunk);
      done(null, chunk);
    },
  });
  try {
    await pipeline(createReadStream(file), hashing, createWriteStream(partial));
  } catch (error) {
    const { code, path, message } = error as NodeJS.ErrnoException;
    if (path === partial || code === 'ENOSPC') throw writeError(error, partial);
    throw new ReportsError('FILE_UNREADABLE', { path: file, found: code ?? message }, { cause: error });
  }
  const hashDigits = 32;
  const documentId = `file-${hash.digest('hex').slice(0, hashDigits)}`;
  const whole = { ...facts, documentId };
  return keepRaw(partial, rawPath(rawFolder, whole), whole);
}

async function readRaw(path: string): Promise<RawDocument | undefined> {
  try {
    const { size } = await stat(path);
    return { facts: JSON.parse(await readFile(`${path}.json`, 'utf8')) as DocumentFacts, path, bytes: size };
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}
