import type { Random } from '../../src/sandbox/random.js';
import type { EventLoop } from './event-loop.js';

/** More than a program opens that closes what it opened. */
export const maxOpenFiles = 200;

/** A machine: its clock may be wrong, and be set. */
export interface Host {
  name: string;
  /** Its clock, less the time of the world. */
  clockErrorMs: number;
  /** When it was started, in the time of the world. */
  bootedMs: number;
  /** How many files each of its processes may have open. */
  maxOpenFiles: number;
  processes: Map<number, SimulatedProcess>;
}

/** Thrown by a call of a process that does not exist any more. */
export class Killed extends Error {}

/** What waits until a timer is due. */
export interface Timer {
  isCleared: boolean;
  ref(): Timer;
  unref(): Timer;
}

/**
 * One run of the program, from its start to its end. The program reaches the world only by `call`,
 * `request`, `callSync` and timers; once it is killed, none of them answers any more, and nothing
 * else of it has an effect.
 */
export class SimulatedProcess {
  isAlive = true;
  pausedUntilMs = 0;
  /** The call at which it is killed, counted from its start. */
  killAtCall = Number.POSITIVE_INFINITY;
  calls = 0;
  openFiles = 0;
  /** Requests that have neither an answer nor an end. */
  openRequests = 0;
  /** What the program set and neither cleared nor saw end. */
  readonly openTimers = new Set<Timer>();
  onKilled = () => {};

  constructor(
    readonly host: Host,
    readonly pid: number,
    readonly loop: EventLoop,
    readonly random: Random,
  ) {
    host.processes.set(pid, this);
  }

  get name(): string {
    return `${this.host.name}.${this.pid}`;
  }

  /** The time by the clock of its machine. */
  now(): number {
    return Math.floor(this.loop.nowMs + this.host.clockErrorMs);
  }

  /** Ends it as SIGKILL does. */
  kill(): void {
    if (!this.isAlive) return;
    this.end();
    this.onKilled();
  }

  /** It has ended by itself, or was killed. */
  end(): void {
    this.isAlive = false;
    this.host.processes.delete(this.pid);
  }

  /** A call of this machine, done after `latencyMs` unless the process is killed before. */
  call<T>(name: string, latencyMs: number, work: () => T): Promise<T> {
    return new Promise((resolve, reject) => {
      if (!this.mayCall(name)) return;
      this.loop.after(latencyMs, () =>
        this.resume(() => {
          try {
            resolve(work());
          } catch (error) {
            reject(error);
          }
        }),
      );
    });
  }

  /** A call whose answer the program waits for without a break. */
  callSync<T>(name: string, work: () => T): T {
    if (!this.mayCall(name)) throw new Killed();
    return work();
  }

  /**
   * A request to a service: it is on its way for a time, and takes effect even if the process has
   * been killed. `work` is called with how to answer, at once or later.
   */
  request<T>(
    name: string,
    onTheWayMs: number,
    work: (answer: (result: () => T) => void) => void,
  ): Promise<T> {
    return new Promise((resolve, reject) => {
      if (!this.mayCall(name)) return;
      const answer = (result: () => T) =>
        this.loop.after(onTheWayMs, () =>
          this.resume(() => {
            try {
              resolve(result());
            } catch (error) {
              reject(error);
            }
          }),
        );
      this.loop.after(onTheWayMs, () => work(answer));
    });
  }

  setTimer(work: () => void, ms: number, isRepeated: boolean): Timer {
    const timer: Timer = { isCleared: false, ref: () => timer, unref: () => timer };
    const begin = () =>
      this.loop.after(Math.max(1, ms), () => {
        if (timer.isCleared || !this.isAlive) return false;
        return this.resume(() => {
          if (timer.isCleared) return;
          if (isRepeated) begin();
          work();
        });
      });
    begin();
    return timer;
  }

  /** Goes on in the process: at once, after its pause, or never. */
  private resume(work: () => void): boolean {
    if (!this.isAlive) return false;
    if (this.pausedUntilMs > this.loop.nowMs) {
      this.loop.at(this.pausedUntilMs, () => this.resume(work));
      return false;
    }
    work();
    return true;
  }

  private mayCall(name: string): boolean {
    if (!this.isAlive) return false;
    this.calls += 1;
    this.loop.note(`${this.name} ${name}`);
    if (this.calls < this.killAtCall) return true;
    this.loop.note(`${this.name} is killed`);
    this.killAtCall = Number.POSITIVE_INFINITY;
    this.kill();
    return false;
  }
}
