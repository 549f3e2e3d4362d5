import { constants } from 'node:os';
import type { File, Folder, LossyDisk, Node } from './lossy-disk.js';

/** Requests of the kernel: FUSE protocol 7.31, see `include/uapi/linux/fuse.h`. */
const operations = {
  lookup: 1,
  forget: 2,
  getattr: 3,
  setattr: 4,
  mknod: 8,
  mkdir: 9,
  unlink: 10,
  rmdir: 11,
  rename: 12,
  link: 13,
  open: 14,
  read: 15,
  write: 16,
  statfs: 17,
  release: 18,
  fsync: 20,
  flush: 25,
  init: 26,
  opendir: 27,
  readdir: 28,
  releasedir: 29,
  fsyncdir: 30,
  interrupt: 36,
  destroy: 38,
  batchForget: 42,
  rename2: 45,
} as const;

type Operation = keyof typeof operations;

const byNumber = new Map<number, Operation>(
  Object.entries(operations).map(([name, number]) => [number, name as Operation]),
);

/** These change what a power cut may lose. */
const changing = new Set<Operation | undefined>([
  'setattr',
  'mknod',
  'mkdir',
  'unlink',
  'rmdir',
  'rename',
  'rename2',
  'link',
  'write',
  'fsync',
  'fsyncdir',
]);

const unanswered = new Set<Operation | undefined>(['forget', 'batchForget', 'interrupt', 'destroy']);

const requestHeaderBytes = 40;
const answerHeaderBytes = 16;
const maxWriteBytes = 1024 * 1024;
/** The buffer for a request must take the longest one. */
export const maxRequestBytes = maxWriteBytes + 4096;

/** The kernel may keep what it knows: nobody else changes the disk. */
const validSeconds = 3600n;

const setattrBits = { mode: 1, size: 8, modified: 32, modifiedNow: 256 };
const exchange = 2;
const initFlags = { asyncRead: 1, bigWrites: 1 << 5, maxPages: 1 << 22 };
const fileTypes = { file: 0o100000, folder: 0o040000 };

export interface Request {
  operation: Operation | undefined;
  /** Whether it writes or syncs. */
  isChange: boolean;
  /** Carries out the request. Returns its answer for the kernel; undefined if it takes none. */
  answer(): Buffer | undefined;
  /** Returns the answer that the disk has failed. */
  failure(): Buffer | undefined;
}

/** Answers the requests of a FUSE connection with a disk. */
export class FuseServer {
  /** By number. The kernel may name a node after its last name is gone. */
  private readonly nodes = new Map<bigint, Node>();

  constructor(private readonly disk: LossyDisk) {
    this.nodes.set(1n, disk.root);
  }

  /** Reads a request. The buffer may be used again after `answer`. */
  read(request: Buffer): Request {
    const operation = byNumber.get(request.readUInt32LE(4));
    const unique = request.readBigUInt64LE(8);
    const answering = (work: () => Buffer) => () => {
      if (unanswered.has(operation)) return undefined;
      try {
        return answerOf(unique, work());
      } catch (error) {
        if (error instanceof Refusal) return answerOf(unique, Buffer.alloc(0), error.number);
        throw error;
      }
    };
    return {
      operation,
      isChange: changing.has(operation),
      answer: answering(() => this.carryOut(operation, request)),
      failure: answering(() => {
        throw new Refusal('EIO');
      }),
    };
  }

