import { posix } from 'node:path';
import type { Random } from '../../src/sandbox/random.js';

/** A file or folder of a simulated disk. */
export interface Inode {
  number: number;
  modifiedMs: number;
  /** Undefined for a folder. */
  bytes?: Buffer;
  /** The bytes of the last sync; undefined if there was none. */
  synced?: Buffer;
  /** Undefined for a file. */
  entries?: Map<string, Inode>;
}

/** Names that come and go together, as a rename does. */
interface NameChange {
  atMs: number;
  names: { folder: Inode; name: string; before: Inode | undefined }[];
}

/** A system writes by itself what has not changed for so long. */
const writeBackMs = 60_000;

/** An error as `node:fs` throws it. */
export function fileError(code: string, call: string, path: string): NodeJS.ErrnoException {
  const { stackTraceLimit } = Error;
  // The program expects most of them, and taking a stack is slow.
  Error.stackTraceLimit = 0;
  const error = new Error(`${code}: simulated, ${call} '${path}'`);
  Error.stackTraceLimit = stackTraceLimit;
  return Object.assign(error, { code, syscall: call, path });
}

/**
 * A disk as POSIX describes it. What was not synced may be lost in a power cut: the bytes of files,
 * and the names in folders, each in any order. A rename is lost as a whole or not at all.
 */
export class Disk {
  /** No file can grow while it is full. */
  isFull = false;
  /** Any use of it fails with this code, for example EIO. */
  failure: string | undefined;

  private numbers = 1;
  private root: Inode = this.makeInode({ entries: new Map() }, 0);
  private unsyncedNames: NameChange[] = [];

  constructor(private readonly now: () => number) {}

  find(path: string): Inode | undefined {
    let found: Inode | undefined = this.root;
    for (let at = 0; at < path.length && found; ) {
      const slash = path.indexOf('/', at);
      const end = slash < 0 ? path.length : slash;
      if (end > at) found = found.entries?.get(path.slice(at, end));
      at = end + 1;
    }
    return found;
  }

  get(path: string, call: string): Inode {
    const found = this.find(path);
    if (!found) throw fileError('ENOENT', call, path);
    return found;
  }

  getFile(path: string, call: string): Inode & { bytes: Buffer } {
    const found = this.get(path, call);
    if (!found.bytes) throw fileError('EISDIR', call, path);
    return found as Inode & { bytes: Buffer };
  }

  getEntries(path: string, call: string): Map<string, Inode> {
    const { entries } = this.get(path, call);
    if (!entries) throw fileError('ENOTDIR', call, path);
    return entries;
  }

  makeFile(path: string, call: string): Inode & { bytes: Buffer } {
    if (this.isFull) throw fileError('ENOSPC', call, path);
    const inode = this.makeInode({ bytes: Buffer.alloc(0) }, this.now());
    this.change(call, [path, inode]);
    return inode as Inode & { bytes: Buffer };
  }

  makeFolder(path: string, call: string): void {
    if (this.find(path)) throw fileError('EEXIST', call, path);
    if (this.isFull) throw fileError('ENOSPC', call, path);
    this.change(call, [path, this.makeInode({ entries: new Map() }, this.now())]);
  }

  rename(from: string, to: string): void {
    const inode = this.get(from, 'rename');
    const there = this.find(to);
    if (there === inode) return;
    if (there?.entries && there.entries.size > 0) throw fileError('ENOTEMPTY', 'rename', to);
    this.change('rename', [from, undefined], [to, inode]);
  }

  link(from: string, to: string): void {
    if (this.find(to)) throw fileError('EEXIST', 'link', to);
    this.change('link', [to, this.get(from, 'link')]);
  }

  unlink(path: string, call: string): void {
    this.get(path, call);
    this.change(call, [path, undefined]);
  }

  write(inode: Inode, bytes: Uint8Array, position: number, path: string): void {
    if (this.isFull) throw fileError('ENOSPC', 'write', path);
    const before = inode.bytes as Buffer;
    const after = Buffer.alloc(Math.max(before.length, position + bytes.length));
    before.copy(after);
    after.set(bytes, position);
    inode.bytes = after;
    inode.modifiedMs = this.now();
  }

