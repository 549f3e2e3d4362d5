import { type FileHandle, open, readFile, rm, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { knownError, ReportsError } from '../../errors/reports-error.js';
import { bootId } from '../../runtime/boot-id.js';
import { type Clock, systemClock } from '../../runtime/clock.js';
import { exponentialBackoff, retry } from '../../runtime/retry.js';
import { faultPoint } from '../../runtime/fault-point.js';
import { type FileLock, takeLock } from '../../files/file-lock.js';
import type { Store } from '../../store/types.js';
import { readDigest, RunningDigest } from '../../files/file-digest.js';
import { makeFolder, openPartial, writeWholeFile } from '../../files/whole-file.js';
import type { DocumentMetadata, DocumentLocation, RawDocument } from '../types.js';
import { type DocumentResponse, get, type Pace } from './get.js';
import { findRaw, keepRaw, rawPath } from './raw-store.js';

export interface DownloadOptions {
  store: Store;
  metadata: DocumentMetadata;
  /** The stored copy is damaged and is replaced. */
  again?: boolean;
  /** Gets a presigned URL from Amazon. Called again when the last one has expired. */
  locate: () => Promise<DocumentLocation>;
  signal?: AbortSignal;
  /** Called with the number of bytes as they arrive. */
  onBytes?: (bytes: number) => void;
  /** A connection without data for this long is broken. */
  idleTimeoutMs?: number;
  /**
   * A connection with fewer bytes than this is broken, and its bytes do not count as progress.
   * Default: 100,000 bytes a minute.
   */
  pace?: Pace;
  /** The first pause between two tries. Each further pause is twice as long. */
  pauseMs?: number;
  clock?: Clock;
}

/** Attempts in a row without progress, or with next to none. */
const maxAttemptsWithoutProgress = 5;

const minPace: Pace = { bytes: 100_000, withinMs: 60_000 };

/**
 * Downloads a document into the raw store, exactly as Amazon sends it. Resumes a broken connection
 * where it stopped, even one of an earlier process since the machine was started, and replaces an
 * expired URL. Returns a copy
 * that another process has stored meanwhile. Errors: DOCUMENT_BUSY if another process, or another
 * call of this one, is downloading it; DOWNLOAD_UNAVAILABLE if the host of the documents is down or
 * unreachable; DOWNLOAD_FAILED, API_NOT_FOUND, DISK_FULL, FILE_SYSTEM_FAILED,
 * RAW_METADATA_UNREADABLE, those of `locate`. None of them contains the URL.
 */
export async function downloadDocument(options: DownloadOptions): Promise<RawDocument> {
  const { store, metadata } = options;
  const path = rawPath(store.folder, metadata);
  const begun = rawPath(store.unfinished, metadata);
  try {
    const lock = await takeLock(`${begun}.lock`);
    if (!lock) throw busy(options, 'another process is downloading it');
    try {
      const kept = options.again ? undefined : await findRaw(store, metadata);
      return kept ?? (await downloadLocked(path, `${begun}.part`, lock, options));
    } finally {
      await lock.release();
    }
  } catch (error) {
    throw knownError(error, path);
  }
}

async function downloadLocked(
  path: string,
  partial: string,
  lock: FileLock,
  options: DownloadOptions,
): Promise<RawDocument> {
  const { store, signal } = options;
  const part = { path: partial, digest: new RunningDigest() };
  const { contentType, compression, totalBytes } = await fetchAll(part, options);
  faultPoint('bytes-whole');
  const file = await open(partial, 'r+');
  try {
    // The machine slept for long: the lock looked abandoned, and another process may have started
    // the part again.
    const { size } = await file.stat();
    if (!(await lock.isHeld()) || (totalBytes !== undefined && size !== totalBytes)) {
      throw busy(options, 'another process has taken it over');
    }
    await catchUp(part, size);
    await makeFolder(dirname(path));
    const raw = await keepRaw(
      file,
      { partial, path, store, signal },
      {
        ...options.metadata,
        contentType,
        compression,
      },
      part.digest.digest(),
    );
    await rm(versionPath(partial), { force: true });
    return raw;
  } finally {
    await file.close();
  }
}

function busy({ metadata }: DownloadOptions, found: string): ReportsError {
  return new ReportsError('DOCUMENT_BUSY', { documentId: metadata.documentId, found });
}

/**
 * Which version of the document a part belongs to, stored beside it. The bytes of two versions are
 * never joined.
 */
interface Version {
  etag?: string;
  totalBytes?: number;
  contentType?: string;
  compression?: 'GZIP';
  /** Where its bytes were written. They are not synced, so a power cut may leave zeros of them. */
  boot?: string;
}

/** The metadata of a part on disk. */
interface Begun {
  version: Version;
  bytes: number;
}

/** The part, and the digest of its bytes as they are written. */
interface Part {
  path: string;
  digest: RunningDigest;
}

/** The part of an earlier process is read once. */
async function catchUp(part: Part, bytes: number): Promise<void> {
  if (part.digest.bytes !== bytes) part.digest = await readDigest(part.path);
}

type Step = { bytes: number } & (
  | { state: 'whole'; version: Version }
  /** `unavailable`: the host is at fault, and would be for every document. */
  | { state: 'expired' | 'broken' | 'unavailable'; found: string }
);

/** Downloads until all bytes are in the part. Counts only attempts without progress. */
async function fetchAll(part: Part, options: DownloadOptions): Promise<Version> {
  const { metadata, locate, signal, pauseMs = 500, pace = minPace, clock = systemClock } = options;
  let location: DocumentLocation | undefined;
  let maxBytes = 0;
  let isFurther = false;
  let isOutage = false;
  const attempt = async (): Promise<Step> => {
    const begun = await readBegun(part.path);
    // An earlier process ended between the last byte and the rename to the final name.
    if (begun.bytes > 0 && begun.bytes === begun.version.totalBytes) {
      return { state: 'whole', bytes: begun.bytes, version: begun.version };
    }
    maxBytes = Math.max(maxBytes, begun.bytes);
    location ??= await locate();
    const startedMs = clock.now();
    const step = await fetchRest(location, part, begun, { ...options, pace });
    if (step.state === 'expired') location = undefined;
    // Without this limit, a server that starts over each time, or sends only a few bytes, would be
    // called forever.
    const expectedBytes = ((clock.now() - startedMs + pauseMs) / pace.withinMs) * pace.bytes;
    isFurther = step.bytes - maxBytes > expectedBytes;
    // If an outage had part in the failure, it says nothing about the document.
    isOutage = step.state === 'unavailable' || (isOutage && !isFurther);
    return step;
  };
  const step = await retry(attempt, {
    maxAttempts: maxAttemptsWithoutProgress,
    backoffMs: exponentialBackoff({ firstMs: pauseMs }),
    isUnfinished: ({ state }) => state !== 'whole',
    madeProgress: () => isFurther,
    signal,
    clock,
  });
  if (step.state === 'whole') return step.version;
  const code = isOutage ? 'DOWNLOAD_UNAVAILABLE' : 'DOWNLOAD_FAILED';
  throw new ReportsError(code, { documentId: metadata.documentId, found: step.found });
}

/** Requests the missing bytes and appends them to the part. */
async function fetchRest(
  location: DocumentLocation,
  part: Part,
  begun: Begun,
  options: DownloadOptions,
): Promise<Step> {
  const { metadata } = options;
  const { etag } = begun.version;
  if (isReadableOnTheWay(location.url)) {
    const { documentId } = metadata;
    throw new ReportsError('DOWNLOAD_FAILED', { documentId, found: 'its URL is not https' });
  }
  const answer = await get(location.url, {
    ...options,
    resume: begun.bytes > 0 && etag ? { bytes: begun.bytes, etag } : undefined,
  });
  const { status } = answer;
  if (status === 200 && /^text\/html\b/i.test(answer.contentType ?? '')) {
    answer.close();
    return {
      state: 'broken',
      bytes: 0,
      found: 'got a web page instead of the document, possibly from a proxy',
    };
  }
  if (status === 200) return save(answer, part, location, undefined, options);
  if (status === 206 && fits(answer, begun)) return save(answer, part, location, begun, options);
  answer.close();
  if (status === 404 || status === 410) {
    const { documentId: thing, sellerId } = metadata;
    throw new ReportsError('API_NOT_FOUND', {
      operation: 'download',
      thing,
      sellerId,
      found: String(status),
    });
  }
  if (status === 206 || status === 416) {
    await rm(part.path, { force: true });
    return { state: 'broken', bytes: 0, found: 'the part downloaded earlier does not match the document' };
  }
  if (status === undefined) return { state: 'unavailable', bytes: 0, found: answer.failure() ?? 'no answer' };
  return { state: stateOf(status), bytes: 0, found: `the download was answered with status ${status}` };
}

/**
 * Whether others on the network could read the document and the URL. A sandbox on this machine may
 * work without https.
 */
function isReadableOnTheWay(url: string): boolean {
  const parsed = URL.canParse(url) ? new URL(url) : undefined;
  return (
    parsed?.protocol === 'http:' &&
    !/^(localhost|([\w-]+\.)+localhost|127(\.\d+){3}|\[::1\])$/.test(parsed.hostname)
  );
}

function stateOf(status: number): 'expired' | 'broken' | 'unavailable' {
  if (status === 401 || status === 403) return 'expired';
  return status === 429 || status >= 500 ? 'unavailable' : 'broken';
}

/**
 * Whether the bytes of a 206 continue where the part stops, in the same version of the document.
 */
function fits(answer: DocumentResponse, { version, bytes }: Begun): boolean {
  const sameVersion = answer.etag === undefined || answer.etag === version.etag;
  const sameLength = version.totalBytes === undefined || answer.totalBytes === version.totalBytes;
  return answer.start === bytes && sameVersion && sameLength;
}

/** Appends the bytes of an answer to the part `begun`, and returns whether the part is complete. */
async function save(
  answer: DocumentResponse,
  part: Part,
  location: DocumentLocation,
  begun: Begun | undefined,
  { onBytes }: DownloadOptions,
): Promise<Step> {
  const version = begun?.version ?? versionOf(answer, location);
  let bytes = begun?.bytes ?? 0;
  try {
    if (begun) await catchUp(part, begun.bytes);
    else part.digest = new RunningDigest();
    const file = begun ? await open(part.path, 'r+') : await beginPart(part.path, version);
    try {
      for await (const chunk of answer.body()) {
        await writeAt(file, chunk, bytes);
        part.digest.add(chunk);
        bytes += chunk.length;
        faultPoint('bytes-begun');
        onBytes?.(chunk.length);
      }
    } finally {
      await file.close();
    }
  } finally {
    // Also if there is no part to write to: an open connection keeps the process alive.
    answer.close();
  }
  const found = answer.failure();
  if (found) return { state: answer.isTooSlow() ? 'unavailable' : 'broken', bytes, found };
  const { totalBytes } = answer;
  if (totalBytes !== undefined && totalBytes !== bytes) {
    return { state: 'broken', bytes, found: `the connection ended after ${bytes} of ${totalBytes} bytes` };
  }
  return { state: 'whole', bytes, version };
}

function versionOf(
  { etag, totalBytes, contentType }: DocumentResponse,
  { compression }: DocumentLocation,
): Version {
  return {
    etag,
    totalBytes,
    contentType,
    compression,
    boot: bootId(),
  };
}

/**
 * The old bytes are removed before the new version is recorded: a crash in between never joins the
 * two.
 */
async function beginPart(partial: string, version: Version): Promise<FileHandle> {
  await rm(partial, { force: true });
  await writeWholeFile(versionPath(partial), JSON.stringify(version));
  return openPartial(partial);
}

/** At its position: a handle for reading and writing starts at the first byte. */
async function writeAt(file: FileHandle, chunk: Buffer, position: number): Promise<void> {
  let written = 0;
  while (written < chunk.length) {
    written += (await file.write(chunk, written, chunk.length - written, position + written)).bytesWritten;
  }
}

async function readBegun(partial: string): Promise<Begun> {
  try {
    const { size: bytes } = await stat(partial);
    const version = JSON.parse(await readFile(versionPath(partial), 'utf8')) as Version;
    if (version.boot === bootId()) return { version, bytes };
  } catch {
    // No part, or one without metadata.
  }
  // Start at the first byte.
  return { version: {}, bytes: 0 };
}

function versionPath(partial: string): string {
  return `${partial}.json`;
}