  private carryOut(operation: Operation | undefined, request: Buffer): Buffer {
    const id = request.readBigUInt64LE(16);
    const body = request.subarray(requestHeaderBytes);
    switch (operation) {
      case 'init':
        return init();
      case 'lookup':
        return this.entry(entryOf(this.folder(id), textsOf(body)[0]));
      case 'getattr':
        return attributesAnswer(this.node(id));
      case 'setattr':
        return this.setAttributes(this.node(id), body);
      case 'mknod':
        return this.create(
          this.folder(id),
          textsOf(body.subarray(16))[0],
          this.disk.makeFile(body.readUInt32LE(0) & 0o777),
        );
      case 'mkdir':
        return this.create(
          this.folder(id),
          textsOf(body.subarray(8))[0],
          this.disk.makeFolder(body.readUInt32LE(0) & 0o777),
        );
      case 'unlink':
      case 'rmdir':
        return this.remove(this.folder(id), textsOf(body)[0]);
      case 'rename':
        return this.move(id, body.readBigUInt64LE(0), textsOf(body.subarray(8)));
      case 'rename2':
        if (body.readUInt32LE(8) & exchange) throw new Refusal('EINVAL');
        return this.move(id, body.readBigUInt64LE(0), textsOf(body.subarray(16)), body.readUInt32LE(8) !== 0);
      case 'link':
        return this.create(this.folder(id), textsOf(body.subarray(8))[0], this.file(body.readBigUInt64LE(0)));
      case 'open':
      case 'opendir':
        return Buffer.alloc(16);
      case 'read': {
        const file = this.file(id);
        const offset = Number(body.readBigUInt64LE(8));
        return file.bytes.subarray(offset, Math.min(file.size, offset + body.readUInt32LE(16)));
      }
      case 'write': {
        const bytes = body.subarray(40, 40 + body.readUInt32LE(16));
        this.disk.write(this.file(id), Number(body.readBigUInt64LE(8)), bytes);
        return fields(8, (answer) => answer.writeUInt32LE(bytes.length, 0));
      }
      case 'readdir':
        return list(this.folder(id), Number(body.readBigUInt64LE(8)), body.readUInt32LE(16));
      case 'fsync':
      case 'fsyncdir':
        this.disk.sync(this.node(id));
        return Buffer.alloc(0);
      case 'statfs':
        return statistics();
      case 'flush':
      case 'release':
      case 'releasedir':
        return Buffer.alloc(0);
      default:
        throw new Refusal('ENOSYS');
    }
  }

  private node(id: bigint): Node {
    const node = this.nodes.get(id);
    if (!node) throw new Refusal('ENOENT');
    return node;
  }

  private file(id: bigint): File {
    const node = this.node(id);
    if (node.kind !== 'file') throw new Refusal('EISDIR');
    return node;
  }

  private folder(id: bigint): Folder {
    const node = this.node(id);
    if (node.kind !== 'folder') throw new Refusal('ENOTDIR');
    return node;
  }

  private create(folder: Folder, name: string, node: Node): Buffer {
    if (folder.entries.has(name)) throw new Refusal('EEXIST');
    this.disk.link(folder, name, node);
    return this.entry(node);
  }

  private remove(folder: Folder, name: string): Buffer {
    const node = entryOf(folder, name);
    if (node.kind === 'folder' && node.entries.size > 0) throw new Refusal('ENOTEMPTY');
    this.disk.unlink(folder, name);
    return Buffer.alloc(0);
  }

  private move(from: bigint, to: bigint, [name, newName]: [string, string], isNew = false): Buffer {
    const source = { folder: this.folder(from), name };
    const target = { folder: this.folder(to), name: newName };
    const node = entryOf(source.folder, name);
    const there = target.folder.entries.get(newName);
    if (there && isNew) throw new Refusal('EEXIST');
    if (there?.kind === 'folder' && there.entries.size > 0) throw new Refusal('ENOTEMPTY');
    if (there !== node) this.disk.move(source, target);
    return Buffer.alloc(0);
  }

  private setAttributes(node: Node, body: Buffer): Buffer {
    const valid = body.readUInt32LE(0);
    if (valid & setattrBits.size && node.kind === 'file') {
      this.disk.truncate(node, Number(body.readBigUInt64LE(16)));
    }
    if (valid & setattrBits.mode) node.mode = body.readUInt32LE(68) & 0o777;
    if (valid & setattrBits.modifiedNow) node.modifiedNs = BigInt(Date.now()) * 1_000_000n;
    else if (valid & setattrBits.modified)
      node.modifiedNs = body.readBigUInt64LE(40) * 1_000_000_000n + BigInt(body.readUInt32LE(60));
    return attributesAnswer(node);
  }

  private entry(node: Node): Buffer {
    this.nodes.set(idOf(node, this.disk), node);
    return fields(128, (answer) => {
      answer.writeBigUInt64LE(idOf(node, this.disk), 0);
      answer.writeBigUInt64LE(validSeconds, 16);
      answer.writeBigUInt64LE(validSeconds, 24);
      writeAttributes(answer.subarray(40), node);
    });
  }
}

