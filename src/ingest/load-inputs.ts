import { createWriteStream } from 'node:fs';
import { readdir, stat } from 'node:fs/promises';
import { basename, dirname, join, relative, resolve, sep } from 'node:path';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { glob, isDynamicPattern } from 'tinyglobby';
import { ReportsError } from '../errors/reports-error.js';
import { entriesOf, isArchive } from './zip-inputs.js';

/** A document to load: a file, an entry of an archive, or standard input. */
export interface LoadInput {
  /** As shown to the user. */
  name: string;
  /** Identifies it to the crash journal and in messages: an absolute path. */
  key: string;
  /** Names that may state its report type and its marketplace, the nearest to it first. */
  describedBy: string[];
  /** Returns the path of its bytes on this machine. Errors: FILE_UNREADABLE, ARCHIVE_UNREADABLE. */
  open(): Promise<string>;
  /** Removes what `open` copied, as soon as the input is finished. */
  close?(): Promise<void>;
}

export interface FindInputsOptions {
  cwd: string;
  maxDocumentBytes: number;
  /** Returns standard input; undefined if there is none. */
  stdin?: () => Readable;
  /** A name for the document on standard input. */
  stdinName?: string;
  /** Returns a folder for copies, which is made when it is needed. */
  scratch(): Promise<string>;
}

/**
 * Finds the documents that arguments name: files, the files in folders and in zip archives, those
 * that match a pattern, and standard input for `-`. Sorted by name within an argument. An argument
 * that names nothing is an input that cannot be opened, so that the others are loaded.
 */
export async function findInputs(args: string[], options: FindInputsOptions): Promise<LoadInput[]> {
  const inputs: LoadInput[] = [];
  for (const arg of args) {
    const found = inputsOf(arg, options).catch((error: NodeJS.ErrnoException) => {
      // A folder that this user may not read, for example.
      return [notThere(arg, resolve(options.cwd, arg), error.code ?? error.message)];
    });
    inputs.push(...(await found));
  }
  const known = new Set<string>();
  // A folder and a pattern may name the same file.
  return inputs.filter(({ key }) => !known.has(key) && known.add(key));
}

/** A file on disk as an input; `shown` is its path as the user gave it. */
export function fileInput(path: string, shown = path): LoadInput {
  return { name: shown, key: path, describedBy: describingNames(path), open: async () => path };
}

async function inputsOf(arg: string, options: FindInputsOptions): Promise<LoadInput[]> {
  const { cwd } = options;
  if (arg === '-') return [standardInput(options)];
  const path = resolve(cwd, arg);
  const found = await stat(path).catch(() => undefined);
  if (found?.isDirectory()) {
    const paths = await filesIn(path);
    if (paths.length === 0) return [notThere(arg, path, 'the folder has no files')];
    const shown = (each: string) => join(arg, relative(path, each));
    return flat(paths, (each) => fileInputs(each, shown(each), options));
  }
  if (!found && isDynamicPattern(arg)) {
    // Windows has no other use for a backslash than as a separator.
    const pattern = sep === '\\' ? arg.replaceAll('\\', '/') : arg;
    const matches = await glob(pattern, { cwd, onlyFiles: true, expandDirectories: false });
    if (matches.length === 0) return [notThere(arg, path, 'no file matches')];
    return flat(matches.sort(), (each) => fileInputs(resolve(cwd, each), each, options));
  }
  return fileInputs(path, arg, options);
}

/** Copies standard input to a file, because documents are read more than once. */
function standardInput({ stdin, stdinName, scratch, maxDocumentBytes }: FindInputsOptions): LoadInput {
  const name = stdinName ?? 'standard input';
  let copied: Promise<string> | undefined;
  const copy = async () => {
    if (!stdin) throw new ReportsError('FILE_UNREADABLE', { path: name, found: 'there is no input' });
    const path = join(await scratch(), 'stdin');
    let bytes = 0;
    await pipeline(
      stdin(),
      async function* (chunks: AsyncIterable<Buffer>) {
        for await (const chunk of chunks) {
          bytes += chunk.length;
          const limits = { documentId: name, found: bytes, limit: maxDocumentBytes };
          if (bytes > maxDocumentBytes) throw new ReportsError('DOCUMENT_TOO_LARGE', limits);
          yield chunk;
        }
      },
      createWriteStream(path),
    );
    if (bytes === 0) throw new ReportsError('FILE_UNREADABLE', { path: name, found: 'it is empty' });
    return path;
  };
  return {
    name,
    key: `- ${name}`,
    describedBy: stdinName === undefined ? [] : describingNames(stdinName),
    open: () => {
      copied ??= copy();
      return copied;
    },
  };
}

/** The file itself, or the entries of an archive. */
async function fileInputs(
  path: string,
  shown: string,
  { scratch, maxDocumentBytes }: FindInputsOptions,
): Promise<LoadInput[]> {
  if (!(await isArchive(path))) return [fileInput(path, shown)];
  const open = { scratch, maxEntryBytes: maxDocumentBytes };
  const entries = await entriesOf(path, open).catch((error: unknown) => error);
  if (!Array.isArray(entries)) {
    const fail = () => Promise.reject(entries);
    return [{ name: shown, key: path, describedBy: [], open: fail }];
  }
  return entries.map(({ name, ...entry }) => ({
    name: `${shown}/${name}`,
    key: `${path}/${name}`,
    describedBy: [...describingNames(name), ...describingNames(path)],
    ...entry,
  }));
}

/** The name of a file, then that of its folder. */
function describingNames(path: string): string[] {
  const folder = basename(dirname(path));
  return [basename(path), ...(folder && folder !== '.' ? [folder] : [])];
}

/** Like `ls`, without hidden files. Does not follow links to folders, which may lead back. */
async function filesIn(folder: string): Promise<string[]> {
  const found: string[] = [];
  const entries = await readdir(folder, { withFileTypes: true });
  for (const entry of entries.sort((a, b) => (a.name < b.name ? -1 : 1))) {
    const path = join(folder, entry.name);
    if (entry.name.startsWith('.')) continue;
    if (entry.isDirectory()) found.push(...(await filesIn(path)));
    else if (entry.isFile() || (entry.isSymbolicLink() && (await isFile(path)))) found.push(path);
  }
  return found;
}

async function isFile(path: string): Promise<boolean> {
  return (await stat(path).catch(() => undefined))?.isFile() ?? false;
}

function notThere(arg: string, path: string, found: string): LoadInput {
  const open = () => Promise.reject(new ReportsError('FILE_UNREADABLE', { path, found }));
  return { name: arg, key: path, describedBy: [], open };
}

/** One after the other: a folder may have more files than a process may open. */
async function flat(names: string[], inputsOf: (name: string) => Promise<LoadInput[]>): Promise<LoadInput[]> {
  const inputs: LoadInput[] = [];
  for (const name of names) inputs.push(...(await inputsOf(name)));
  return inputs;
}
