import { statSync } from 'node:fs';
import type { PipelineContext } from '../ingest/context.js';
import { openPolled, type Polled, type PollOptions } from './polled.js';

/** A failed read costs next to nothing, and the program is not ready until a read succeeds. */
const minSecondsAfterFailure = 30;

export interface WarehousePollOptions<T> extends Pick<PollOptions, 'waitsForReading'> {
  /** The time between two reads, by the type of the warehouse. */
  minSeconds: Record<PipelineContext['config']['warehouse']['type'], number>;
  /** Whether a value lacks something that failed, so that it is read again as after a failure. */
  isPartial?: (value: T) => boolean;
}

/**
 * Polls the warehouse at most every `minSeconds`, and not while its file is unchanged, so that
 * reads don't hold up other users of the file. A failed read is repeated after half a minute, or
 * sooner if reads are more frequent.
 */
export function openWarehousePoll<T>(
  { warehouseFile, config, clock }: Pick<PipelineContext, 'warehouseFile' | 'config' | 'clock'>,
  read: () => Promise<T>,
  { minSeconds, isPartial = () => false, ...options }: WarehousePollOptions<T>,
): () => Promise<Polled<T>> {
  const minMs = minSeconds[config.warehouse.type] * 1000;
  const minAfterFailureMs = Math.min(minMs, minSecondsAfterFailure * 1000);
  let hasFailed = false;
  let state: string | undefined;
  const stateNow = () => warehouseFile && stateOf(warehouseFile.path);
  return openPolled(
    async () => {
      const before = stateNow();
      // After a failure, read again even if the file is unchanged.
      state = undefined;
      hasFailed = true;
      const value = await read();
      if (isPartial(value)) return value;
      hasFailed = false;
      state = before;
      return value;
    },
    {
      ...options,
      clock,
      isDue: (sinceMs) =>
        sinceMs >= (hasFailed ? minAfterFailureMs : minMs) && (state === undefined || state !== stateNow()),
    },
  );
}

/** Changes with each commit; `missing` before the first. */
function stateOf(path: string): string {
  const found = statSync(path, { bigint: true, throwIfNoEntry: false });
  return found ? `${found.ino} ${found.mtimeNs} ${found.size}` : 'missing';
}
