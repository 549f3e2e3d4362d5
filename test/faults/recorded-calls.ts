import { dirname, resolve } from 'node:path';
import { type FileCall, withFileFault } from './file-faults.js';

/** Calls `work`, and returns the calls of Node's file system on a folder in their order. */
export async function recordCalls<T>(
  folder: string,
  work: () => Promise<T>,
): Promise<{ done: T; calls: FileCall[] }> {
  const calls: FileCall[] = [];
  const never = { folder, at: Number.POSITIVE_INFINITY, lasts: 'once', code: 'EIO' } as const;
  const { done } = await withFileFault({ ...never, onDone: (call) => calls.push(call) }, work);
  return { done, calls };
}

/** Of these, a power cut may undo the last change. */
const mayBeLost = [
  // Unfinished files, locks, probes.
  /\.(part|part\.json|lock)$/,
  // Work tables of one process.
  /\/state\/scratch(\/|$)/,
  // Load records: without one, a rebuild reads the raw document.
  /\/_loads\/.*\.json$/,
  // A lost plan has no burst left.
  /\/(quota|limits)\.json$/,
];

/**
 * The names that were given or taken and not synced afterwards, which a power cut may undo: the
 * folder of a name is synced after the change.
 */
export function unsyncedNames(calls: FileCall[]): string[] {
  return calls.flatMap((call, index) => {
    const synced = new Set(
      calls
        .slice(index + 1)
        .filter(({ name }) => name === 'sync')
        .map(({ path }) => resolve(path)),
    );
    return namesChanged(call)
      .filter((path) => !mayBeLost.some((each) => each.test(path)) && !synced.has(dirname(resolve(path))))
      .map((path) => `${call.name} ${path}`);
  });
}

/** A file that is opened has no bytes that count before it is renamed. */
function namesChanged({ name, path, to }: FileCall): string[] {
  if (name === 'rename' && to !== undefined) return [path, to];
  if ((name === 'link' || name === 'copyFile') && to !== undefined) return [to];
  return ['rm', 'unlink', 'mkdir', 'writeFile', 'writeFileSync'].includes(name) ? [path] : [];
}
