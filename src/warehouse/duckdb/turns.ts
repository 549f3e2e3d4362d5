import { retry } from '../../runtime/retry.js';

/**
 * After this many preemptions preemptible work runs to completion; its own time limit bounds the
 * delay of others.
 */
const maxPreemptions = 5;

/**
 * By path: the end of the last piece of work, and the preemptible work among what waits or runs.
 */
const lines = new Map<string, { last: Promise<unknown>; preemptible: Set<AbortController> }>();

/**
 * Runs pieces of work on one file one after the other, in the order of the calls. If other work is
 * requested for the file, preemptible work is interrupted by its signal and starts again behind it.
 */
export async function inTurn<T>(
  path: string,
  work: (preempted: AbortSignal) => Promise<T>,
  { isPreemptible = false }: { isPreemptible?: boolean | undefined } = {},
): Promise<T> {
  let preempted = new AbortController();
  const takeTurn = async (attempt: number) => {
    const own = new AbortController();
    preempted = own;
    const line = lines.get(path) ?? { last: Promise.resolve(), preemptible: new Set() };
    lines.set(path, line);
    if (!isPreemptible) for (const other of line.preemptible) other.abort();
    else if (attempt <= maxPreemptions) line.preemptible.add(own);
    const mine = line.last.then(() => {
      own.signal.throwIfAborted();
      return work(own.signal);
    });
    const ended = mine.catch(() => undefined);
    line.last = ended;
    try {
      return await mine;
    } finally {
      line.preemptible.delete(own);
      if (line.last === ended) lines.delete(path);
    }
  };
  return retry(takeTurn, { isRetryable: () => preempted.signal.aborted });
}