  /** The bytes of a file, or the names in a folder, survive a power cut from now on. */
  sync(inode: Inode): void {
    // Writes replace the buffer, so this one stays as it is.
    if (inode.bytes) inode.synced = inode.bytes;
    else
      this.unsyncedNames = this.unsyncedNames.filter(
        (change) => !change.names.some((each) => each.folder === inode),
      );
  }

  /** Everything survives from now on. */
  syncAll(): void {
    this.unsyncedNames = [];
    for (const [, inode] of this.walk()) if (inode.bytes) inode.synced = inode.bytes;
  }

  /**
   * What was not synced is lost, or only a part of it arrives. Returns the paths of damaged files.
   */
  cutPower(random: Random): string[] {
    const isWritten = (atMs: number) => this.now() - atMs > writeBackMs;
    // A change that is lost takes the later ones of its names with it.
    const lostNames = new Map<Inode, Set<string>>();
    const lost: NameChange[] = [];
    for (const change of this.unsyncedNames) {
      const { atMs, names } = change;
      const isAfterLost = names.some(({ folder, name }) => lostNames.get(folder)?.has(name));
      if (!isAfterLost && (isWritten(atMs) || random.chance(0.5))) continue;
      for (const { folder, name } of names) {
        lostNames.set(folder, (lostNames.get(folder) ?? new Set()).add(name));
      }
      lost.push(change);
    }
    for (const { names } of lost.reverse()) {
      for (const { folder, name, before } of names) {
        if (before) folder.entries?.set(name, before);
        else folder.entries?.delete(name);
      }
    }
    this.unsyncedNames = [];
    const damaged: string[] = [];
    for (const [path, inode] of this.walk()) {
      const { bytes, synced } = inode;
      if (!bytes || bytes === synced) continue;
      const length = random.integer(0, bytes.length);
      const found = [
        synced ?? Buffer.alloc(0),
        Buffer.from(bytes.subarray(0, length)),
        zeroed(bytes, length),
      ];
      inode.bytes = isWritten(inode.modifiedMs) ? bytes : random.pick([...found, bytes]);
      inode.synced = inode.bytes;
      if (inode.bytes !== bytes) damaged.push(path);
    }
    return damaged;
  }

  /** The files below a folder, with their paths, in the order of their names. */
  *walk(folder = '/', inode: Inode | undefined = this.find(folder)): Generator<[string, Inode]> {
    for (const [name, each] of [...(inode?.entries ?? [])].sort(([a], [b]) => (a < b ? -1 : 1))) {
      const path = posix.join(folder, name);
      if (each.entries) yield* this.walk(path, each);
      else yield [path, each];
    }
  }

  private makeInode(content: Pick<Inode, 'bytes' | 'entries'>, modifiedMs: number): Inode {
    return { number: this.numbers++, modifiedMs, ...content };
  }

  private change(call: string, ...names: [path: string, inode: Inode | undefined][]): void {
    const changes = names.map(([path, inode]) => {
      const folder = this.get(posix.dirname(path), call);
      if (!folder.entries) throw fileError('ENOTDIR', call, path);
      const name = posix.basename(path);
      return { folder, name, inode, before: folder.entries.get(name) };
    });
    const nowMs = this.now();
    for (const { folder, name, inode } of changes) {
      if (inode) folder.entries?.set(name, inode);
      else folder.entries?.delete(name);
      folder.modifiedMs = nowMs;
    }
    if (this.unsyncedNames.length > 500) {
      this.unsyncedNames = this.unsyncedNames.filter(({ atMs }) => nowMs - atMs <= writeBackMs);
    }
    this.unsyncedNames.push({ atMs: nowMs, names: changes });
  }
}

/** The length of a file often arrives before its last bytes. */
function zeroed(bytes: Buffer, from: number): Buffer {
  const copy = Buffer.from(bytes);
  copy.fill(0, from);
  return copy;
}