/** An error number for the program. */
class Refusal extends Error {
  readonly number: number;
  constructor(code: keyof typeof constants.errno) {
    super(code);
    this.number = constants.errno[code];
  }
}

function idOf(node: Node, disk: LossyDisk): bigint {
  return node === disk.root ? 1n : BigInt(node.id + 1);
}

function entryOf(folder: Folder, name: string): Node {
  const node = folder.entries.get(name);
  if (!node) throw new Refusal('ENOENT');
  return node;
}

/** The texts at the end of a request, each ended by a zero. */
function textsOf(body: Buffer): [string, string] {
  const [first = '', second = ''] = body.toString('utf8').split('\0');
  return [first, second];
}

function answerOf(unique: bigint, body: Buffer, error = 0): Buffer {
  const header = fields(answerHeaderBytes, (answer) => {
    answer.writeUInt32LE(answerHeaderBytes + body.length, 0);
    answer.writeInt32LE(-error, 4);
    answer.writeBigUInt64LE(unique, 8);
  });
  return Buffer.concat([header, body]);
}

function fields(bytes: number, write: (answer: Buffer) => void): Buffer {
  const answer = Buffer.alloc(bytes);
  write(answer);
  return answer;
}

function init(): Buffer {
  return fields(64, (answer) => {
    answer.writeUInt32LE(7, 0);
    answer.writeUInt32LE(31, 4);
    answer.writeUInt32LE(128 * 1024, 8);
    answer.writeUInt32LE(initFlags.asyncRead | initFlags.bigWrites | initFlags.maxPages, 12);
    answer.writeUInt16LE(12, 16);
    answer.writeUInt16LE(9, 18);
    answer.writeUInt32LE(maxWriteBytes, 20);
    answer.writeUInt32LE(1, 24);
    answer.writeUInt16LE(maxWriteBytes / 4096, 28);
  });
}

function attributesAnswer(node: Node): Buffer {
  return fields(104, (answer) => {
    answer.writeBigUInt64LE(validSeconds, 0);
    writeAttributes(answer.subarray(16), node);
  });
}

function writeAttributes(answer: Buffer, node: Node): void {
  const size = node.kind === 'file' ? node.size : 4096;
  answer.writeBigUInt64LE(BigInt(node.id), 0);
  answer.writeBigUInt64LE(BigInt(size), 8);
  answer.writeBigUInt64LE(BigInt(Math.ceil(size / 512)), 16);
  for (const [index, ns] of [node.modifiedNs, node.modifiedNs, node.changedNs].entries()) {
    answer.writeBigUInt64LE(ns / 1_000_000_000n, 24 + index * 8);
    answer.writeUInt32LE(Number(ns % 1_000_000_000n), 48 + index * 4);
  }
  answer.writeUInt32LE(fileTypes[node.kind] | node.mode, 60);
  answer.writeUInt32LE(node.kind === 'file' ? node.links : 2, 64);
  answer.writeUInt32LE(4096, 80);
}

/** The entries of a folder from a position on, as many as fit. */
function list(folder: Folder, from: number, maxBytes: number): Buffer {
  const parts: Buffer[] = [];
  let bytes = 0;
  for (const [index, [name, node]] of [...folder.entries].entries()) {
    const text = Buffer.from(name);
    const length = 24 + Math.ceil(text.length / 8) * 8;
    if (index < from) continue;
    if (bytes + length > maxBytes) break;
    bytes += length;
    parts.push(
      fields(length, (entry) => {
        entry.writeBigUInt64LE(BigInt(node.id), 0);
        entry.writeBigUInt64LE(BigInt(index + 1), 8);
        entry.writeUInt32LE(text.length, 16);
        entry.writeUInt32LE(fileTypes[node.kind] >> 12, 20);
        text.copy(entry, 24);
      }),
    );
  }
  return Buffer.concat(parts);
}

function statistics(): Buffer {
  return fields(80, (answer) => {
    for (const at of [0, 8, 16, 24, 32]) answer.writeBigUInt64LE(1_000_000n, at);
    answer.writeUInt32LE(4096, 40);
    answer.writeUInt32LE(255, 44);
    answer.writeUInt32LE(4096, 48);
  });
}
