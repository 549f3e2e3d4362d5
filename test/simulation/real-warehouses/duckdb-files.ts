import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import * as duckDb from '@duckdb/node-api';
import type { Disk, Inode } from '../disk.js';
import type { SimulatedProcess } from '../process.js';
import { onKill } from './place-tools.js';

/**
 * The module `@duckdb/node-api` for a process: the real DuckDB on copies of the files of the
 * simulated disk. Time stands still while a statement runs. What the statement wrote to a database
 * and its write-ahead log is then on the disk, and nothing that a killed process did later is: the
 * next process opens what the kill left, and replays the log.
 */
export function realDuckDb(process: SimulatedProcess, disk: Disk, folder: string): Record<string, unknown> {
  const root = mkdtempSync(join(folder, 'process-'));
  const { loop } = process;
  const realOf = (text: string) => text.replaceAll(/(?<=^|'|"path":")\/(?=(data|tmp)\/)/g, () => `${root}/`);
  onKill(process, () => rmSync(root, { recursive: true, force: true }));

  /** Copies the files that a statement names, and back what it wrote. */
  async function withFiles<T>(texts: string[], work: () => Promise<T>): Promise<T> {
    const paths = new Set(texts.flatMap((text) => text.match(/(?<=^|')\/(?:data|tmp)\/[^']+/g) ?? []));
    for (const path of paths) {
      const { bytes } = disk.find(path) ?? {};
      if (!bytes) continue;
      mkdirSync(dirname(root + path), { recursive: true });
      writeFileSync(root + path, bytes);
    }
    for (const path of paths) mkdirSync(dirname(root + path), { recursive: true });
    try {
      return await work();
    } finally {
      for (const path of paths) {
        if (existsSync(root + path) && !disk.find(path) && process.isAlive) {
          disk.write(disk.makeFile(path, 'open'), readFileSync(root + path), 0, path);
        }
        rmSync(root + path, { force: true });
      }
    }
  }

  /** An object of DuckDB whose work keeps time from going on. `after` follows each call. */
  function held<T extends object>(real: T, begin: Begin, after = () => {}): T {
    return new Proxy(real, {
      get(target, name) {
        const value: unknown = Reflect.get(target, name, target);
        if (typeof value !== 'function') return value;
        return (...given: unknown[]) => {
          const call = () => (value as (...of: unknown[]) => unknown).apply(target, given.map(mapped));
          if (!asynchronous.has(String(name))) {
            const result = call();
            after();
            return result;
          }
          const texts = given.flatMap(textsOf);
          return begin(String(given[0]).trim().slice(0, 30), async () => {
            const result = await withFiles(texts, call as () => Promise<unknown>);
            after();
            const isOurs =
              result !== null && typeof result === 'object' && kinds.has(result.constructor.name);
            return isOurs ? held(result, begin, after) : result;
          });
        };
      },
    });
  }

  function mapped(value: unknown): unknown {
    if (typeof value === 'string') return realOf(value);
    if (value === null || typeof value !== 'object') return value;
    if (value instanceof duckDb.DuckDBListValue) return duckDb.listValue(value.items.map(mapped) as never);
    if (Object.getPrototypeOf(value)?.constructor?.name !== 'Object') return value;
    return Object.fromEntries(Object.entries(value).map(([name, each]) => [name, mapped(each)]));
  }

  const standStill: Begin = (_name, work) => loop.hold(work());
  const killable: Begin = (name, work) =>
    process.call(`duckdb ${name}`, 1, () => loop.hold(work())) as Promise<never>;

  async function create(path: string, settings: Record<string, string> = {}): Promise<object> {
    const options = { ...settings, threads: '1', temp_directory: '' };
    if (path === ':memory:')
      return instanceOf(await loop.hold(duckDb.DuckDBInstance.create(path, options)), standStill);
    return killable('open', async () => {
      const isWriter = settings.access_mode !== 'READ_ONLY';
      const files = new DatabaseFiles(disk, path, join(root, 'databases'));
      files.lock(process, isWriter);
      try {
        files.fetch();
        const real = await duckDb.DuckDBInstance.create(files.real, options);
        if (isWriter) files.store();
        const keep = () => {
          if (process.isAlive && isWriter) files.store();
        };
        const instance = instanceOf(real, killable, keep, () => files.unlock());
        onKill(process, () => files.unlock());
        return instance;
      } catch (error) {
        files.unlock();
        throw error;
      }
    });
  }

  function instanceOf(
    real: duckDb.DuckDBInstance,
    begin: Begin,
    keep = () => {},
    onClosed = () => {},
  ): object {
    let isClosed = false;
    const close = () => {
      if (isClosed) return;
      isClosed = true;
      real.closeSync();
    };
    onKill(process, () => loop.hold(Promise.resolve().then(close)));
    return {
      connect: async () => held(await loop.hold(real.connect()), begin, keep),
      closeSync() {
        if (!process.isAlive) return;
        close();
        keep();
        onClosed();
      },
    };
  }

  return { ...duckDb, DuckDBInstance: { create } };
}

type Begin = <T>(name: string, work: () => Promise<T>) => Promise<T>;

const asynchronous = new Set([
  'run',
  'runAndReadAll',
  'stream',
  'prepare',
  'extractStatements',
  'fetchChunk',
  'getRows',
  'getRowObjects',
]);

const kinds = new Set([
  'DuckDBResult',
  'DuckDBMaterializedResult',
  'DuckDBExtractedStatements',
  'DuckDBPreparedStatement',
]);

function textsOf(value: unknown): string[] {
  if (typeof value === 'string') return [value];
  if (value instanceof duckDb.DuckDBListValue) return value.items.flatMap(textsOf);
  if (value === null || typeof value !== 'object') return [];
  return Object.getPrototypeOf(value) === Object.prototype ? Object.values(value).flatMap(textsOf) : [];
}

/** Who has a file open, as the operating system's locks have it. */
const locks = new WeakMap<Inode, Set<{ isWriter: boolean }>>();
let copies = 0;

/** A database file and its write-ahead log: on the simulated disk, and a copy that is worked on. */
class DatabaseFiles {
  readonly real: string;
  private readonly known = new Map<string, string>();
  private unlockInode = () => {};

  constructor(
    private readonly disk: Disk,
    private readonly path: string,
    folder: string,
  ) {
    mkdirSync(folder, { recursive: true });
    this.real = join(folder, `${copies++}.duckdb`);
  }

  /** Errors: as DuckDB's if another process holds the file. */
  lock(process: SimulatedProcess, isWriter: boolean): void {
    const inode = this.disk.find(this.path);
    if (!inode) return;
    const holders = locks.get(inode) ?? new Set();
    locks.set(inode, holders);
    if ([...holders].some((each) => isWriter || each.isWriter)) {
      throw new Error(
        `IO Error: Could not set lock on file "${this.path}": Conflicting lock is held in node (PID ${process.pid})`,
      );
    }
    const own = { isWriter };
    holders.add(own);
    this.unlockInode = () => holders.delete(own);
  }

  unlock(): void {
    this.unlockInode();
  }

  fetch(): void {
    for (const [path, real] of this.pairs()) {
      const { bytes } = this.disk.find(path) ?? {};
      if (bytes) writeFileSync(real, bytes);
      this.known.set(real, versionOf(real));
    }
  }

  /** DuckDB has synced what it wrote, but not the names of its files. */
  store(): void {
    for (const [path, real] of this.pairs()) {
      const version = versionOf(real);
      if (version === this.known.get(real)) continue;
      this.known.set(real, version);
      if (version === '') {
        if (this.disk.find(path)) this.disk.unlink(path, 'unlink');
        continue;
      }
      const inode = this.disk.find(path) ?? this.disk.makeFile(path, 'open');
      inode.bytes = readFileSync(real);
      this.disk.sync(inode);
    }
  }

  private pairs(): [string, string][] {
    return [
      [this.path, this.real],
      [`${this.path}.wal`, `${this.real}.wal`],
    ];
  }
}

function versionOf(path: string): string {
  const stat = statSync(path, { bigint: true, throwIfNoEntry: false });
  return stat ? `${stat.mtimeNs} ${stat.size}` : '';
}
