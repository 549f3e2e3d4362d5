import { Random } from '../../src/sandbox/random.js';
import type { Inode } from './disk.js';
import { maxOpenFiles, type SimulatedProcess } from './process.js';
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

function isState(path: string): boolean {
  return /^\/data\/state\/[^/]+\.json$/.test(path);
}

function hasBytes({ bytes }: Inode): boolean {
  return bytes !== undefined && bytes.length > 0;
}

/** Makes the faults of a swarm happen in a world, until they are ended. */
export class Faults {
  /** How many of each kind happened. */
  readonly counts: Record<string, number> = {};
  private diskTroubledUntilMs = 0;
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
    for (const host of hosts) Object.assign(host, { clockErrorMs: 0, maxOpenFiles });
    disk.isFull = false;
    disk.failure = undefined;
    for (const sellerId of this.world.sellerIds) this.grant(sellerId);
  }

  /** Whether a disk is full or fails or a machine has no handles, or just was: programs may end. */
  isDiskTroubled(): boolean {
    return this.world.loop.nowMs <= this.diskTroubledUntilMs;
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
      if (random.chance(0.7)) disk.isFull = true;
      else disk.failure = 'EIO';
      loop.at(this.troubleUntil(random), () => {
        disk.isFull = false;
        disk.failure = undefined;
      });
    },
    bitRot: (random) => {
      const files = this.filesOf(isKept);
      if (files.length === 0) return;
      const [path, inode] = random.pick(files);
      const bytes = Buffer.from(inode.bytes);
      const at = random.integer(0, bytes.length - 1);
      bytes[at] = (bytes[at] ?? 0) ^ (1 << random.integer(0, 7));
      this.damage(path, inode, bytes);
    },
    misdirectedWrites: (random) => {
      const files = this.filesOf(isKept);
      if (files.length < 2) return;
      const [path, inode] = random.pick(files);
      this.damage(path, inode, random.pick(files)[1].bytes);
    },
    stateDamage: (random) => {
      const files = this.filesOf(isState);
      if (files.length === 0) return;
      const [path, inode] = random.pick(files);
      const { bytes } = inode;
      const cut = bytes.subarray(0, random.integer(0, bytes.length - 1));
      const other = random.pick(this.filesOf(() => true))[1].bytes;
      this.damage(path, inode, random.pick([cut, Buffer.alloc(bytes.length), other]));
    },
    stateLosses: (random) => {
      const files = this.filesOf(isState);
      if (files.length === 0) return;
      const lost = random.chance(0.3) ? files : [random.pick(files)];
      for (const [path] of lost) this.world.disk.unlink(path, 'unlink');
      this.world.loop.note(`${lost.length} files of the state are gone`);
    },
    handleShortages: (random) => {
      const host = random.pick(this.world.hosts);
      host.maxOpenFiles = random.integer(0, 4);
      this.world.loop.at(this.troubleUntil(random), () => {
        host.maxOpenFiles = maxOpenFiles;
      });
    },
    verifies: (random) => this.run(random, 'verify', '--repair'),
    reloads: (random) => {
      const { table, reportType } = random.pick([...madeTypes.values()]);
      const everything = ['--status', 'loaded'];
      this.run(random, 'reload', ...random.pick([[table], ['--type', reportType], everything]));
    },
    purges: (random) => this.run(random, 'purge', '--older-than', '36h'),
    powerCuts: (random) => {
      const process = this.replicas.pick(random);
      if (process && random.chance(0.5)) this.killLater(process, random, () => this.cutPower(random));
      else this.cutPower(random);
    },
  };

  /** Draws how long a machine or its disk is in trouble. */
  private troubleUntil(random: Random): number {
    const endMs = this.world.loop.nowMs + random.integer(1, 90) * minuteMs;
    this.diskTroubledUntilMs = Math.max(this.diskTroubledUntilMs, endMs + 10 * minuteMs);
    return endMs;
  }

  /** The files with bytes, by their paths. */
  private filesOf(isWanted: (path: string) => boolean): [string, Inode & { bytes: Buffer }][] {
    return [...this.world.disk.walk('/data')].flatMap(([path, inode]) =>
      isWanted(path) && hasBytes(inode) ? [[path, inode] as const] : [],
    ) as [string, Inode & { bytes: Buffer }][];
  }

  private damage(path: string, inode: Inode, bytes: Buffer): void {
    inode.bytes = bytes;
    inode.synced = bytes;
    this.world.loop.note(`${path} is damaged`);
  }

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
