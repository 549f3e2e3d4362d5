import { retry } from '../../runtime/retry.js';

/** After so many tries an onlooker has its turn: what it keeps others from is bounded by its own time. */
const maxAttempts = 6;

/** By path: the end of the last piece of work, and the onlookers among those in hand. */
const lines = new Map<string, { last: Promise<unknown>; onlookers: Set<AbortController> }>();

/**
 * Does pieces of work on one file one after the other, in the order of asking. An onlooker gives way: where others ask for the file, the
 * signal breaks its work off, and it is begun again behind them.
 */
export async function inTurn<T>(
  path: string,
  work: (wanted: AbortSignal) => Promise<T>,
  { isOnlooker = false }: { isOnlooker?: boolean | undefined } = {},
): Promise<T> {
  let wanted = new AbortController();
  const takeTurn = async (number: number) => {
    wanted = new AbortController();
    const own = wanted;
    const line = lines.get(path) ?? { last: Promise.resolve(), onlookers: new Set() };
    lines.set(path, line);
    if (!isOnlooker) for (const onlooker of line.onlookers) onlooker.abort();
    else if (number < maxAttempts) line.onlookers.add(own);
    const mine = line.last.then(() => {
      own.signal.throwIfAborted();
      return work(own.signal);
    });
    const settled = mine.catch(() => undefined);
    line.last = settled;
    try {
      return await mine;
    } finally {
      line.onlookers.delete(own);
      if (line.last === settled) lines.delete(path);
    }
  };
  return retry(takeTurn, { isRetryable: () => wanted.signal.aborted });
}
