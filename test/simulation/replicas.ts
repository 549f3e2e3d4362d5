import type { Random } from '../../src/sandbox/random.js';
import type { Host, SimulatedProcess } from './process.js';
import type { World } from './world.js';

interface Replica {
  host: Host;
  process?: SimulatedProcess;
  stop?(): void;
  /** When it got a stop signal; undefined if it did not. */
  stoppedMs?: number;
}

/** Keeps `sp-reports start` running on each machine, as a supervisor does. */
export class Replicas {
  /** How many processes there were. */
  starts = 0;

  private readonly replicas: Replica[];
  private readonly random: Random;

  constructor(
    private readonly world: World,
    /** Called when a program ends that nobody killed or stopped. */
    private readonly onEnded: (process: SimulatedProcess, code: number) => void,
  ) {
    this.random = world.random;
    this.replicas = world.hosts.map((host) => ({ host }));
  }

  begin(): void {
    for (const replica of this.replicas) this.start(replica);
  }

  /** One that runs now; undefined if none does. */
  pick(random: Random): SimulatedProcess | undefined {
    return random.pick(this.replicas).process;
  }

  stopOne(random: Random): void {
    const replica = random.pick(this.replicas);
    if (!replica.process || replica.stoppedMs !== undefined) return;
    replica.stoppedMs = this.world.loop.nowMs;
    replica.stop?.();
  }

  killAll(): void {
    for (const { process } of this.replicas) process?.kill();
  }

  private start(replica: Replica): void {
    const { process, ended, stop } = this.world.run(replica.host, ['start', '--log-level', 'warn']);
    this.starts += 1;
    Object.assign(replica, { process, stop, stoppedMs: undefined });
    void ended.then((code) => {
      if (code !== undefined && replica.stoppedMs === undefined) this.onEnded(process, code);
      replica.process = undefined;
      this.world.loop.after(this.random.integer(1, 600) * 1000, () => this.start(replica));
    });
  }
}
