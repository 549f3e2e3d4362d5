import type { Random } from '../../src/sandbox/random.js';

/** What survives of a write is decided for each page of this many bytes. */
const pageBytes = 4096;

/** A change of the bytes of a file that was not synced. */
type Change = { offset: number; bytes: Buffer } | { size: number };

/** A change of one name in a folder that was not synced; without a node, the name was removed. */
interface Renaming {
  node: Node | undefined;
  /** Of a removal: the new name of the node. The old one vanishes only if the new one survives. */
  unless?: { folder: Folder; name: string; renaming: Renaming };
}

interface Attributes {
  /** A number that no later file has. */
  id: number;
  mode: number;
  modifiedNs: bigint;
  changedNs: bigint;
}

export interface File extends Attributes {
  kind: 'file';
  bytes: Buffer;
  size: number;
  links: number;
  synced: { bytes: Buffer; size: number };
  unsynced: Change[];
}

export interface Folder extends Attributes {
  kind: 'folder';
  entries: Map<string, Node>;
  synced: Map<string, Node>;
  /** By name, in the order in which they were made. */
  unsynced: Map<string, Renaming[]>;
}

export type Node = File | Folder;

/**
 * A file system in memory that can lose its power. It promises what POSIX promises, and nothing
 * beyond that: `fsync` of a file keeps its bytes, `fsync` of a folder keeps the names in it. At a
 * power cut, of all that was not synced any part survives:
 *
 * - Of the bytes of a file: each page of each write, and each truncation. The size may survive
 *   without the bytes, which are zeros then.
 * - Of the names in a folder: for each name, any of the changes since the last sync is the last
 *   one, whatever became of other names. A rename may leave both names, but never none.
 *
 * Permissions and times survive. Journaling file systems lose less: ext4, XFS and btrfs keep the
 * order of names, and the first sync of a new file keeps its name too.
 */
export class LossyDisk {
  private lastId = 0;
  readonly root = this.makeFolder(0o700);

  makeFile(mode: number): File {
    const synced = { bytes: Buffer.alloc(0), size: 0 };
    return {
      ...this.attributes(mode),
      kind: 'file',
      bytes: Buffer.alloc(0),
      size: 0,
      links: 0,
      synced,
      unsynced: [],
    };
  }

  makeFolder(mode: number): Folder {
    return {
      ...this.attributes(mode),
      kind: 'folder',
      entries: new Map(),
      synced: new Map(),
      unsynced: new Map(),
    };
  }

  private attributes(mode: number): Attributes {
    this.lastId += 1;
    return { id: this.lastId, mode, modifiedNs: nowNs(), changedNs: nowNs() };
  }

  write(file: File, offset: number, bytes: Buffer): void {
    change(file, { offset, bytes: Buffer.from(bytes) });
  }

  truncate(file: File, size: number): void {
    change(file, { size });
  }

  /** Adds a name, in place of the one that is there. */
  link(folder: Folder, name: string, node: Node): void {
    this.rename(folder, name, node);
  }

  unlink(folder: Folder, name: string): void {
    this.rename(folder, name, undefined);
  }

  move(from: { folder: Folder; name: string }, to: { folder: Folder; name: string }): void {
    const node = from.folder.entries.get(from.name);
    const renaming = this.rename(to.folder, to.name, node);
    this.rename(from.folder, from.name, undefined, { ...to, renaming });
  }

  private rename(
    folder: Folder,
    name: string,
    node: Node | undefined,
    unless?: Renaming['unless'],
  ): Renaming {
    const before = folder.entries.get(name);
    if (before?.kind === 'file') before.links -= 1;
    if (node?.kind === 'file') node.links += 1;
    if (node) folder.entries.set(name, node);
    else folder.entries.delete(name);
    folder.modifiedNs = nowNs();
    folder.changedNs = folder.modifiedNs;
    for (const each of [before, node]) if (each) each.changedNs = folder.changedNs;
    const renaming = { node, unless };
    folder.unsynced.set(name, [...(folder.unsynced.get(name) ?? []), renaming]);
    return renaming;
  }

  sync(node: Node): void {
    if (node.kind === 'file') {
      for (const each of node.unsynced) apply(node.synced, each);
      node.unsynced = [];
    } else {
      node.synced = new Map(node.entries);
      node.unsynced.clear();
    }
  }

