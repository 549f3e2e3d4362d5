import type { Clock } from './clock.js';

/** Lets a limited number of pieces of work run at the same time; the others wait in their order. */
export class Slots {
  private free: number;
  private readonly waiting: (() => void)[] = [];

  constructor(max: number) {
    this.free = max;
  }

  /**
   * Does work as soon as a slot is free. Errors: `tooLate()` if none is for `maxWaitMs`; the
   * signal's reason if it is aborted before the work begins; those of the work.
   */
  async with<T>(work: () => Promise<T>, wait: SlotWait): Promise<T> {
    if (this.free > 0) this.free -= 1;
    else await this.waitForSlot(wait);
    try {
      return await work();
    } finally {
      const next = this.waiting.shift();
      if (next) next();
      else this.free += 1;
    }
  }

  private async waitForSlot({ clock, maxWaitMs, signal, tooLate }: SlotWait): Promise<void> {
    const over = new AbortController();
    const either = signal ? AbortSignal.any([signal, over.signal]) : over.signal;
    let begin = () => {};
    const isMine = new Promise<void>((resolve) => {
      begin = resolve;
    });
    this.waiting.push(begin);
    const waited = clock.sleep(maxWaitMs, either).then(() => {
      throw tooLate();
    });
    try {
      await Promise.race([isMine, waited]);
    } catch (error) {
      const at = this.waiting.indexOf(begin);
      // It was given a slot while it gave up.
      if (at < 0) return;
      this.waiting.splice(at, 1);
      throw error;
    } finally {
      over.abort();
      waited.catch(() => {});
    }
  }
}

export interface SlotWait {
  clock: Pick<Clock, 'sleep'>;
  maxWaitMs: number;
  signal?: AbortSignal;
  tooLate: () => Error;
}
