import { createHash } from 'node:crypto';
import type { Random } from '../../src/sandbox/random.js';

interface Event {
  atMs: number;
  /** Decides between events of the same time. */
  tie: number;
  /** Returns false if it did nothing that sets anything free. */
  work: () => unknown;
}

/**
 * The one event loop of a simulated world. Time is virtual: it jumps to the next event. Whatever an
 * event sets free in the program runs until everything waits for the world again, and only then the
 * next event begins. So a seed decides about every interleaving.
 */
export class EventLoop {
  nowMs: number;
  /** How many events there were. */
  events = 0;

  /** A binary heap. */
  private readonly heap: Event[] = [];
  private readonly hash = createHash('sha256');
  /** What the hash does not have yet. */
  private noted = '';
  private readonly held = new Set<Promise<void>>();
  /** What is done outside of the world while time goes on, and how far time may go for now. */
  private outside = 0;
  private outsideSince = { worldMs: 0, realMs: 0 };

  constructor(
    startMs: number,
    private readonly random: Random,
  ) {
    this.nowMs = startMs;
  }

  /** Calls `work` at a time of the world. */
  at(atMs: number, work: () => unknown): void {
    const { heap } = this;
    heap.push({ atMs: Math.max(atMs, this.nowMs), tie: this.random.next(), work });
    for (let child = heap.length - 1; child > 0; ) {
      const parent = (child - 1) >> 1;
      if (isBefore(heap[parent] as Event, heap[child] as Event)) break;
      this.swap(parent, child);
      child = parent;
    }
  }

  after(ms: number, work: () => unknown): void {
    this.at(this.nowMs + ms, work);
  }

  /** Resolves after so many milliseconds of the world. */
  sleep(ms: number): Promise<void> {
    return new Promise((resolve) => this.after(ms, resolve));
  }

  /** Lets time stand still until work outside of the world is done, and returns its result. */
  async hold<T>(work: Promise<T>): Promise<T> {
    const done = work.then(
      () => {},
      () => {},
    );
    this.held.add(done);
    void done.then(() => this.held.delete(done));
    return work;
  }

  /**
   * Lets time go on at a steady pace until work outside of the world is done: the work may wait for
   * what happens in the world. Returns how to end it, which may be called more than once.
   */
  pace(): () => void {
    if (this.outside === 0) this.outsideSince = { worldMs: this.nowMs, realMs: performance.now() };
    this.outside += 1;
    let isOver = false;
    return () => {
      if (!isOver) this.outside -= 1;
      isOver = true;
    };
  }

  /** How far time may go. */
  private get limitMs(): number {
    const { worldMs, realMs } = this.outsideSince;
    if (this.outside === 0) return Number.POSITIVE_INFINITY;
    return worldMs + (performance.now() - realMs) * worldMsPerRealMs;
  }

  /** Adds to the hash that two runs of a seed have in common. */
  note(text: string): void {
    this.noted += `${this.nowMs} ${text}\n`;
    if (this.noted.length < 50_000) return;
    this.hash.update(this.noted);
    this.noted = '';
  }

  /** The hash of everything that was noted. */
  digest(): string {
    return this.hash.copy().update(this.noted).digest('hex').slice(0, 32);
  }

  /** Runs events until a time, or until `isOver`. */
  async run(untilMs: number, isOver: () => boolean = () => false): Promise<void> {
    for (let isRunning = true; isRunning; ) {
      isRunning = await this.runSome(untilMs, isOver);
      while (this.held.size > 0) {
        await Promise.all(this.held);
        await settled();
      }
      if (this.outside > 0) {
        await new Promise((resolve) => setTimeout(resolve, 1));
        isRunning ||= !isOver();
      }
    }
    if (!isOver()) this.nowMs = Math.max(this.nowMs, untilMs);
  }

  /**
   * Runs events, each one in a callback of its own, before which Node settles all promises that can
   * be. A turn of Node's loop costs more than most events, so many callbacks share one. Resolves to
   * false when there is nothing more to run, and to true when something is held, or a turn ends.
   */
  private runSome(untilMs: number, isOver: () => boolean): Promise<boolean> {
    return new Promise((resolve, reject) => {
      let isEnded = false;
      const end = (isMore: boolean) => {
        isEnded = true;
        resolve(isMore);
      };
      const step = () => {
        if (isEnded) return;
        try {
          for (let isSettled = false; ; ) {
            if (this.held.size > 0) return end(true);
            if (isOver()) return end(false);
            const [next] = this.heap;
            if (!next || next.atMs > untilMs) return end(false);
            if (next.atMs > this.limitMs) return end(true);
            this.removeFirst();
            this.nowMs = next.atMs;
            this.events += 1;
            isSettled = next.work() === false;
            if (!isSettled) return;
          }
        } catch (error) {
          isEnded = true;
          reject(error);
        }
      };
      for (let count = 0; count < eventsOfTurn; count += 1) setImmediate(step);
      setImmediate(() => end(true));
    });
  }

  private removeFirst(): void {
    const { heap } = this;
    const last = heap.pop();
    if (heap.length === 0 || !last) return;
    heap[0] = last;
    for (let parent = 0; ; ) {
      const left = 2 * parent + 1;
      if (left >= heap.length) return;
      const right = left + 1;
      const isRight = right < heap.length && isBefore(heap[right] as Event, heap[left] as Event);
      const child = isRight ? right : left;
      if (isBefore(heap[parent] as Event, heap[child] as Event)) return;
      this.swap(parent, child);
      parent = child;
    }
  }

  private swap(a: number, b: number): void {
    const { heap } = this;
    const kept = heap[a] as Event;
    heap[a] = heap[b] as Event;
    heap[b] = kept;
  }
}

function isBefore(a: Event, b: Event): boolean {
  return a.atMs < b.atMs || (a.atMs === b.atMs && a.tie < b.tie);
}

const eventsOfTurn = 200;

/** The pace while work goes on outside of the world. */
const worldMsPerRealMs = 100;

/** Resolves when all promises that can be settled are: Node runs them before this callback. */
function settled(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