  /** Loses power, and has what a restart finds. Returns how many unsynced changes were lost. */
  cut(random: Random): number {
    const kept = chooseNames(this.everyFolder(), random);
    const files = new Map<File, number>();
    let lost = 0;
    const settle = (folder: Folder): void => {
      for (const [name, renamings] of folder.unsynced) {
        const survive = kept.get(renamings) ?? 0;
        lost += renamings.length - survive;
        const last = renamings[survive - 1];
        if (last?.node) folder.synced.set(name, last.node);
        else if (last) folder.synced.delete(name);
      }
      folder.unsynced.clear();
      folder.entries = new Map(folder.synced);
      for (const node of folder.entries.values()) {
        if (node.kind === 'folder') settle(node);
        else files.set(node, (files.get(node) ?? 0) + 1);
      }
    };
    settle(this.root);
    for (const [file, links] of files) {
      lost += file.unsynced.length;
      loseBytes(file, random);
      file.links = links;
    }
    return lost;
  }

  /** Those with a name now, and those that may have it again after a cut. */
  private everyFolder(): Set<Folder> {
    const found = new Set<Folder>([this.root]);
    for (const folder of found) {
      const nodes = [
        ...folder.synced.values(),
        ...[...folder.unsynced.values()].flatMap((all) => all.map(({ node }) => node)),
      ];
      for (const node of nodes) if (node?.kind === 'folder') found.add(node);
    }
    return found;
  }
}

/** How many of the changes of each name survive. */
function chooseNames(folders: Set<Folder>, random: Random): Map<Renaming[], number> {
  const kept = new Map<Renaming[], number>();
  // Whole folders lose nothing or everything more often than chance would have it.
  const share = random.pick([0, 0.5, 1]);
  for (const folder of folders)
    for (const renamings of folder.unsynced.values()) {
      const count = random.chance(0.5)
        ? random.integer(0, renamings.length)
        : Math.round(share * renamings.length);
      kept.set(renamings, count);
    }
  const survives = ({ folder, name, renaming }: NonNullable<Renaming['unless']>) => {
    const renamings = folder.unsynced.get(name);
    const at = renamings?.indexOf(renaming) ?? -1;
    // A change that is not listed any more was synced.
    return !renamings || at < 0 || at < (kept.get(renamings) ?? 0);
  };
  for (let isChanged = true; isChanged; ) {
    isChanged = false;
    for (const [renamings, count] of kept) {
      const at = renamings.slice(0, count).findIndex(({ unless }) => unless && !survives(unless));
      if (at < 0) continue;
      kept.set(renamings, at);
      isChanged = true;
    }
  }
  return kept;
}

function change(file: File, made: Change): void {
  apply(file, made);
  file.unsynced.push(made);
  file.modifiedNs = nowNs();
  file.changedNs = file.modifiedNs;
}

function apply(content: { bytes: Buffer; size: number }, made: Change): void {
  if ('size' in made) {
    resize(content, made.size);
    return;
  }
  const end = made.offset + made.bytes.length;
  if (end > content.size) resize(content, end);
  made.bytes.copy(content.bytes, made.offset);
}

/** Beyond its size, the bytes are zeros. */
function resize(content: { bytes: Buffer; size: number }, size: number): void {
  if (size > content.bytes.length) {
    const larger = Buffer.alloc(Math.max(size, content.bytes.length * 2));
    content.bytes.copy(larger, 0, 0, content.size);
    content.bytes = larger;
  }
  if (size < content.size) content.bytes.fill(0, size, content.size);
  content.size = size;
}

function loseBytes(file: File, random: Random): void {
  const share = random.pick([0, 0.5, 1]);
  const { size } = file;
  for (const each of file.unsynced) {
    if ('size' in each) {
      if (random.chance(share)) apply(file.synced, each);
      continue;
    }
    for (let start = 0; start < each.bytes.length; ) {
      const offset = each.offset + start;
      const end = Math.min(each.bytes.length, start + pageBytes - (offset % pageBytes));
      if (random.chance(share)) apply(file.synced, { offset, bytes: each.bytes.subarray(start, end) });
      start = end;
    }
  }
  if (file.unsynced.length > 0 && file.synced.size < size && random.chance(0.5)) resize(file.synced, size);
  file.unsynced = [];
  file.bytes = Buffer.from(file.synced.bytes);
  file.size = file.synced.size;
}

function nowNs(): bigint {
  return BigInt(Date.now()) * 1_000_000n;
}
