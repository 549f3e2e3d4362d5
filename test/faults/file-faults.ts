import fs from 'node:fs';
import promises from 'node:fs/promises';
import { syncBuiltinESMExports } from 'node:module';
import { resolve, sep } from 'node:path';

/** Calls of the file system that fail. */
export interface FileFault {
  /** Only calls on this folder, or on a file in it. */
  folder: string;
  /** The number of the first call that fails, from 1 on. */
  at: number;
  /** Whether only this call fails, or every later call too. */
  lasts: 'once' | 'on';
  code: string;
  /** Called for each call that does not fail, once it is done; not for one that changes nothing. */
  onDone?: (call: FileCall) => void;
}

/** A call of the file system; a second path if it has two, such as a rename. */
export interface FileCall {
  name: string;
  path: string;
  to?: string;
}

/** The calls that a fault saw, and the first that failed. */
export interface FileFaultResult<T> {
  done: T;
  calls: number;
  failed: string | undefined;
}

type Call = (this: unknown, ...given: unknown[]) => unknown;
type Calls = Record<string, Call>;

const onPaths = [
  'access',
  'chmod',
  'copyFile',
  'link',
  'mkdir',
  'open',
  'readFile',
  'readdir',
  'rename',
  'rm',
  'stat',
  'statfs',
  'unlink',
  'utimes',
  'writeFile',
];
const onHandles = ['close', 'read', 'readFile', 'stat', 'sync', 'write', 'writeFile'];
const synchronous = ['closeSync', 'openSync', 'readFileSync', 'statSync', 'writeFileSync'];

/**
 * Calls `work` in this process while calls of Node's file system fail, as they do on a machine in
 * trouble. DuckDB's own calls are not among them. Nothing else may use the folder meanwhile.
 */
export async function withFileFault<T>(
  fault: FileFault,
  work: () => Promise<T>,
): Promise<FileFaultResult<T>> {
  const folder = resolve(fault.folder);
  const descriptors = new Map<unknown, string>();
  const restores: (() => void)[] = [];
  let calls = 0;
  let failed: string | undefined;

  const isOurs = (path: unknown) =>
    typeof path === 'string' && (resolve(path) === folder || resolve(path).startsWith(folder + sep));

  /** Counts a call, and returns the error that it fails with, if it does. */
  function count(name: string, path: string): Error | undefined {
    calls += 1;
    if (fault.lasts === 'once' ? calls !== fault.at : calls < fault.at) return undefined;
    failed ??= `${name} ${path}`;
    const { code } = fault;
    // As Node reports it, without a path for an open file.
    return Object.assign(new Error(`${code}: injected, ${name}`), { code, errno: -1, syscall: name, path });
  }

  function replace(calls: Calls, name: string, by: (original: Call) => Call): void {
    const original = calls[name];
    if (!original) throw new Error(`there is no ${name}`);
    calls[name] = by(original);
    restores.push(() => {
      calls[name] = original;
    });
  }

  /** The handle is not used after the work. */
  function watchHandle(handle: Calls, path: string): void {
    for (const name of onHandles) {
      const original = handle[name];
      handle[name] = async (...given) => {
        const error = count(name, path);
        if (!error) {
          const result = await original?.apply(handle, given);
          fault.onDone?.({ name, path });
          return result;
        }
        // A descriptor is free even if its closing reports that bytes were lost.
        if (name === 'close') await original?.apply(handle, given);
        delete (error as NodeJS.ErrnoException).path;
        throw error;
      };
    }
  }

  const asCalls = (of: unknown) => of as Calls;
  for (const name of onPaths) {
    replace(
      asCalls(promises),
      name,
      (original) =>
        async function (this: unknown, ...given) {
          const path = [given[0], given[1]].find(isOurs);
          const error = typeof path === 'string' ? count(name, path) : undefined;
          if (error) throw error;
          const result = await original.apply(this, given);
          if (name === 'open' && typeof path === 'string') watchHandle(asCalls(result), path);
          const to = typeof given[1] === 'string' ? given[1] : undefined;
          // `mkdir` returns nothing if the folder exists.
          const isDone = name !== 'mkdir' || result !== undefined;
          if (typeof path === 'string' && isDone) fault.onDone?.({ name, path: String(given[0]), to });
          return result;
        },
    );
  }
  for (const name of synchronous) {
    replace(
      asCalls(fs),
      name,
      (original) =>
        function (this: unknown, ...given) {
          const path = isOurs(given[0]) ? String(given[0]) : descriptors.get(given[0]);
          const error = path === undefined ? undefined : count(name, path);
          if (name === 'closeSync') descriptors.delete(given[0]);
          if (error && name === 'closeSync') original.apply(this, given);
          if (error) throw error;
          const result = original.apply(this, given);
          if (name === 'openSync' && path !== undefined) descriptors.set(result, path);
          if (path !== undefined) fault.onDone?.({ name, path });
          return result;
        },
    );
  }
  // Streams.
  for (const name of ['open', 'read']) {
    replace(
      asCalls(fs),
      name,
      (original) =>
        function (this: unknown, ...given) {
          const path = isOurs(given[0]) ? String(given[0]) : descriptors.get(given[0]);
          const callback = given.at(-1) as (error: unknown, result?: unknown, ...more: unknown[]) => void;
          const error = path === undefined ? undefined : count(name, path);
          if (error) return process.nextTick(callback, error);
          if (name === 'read' || path === undefined) return original.apply(this, given);
          return original.call(this, ...given.slice(0, -1), (problem: unknown, descriptor: unknown) => {
            if (!problem) descriptors.set(descriptor, path);
            callback(problem, descriptor);
          });
        },
    );
  }
  syncBuiltinESMExports();
  try {
    return { done: await work(), calls, failed };
  } finally {
    for (const restore of restores) restore();
    syncBuiltinESMExports();
  }
}
