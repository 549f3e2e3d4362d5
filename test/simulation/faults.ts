import { Random } from '../../src/sandbox/random.js';
import type { SimulatedProcess } from './process.js';
import type { Replicas } from './replicas.js';
import { madeTypes } from './report-contents.js';
import { faultKinds, type Swarm } from './swarm.js';
import type { World } from './world.js';

const minuteMs = 60_000;
const hourMs = 60 * minuteMs;
const dayMs = 24 * hourMs;

/** Whether a file is one of those that hashes protect. */
function isKept(path: string): boolean {
  return /^\/data\/(raw|lake)\//.test(path) && !/\.(part|part\.json|lock)$/.test(path);
}

/** Makes the faults of a swarm happen in a world, until they are ended. */
export class Faults {
  /** How many of each kind happened. */
  readonly counts: Record<string, number> = {};
  /** Whether the disk is full or fails: then a program may end by itself. */
  isDiskTroubled = false;

  private isOver = false;

  constructor(
    private readonly world: World,
    private readonly replicas: Replicas,
    private readonly swarm: Swarm,
    private readonly seed: number,
  ) {}

  begin(): void {
    const { world, swarm } = this;
    const { network, queue, amazon } = world;
    network.rates = { lostRequests: swarm.lostRequests ?? 0, lostAnswers: swarm.lostAnswers ?? 0 };
    queue.rates = { duplicates: swarm.duplicates ?? 0 };
    amazon.rates = {
      ...amazon.rates,
      lostNotifications: swarm.lostNotifications ?? 0,
      doubleNotifications: swarm.doubleNotifications ?? 0,
      lateNotifications: swarm.lateNotifications ?? 0,
      brokenDownloads: swarm.brokenDownloads ?? 0,
    };
    const random = this.randomOf('clockErrorMs');
    for (const host of world.hosts) host.clockErrorMs = (random.next() * 2 - 1) * (swarm.clockErrorMs ?? 0);
    for (const [kind, happen] of Object.entries(this.kinds)) this.repeat(kind as keyof Swarm, happen);
  }

  /** Ends all faults. What they left behind stays. */
  end(): void {
    this.isOver = true;
    const { network, queue, amazon, hosts, disk } = this.world;
    network.rates = { lostRequests: 0, lostAnswers: 0 };
    network.conditions.clear();
    network.cutOff.clear();
    queue.rates = { duplicates: 0 };
    amazon.rates = { ...amazon.rates, lostNotifications: 0, lateNotifications: 0, brokenDownloads: 0 };
    for (const host of hosts) host.clockErrorMs = 0;
    disk.isFull = false;
    disk.failure = undefined;
    this.isDiskTroubled = false;
    for (const sellerId of this.world.sellerIds) this.grant(sellerId);
  }

