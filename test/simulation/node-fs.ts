import { type Dirent, readdirSync, readFileSync, statSync } from 'node:fs';
import { posix } from 'node:path';
import { Readable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { type Disk, fileError, type Inode } from './disk.js';
import type { SimulatedProcess } from './process.js';

export interface FileSystemOptions {
  disk: Disk;
  process: SimulatedProcess;
  /** The folder with the program, which is read from the real disk. */
  programFolder: string;
  /** Names of files below `programFolder` that the program may see in a folder. */
  isShown: (name: string) => boolean;
  cwd: string;
}

type PathLike = string | URL;

/** `node:fs` and `node:fs/promises` on a simulated disk, as far as the program uses them. */
export function simulateFileSystem({ disk, process, programFolder, isShown, cwd }: FileSystemOptions) {
  const pathOf = (path: PathLike) => {
    if (path instanceof URL) return fileURLToPath(path);
    const resolved = resolvedPaths.get(path) ?? posix.resolve(cwd, path);
    resolvedPaths.set(path, resolved);
    return resolved;
  };
  const resolvedPaths = new Map<string, string>();
  const isOfProgram = (path: string) => path.startsWith(programFolder);

  /** Does work on a path now. A disk that fails does so for every call. */
  function on<T>(call: string, path: PathLike, work: (path: string) => T): T {
    return process.callSync(`${call} ${path}`, () => checked(call, pathOf(path), work));
  }

  /** The same after the time that a disk takes. */
  function later<T>(call: string, path: PathLike, work: (path: string) => T): Promise<T> {
    return process.call(`${call} ${path}`, latencyMs(call), () => checked(call, pathOf(path), work));
  }

  function checked<T>(call: string, path: string, work: (path: string) => T): T {
    if (disk.failure && !isOfProgram(path)) throw fileError(disk.failure, call, path);
    return work(path);
  }

  function latencyMs(call: string): number {
    const most = call === 'sync' ? 20 : 1;
    return process.random.next() * most;
  }

  const read = (path: string, encoding?: Encoding) => {
    const bytes = isOfProgram(path) ? readProgramFile(path) : Buffer.from(disk.getFile(path, 'open').bytes);
    return textOr(bytes, encoding);
  };

  const stat = (path: string, options: { bigint?: boolean; throwIfNoEntry?: boolean } = {}) => {
    if (isOfProgram(path)) return statSync(path, options);
    const inode = disk.find(path);
    if (!inode && options.throwIfNoEntry === false) return undefined;
    if (!inode) throw fileError('ENOENT', 'stat', path);
    return statsOf(inode, options.bigint ?? false);
  };

  function readFolder(path: string, options: ReadFolderOptions = {}): unknown[] {
    if (isOfProgram(path)) return readProgramFolder(path).filter(({ name }) => isShown(name));
    const list = (folder: string, below: string): { name: string; inode: Inode }[] =>
      [...disk.getEntries(folder, 'scandir')].sort().flatMap(([entry, inode]) => {
        const name = below ? `${below}/${entry}` : entry;
        const isDeep = typeof options === 'object' && options.recursive && inode.entries;
        return [{ name, inode }, ...(isDeep ? list(posix.join(folder, entry), name) : [])];
      });
    const found = list(path, '');
    if (typeof options !== 'object' || !options.withFileTypes) return found.map(({ name }) => name);
    return found.map(({ name, inode }) => ({
      name,
      parentPath: path,
      isFile: () => inode.bytes !== undefined,
      isDirectory: () => inode.entries !== undefined,
      isSymbolicLink: () => false,
    }));
  }

  function open(path: string, flags: string | number = 'r') {
    if (process.openFiles >= process.host.maxOpenFiles) throw fileError('EMFILE', 'open', path);
    const found = disk.find(path);
    if (flags === 'wx' && found) throw fileError('EEXIST', 'open', path);
    if (flags === 'w' && found)
      disk.write(Object.assign(found, { bytes: Buffer.alloc(0) }), Buffer.alloc(0), 0, path);
    const mayMake = flags === 'wx' || flags === 'w' || flags === 'a';
    const inode = found ?? (mayMake ? disk.makeFile(path, 'open') : disk.get(path, 'open'));
    process.openFiles += 1;
    return { inode, path, position: flags === 'a' ? (inode.bytes?.length ?? 0) : 0, isOpen: true };
  }

  type Opened = ReturnType<typeof open>;

  function close(opened: Opened): void {
    if (opened.isOpen) process.openFiles -= 1;
    opened.isOpen = false;
  }

  function append(opened: Opened, data: string | Uint8Array): void {
    const bytes = Buffer.from(data as string);
    disk.write(opened.inode, bytes, opened.position, opened.path);
    opened.position += bytes.length;
  }

  function makeFolder(path: string, { recursive = false }: { recursive?: boolean } = {}): string | undefined {
    if (!recursive) return void disk.makeFolder(path, 'mkdir');
    const found = disk.find(path);
    if (found?.entries) return undefined;
    if (found) throw fileError('EEXIST', 'mkdir', path);
    const first = makeFolder(posix.dirname(path), { recursive });
    disk.makeFolder(path, 'mkdir');
    return first ?? path;
  }

  function remove(path: string, { recursive = false, force = false }: RemoveOptions = {}): void {
    const inode = disk.find(path);
    if (!inode && force) return;
    if (inode?.entries && !recursive) throw fileError('EISDIR', 'rm', path);
    if (inode?.entries)
      for (const name of [...inode.entries.keys()]) remove(posix.join(path, name), { recursive });
    disk.unlink(path, 'rm');
  }

  function writeWhole(path: string, data: string | Uint8Array, { flag = 'w' }: { flag?: string } = {}): void {
    const opened = open(path, flag);
    try {
      append(opened, data);
    } finally {
      close(opened);
    }
  }

  /** One class for all: making its methods for each file would take longer than most calls. */
  class FileHandle {
    constructor(private readonly opened: Opened) {}

    read(buffer: Uint8Array, offset = 0, length = buffer.length - offset, position: number | null = null) {
      const { opened } = this;
      return this.act('read', () => {
        const from = position ?? opened.position;
        const part = (opened.inode.bytes as Buffer).subarray(from, from + length);
        buffer.set(part, offset);
        if (position === null) opened.position += part.length;
        return { bytesRead: part.length, buffer };
      });
    }

    write(data: string | Uint8Array, offset = 0, length?: number, position: number | null = null) {
      const { opened } = this;
      return this.act('write', () => {
        const end = length === undefined ? undefined : offset + length;
        const bytes = Buffer.from(data as string).subarray(offset, end);
        if (position === null) append(opened, bytes);
        else disk.write(opened.inode, bytes, position, opened.path);
        return { bytesWritten: bytes.length, buffer: data };
      });
    }

    writeFile(data: string | Uint8Array) {
      return this.act('write', () => append(this.opened, data));
    }

    appendFile(data: string | Uint8Array) {
      return this.writeFile(data);
    }

    readFile(encoding?: Encoding) {
      return this.act('read', () => textOr(Buffer.from(this.opened.inode.bytes as Buffer), encoding));
    }

    sync() {
      return this.act('sync', () => disk.sync(this.opened.inode));
    }

    datasync() {
      return this.sync();
    }

    stat(options: { bigint?: boolean } = {}) {
      return this.act('fstat', () => statsOf(this.opened.inode, options.bigint ?? false));
    }

    truncate(length = 0) {
      const { inode } = this.opened;
      return this.act('ftruncate', () => {
        inode.bytes = Buffer.from((inode.bytes as Buffer).subarray(0, length));
      });
    }

    async utimes() {}

    async chmod() {}

    close() {
      return process.call(`close ${this.opened.path}`, 0, () => close(this.opened));
    }

    private act<T>(call: string, work: () => T): Promise<T> {
      return later(call, this.opened.path, work);
    }
  }

  function createReadStream(path: PathLike, options: { start?: number; end?: number } = {}): Readable {
    async function* chunks() {
      const bytes = (await later('read', path, (each) => read(each))) as Buffer;
      const end = options.end === undefined ? undefined : options.end + 1;
      const part = bytes.subarray(options.start ?? 0, end);
      if (part.length > 0) yield part;
    }
    return Readable.from(chunks(), { objectMode: false });
  }

  const sync = {
    readFileSync: (path: PathLike, encoding?: Encoding) => on('read', path, (each) => read(each, encoding)),
    statSync: (path: PathLike, options = {}) => on('stat', path, (each) => stat(each, options)),
    existsSync: (path: PathLike) =>
      on('exists', path, (each) => (isOfProgram(each) ? true : disk.find(each) !== undefined)),
    readdirSync: (path: PathLike, options = {}) => on('readdir', path, (each) => readFolder(each, options)),
    openSync: (path: PathLike, flags?: string) => on('open', path, (each) => open(each, flags)),
    writeFileSync: (file: PathLike | Opened, data: string) =>
      isOpened(file)
        ? on('write', file.path, () => append(file, data))
        : on('write', file, (each) => writeWhole(each, data)),
    closeSync: (opened: Opened) => on('close', opened.path, () => close(opened)),
    mkdirSync: (path: PathLike, options = {}) => on('mkdir', path, (each) => makeFolder(each, options)),
    rmSync: (path: PathLike, options = {}) => on('rm', path, (each) => remove(each, options)),
    createReadStream,
    constants: { R_OK: 4, W_OK: 2, COPYFILE_EXCL: 1, COPYFILE_FICLONE: 2 },
  };

  const promises = {
    readFile: (path: PathLike, encoding?: Encoding) => later('read', path, (each) => read(each, encoding)),
    stat: (path: PathLike, options = {}) => later('stat', path, (each) => stat(each, options)),
    readdir: (path: PathLike, options = {}) => later('readdir', path, (each) => readFolder(each, options)),
    open: (path: PathLike, flags?: string) =>
      later('open', path, (each) => new FileHandle(open(each, flags))),
    writeFile: (path: PathLike, data: string, options = {}) =>
      later('write', path, (each) => writeWhole(each, data, options)),
    rename: (from: PathLike, to: PathLike) => later('rename', to, (each) => disk.rename(pathOf(from), each)),
    link: (from: PathLike, to: PathLike) => later('link', to, (each) => disk.link(pathOf(from), each)),
    rm: (path: PathLike, options = {}) => later('rm', path, (each) => remove(each, options)),
    mkdir: (path: PathLike, options = {}) => later('mkdir', path, (each) => makeFolder(each, options)),
    mkdtemp: (beginning: string) =>
      later('mkdir', beginning, (each) => {
        const folder = `${each}${process.random.letters(6)}`;
        makeFolder(folder, { recursive: true });
        return folder;
      }),
    copyFile: (from: PathLike, to: PathLike) =>
      later('copy', to, (each) => writeWhole(each, read(pathOf(from)) as Buffer)),
    utimes: (path: PathLike, _accessed: number, modified: number) =>
      later('utimes', path, (each) => {
        disk.get(each, 'utimes').modifiedMs = modified * 1000;
      }),
    access: (path: PathLike) => later('access', path, (each) => void disk.get(each, 'access')),
    chmod: async () => {},
    opendir: (path: PathLike) =>
      later('opendir', path, (each) => Readable.from(readFolder(each, { withFileTypes: true }))),
    constants: sync.constants,
  };
  return { sync: { ...sync, promises }, promises };
}

type Encoding = BufferEncoding | { encoding?: BufferEncoding } | null;
type ReadFolderOptions = { recursive?: boolean; withFileTypes?: boolean };
type RemoveOptions = { recursive?: boolean; force?: boolean };

function isOpened<T extends { inode: Inode }>(file: PathLike | T): file is T {
  return typeof file === 'object' && 'inode' in file;
}

function textOr(bytes: Buffer, encoding: Encoding | undefined): Buffer | string {
  const name = typeof encoding === 'object' ? encoding?.encoding : encoding;
  return name ? bytes.toString(name) : bytes;
}

/** Files of the program do not change. */
const programFiles = new Map<string, Buffer>();

/** Adds a file to the program's folder, as the program sees it. */
export function addProgramFile(path: string, text: string): void {
  programFiles.set(path, Buffer.from(text));
}

function readProgramFile(path: string): Buffer {
  const bytes = programFiles.get(path) ?? readFileSync(path);
  programFiles.set(path, bytes);
  return bytes;
}

const programFolders = new Map<string, Dirent[]>();

function readProgramFolder(path: string): Dirent[] {
  const entries = programFolders.get(path) ?? readdirSync(path, { withFileTypes: true });
  programFolders.set(path, entries);
  return entries;
}

function statsOf(inode: Inode, isBigint: boolean) {
  const number = isBigint ? (of: number) => BigInt(Math.floor(of)) : (of: number) => of;
  const { modifiedMs } = inode;
  return {
    ino: number(inode.number),
    size: number(inode.bytes?.length ?? 0),
    mtimeMs: number(modifiedMs),
    mode: number(0o600),
    get mtimeNs() {
      return BigInt(Math.floor(modifiedMs * 1e6));
    },
    get mtime() {
      return new Date(modifiedMs);
    },
    isFile: () => inode.bytes !== undefined,
    isDirectory: () => inode.entries !== undefined,
    isSymbolicLink: () => false,
  };
}