  private readonly kinds: { [kind in keyof Swarm]?: (random: Random) => void } = {
    kills: (random) => {
      const process = this.replicas.pick(random);
      if (process) this.killLater(process, random);
    },
    stops: (random) => this.replicas.stopOne(random),
    pauses: (random) => {
      const process = this.replicas.pick(random);
      if (process) process.pausedUntilMs = this.world.loop.nowMs + random.integer(1, 60) * minuteMs;
    },
    clockJumps: (random) => {
      const host = random.pick(this.world.hosts);
      host.clockErrorMs +=
        random.pick([-1, 1]) * random.pick([minuteMs, hourMs, 30 * hourMs]) * random.next();
    },
    outages: (random) => {
      const { network, loop } = this.world;
      const service = random.pick(['amazon', 'login', 'documents', 'queue', 'database'] as const);
      network.conditions.set(service, random.pick(['slow', 'silent', 'failing'] as const));
      loop.after(random.integer(1, 120) * minuteMs, () => network.conditions.delete(service));
    },
    partitions: (random) => {
      const { network, loop, hosts } = this.world;
      const { name } = random.pick(hosts);
      network.cutOff.add(name);
      loop.after(random.integer(1, 60) * minuteMs, () => network.cutOff.delete(name));
    },
    quotaChanges: (random) => {
      const { plans } = this.world.amazon;
      const operation = random.pick(['getReport', 'getReports', 'getReportDocument', 'createReport']);
      const plan = plans[operation];
      if (plan) plan.callsPerSecond *= random.pick([0.5, 0.8, 1.25, 2]);
    },
    revocations: (random) => {
      const sellerId = random.pick(this.world.sellerIds);
      const seller = this.world.amazon.state.sellers.get(sellerId);
      if (seller) seller.credentials.refreshToken = 'revoked';
      this.world.loop.after(random.integer(1, 10) * hourMs, () => this.grant(sellerId));
    },
    diskTrouble: (random) => {
      const { disk, loop } = this.world;
      this.isDiskTroubled = true;
      if (random.chance(0.7)) disk.isFull = true;
      else disk.failure = 'EIO';
      loop.after(random.integer(1, 90) * minuteMs, () => {
        disk.isFull = false;
        disk.failure = undefined;
        loop.after(10 * minuteMs, () => {
          this.isDiskTroubled = false;
        });
      });
    },
    bitRot: (random) => {
      const files = [...this.world.disk.walk('/data')].filter(([path]) => isKept(path));
      if (files.length === 0) return;
      const [path, inode] = random.pick(files);
      const bytes = Buffer.from(inode.bytes ?? []);
      if (bytes.length === 0) return;
      const at = random.integer(0, bytes.length - 1);
      bytes[at] = (bytes[at] ?? 0) ^ (1 << random.integer(0, 7));
      inode.bytes = bytes;
      inode.synced = bytes;
      this.world.loop.note(`bit rot in ${path}`);
    },
    verifies: (random) => this.run(random, 'verify', '--repair'),
    reloads: (random) => this.run(random, 'reload', random.pick([...madeTypes.values()]).table),
    purges: (random) => this.run(random, 'purge', '--older-than', '36h'),
    powerCuts: (random) => {
      const process = this.replicas.pick(random);
      if (process && random.chance(0.5)) this.killLater(process, random, () => this.cutPower(random));
      else this.cutPower(random);
    },
  };

  private cutPower(random: Random): void {
    for (const host of this.world.hosts) {
      for (const each of [...host.processes.values()]) each.kill();
      host.bootedMs = this.world.loop.nowMs;
    }
    const damaged = this.world.disk.cutPower(random);
    this.world.loop.note(`power cut, ${damaged.length} damaged`);
  }

  /** Kills a process in the midst of what it does next. */
  private killLater(process: SimulatedProcess, random: Random, then = () => {}, maxCalls = 60): void {
    const { onKilled } = process;
    process.killAtCall = process.calls + random.integer(1, maxCalls);
    process.onKilled = () => {
      onKilled();
      then();
    };
  }

  /** Somebody runs a command, which may not come to its end. */
  private run(random: Random, ...args: string[]): void {
    const { process } = this.world.run(random.pick(this.world.hosts), args);
    const cut = (this.swarm.powerCuts ?? 0) > 0 ? () => this.cutPower(random) : undefined;
    if ((cut || (this.swarm.kills ?? 0) > 0) && random.chance(0.4)) this.killLater(process, random, cut, 600);
  }

  private grant(sellerId: string): void {
    const seller = this.world.amazon.state.sellers.get(sellerId);
    if (seller) seller.credentials.refreshToken = `Atzr|${sellerId}`;
  }

  private repeat(kind: keyof Swarm, happen: (random: Random) => void): void {
    const perDay = this.swarm[kind] ?? 0;
    if (perDay === 0) return;
    const random = this.randomOf(kind);
    const next = () =>
      this.world.loop.after(-Math.log(1 - random.next()) * (dayMs / perDay), () => {
        if (this.isOver) return;
        this.counts[kind] = (this.counts[kind] ?? 0) + 1;
        this.world.loop.note(kind);
        happen(random);
        next();
      });
    next();
  }

  /** Each kind has numbers of its own, so that the others stay as they are without it. */
  private randomOf(kind: keyof Swarm): Random {
    return new Random(Math.imul(this.seed, 0x27d4eb2f) + faultKinds.indexOf(kind));
  }
}
