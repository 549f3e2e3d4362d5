import { readdirSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { bootId } from '../../src/runtime/boot-id.js';
import type { Random } from '../../src/sandbox/random.js';
import { type Ran, runInChild } from '../ingest/world.js';
import { type MountedDisk, mountLossyDisk } from './mount-lossy-disk.js';

/** What power cuts did, by what they cut off: a command, and what it was doing to its files. */
export interface CutCounts {
  cuts: Record<string, number>;
  /** Changes of files that were lost. */
  changesLost: number;
  /** Restarts that found a warehouse file that does not open, and made it again. */
  remade: number;
  /** What is not as it must be. */
  problems: string[];
}

interface Place {
  env: NodeJS.ProcessEnv;
  /** All that the program writes is in its folder `data`. */
  folder: string;
}

/** How many changes a command is expected to make before it has run once. */
const usualChanges = 60;

/** The real program on a machine that loses its power. */
export class Machine {
  /** How many changes a command makes, by its name; as of its last run. */
  private readonly changes = new Map<string, number>();

  private constructor(
    private readonly place: Place,
    private readonly disk: MountedDisk,
    private readonly random: Random,
    private readonly counts: CutCounts,
  ) {}

  /** Undefined, with the reason printed, if this machine can't mount the disk. */
  static async start(place: Place, random: Random, counts: CutCounts): Promise<Machine | undefined> {
    const disk = await mountLossyDisk(join(place.folder, 'data'));
    return disk && new Machine(place, disk, random, counts);
  }

  stop(): Promise<void> {
    return this.disk.unmount();
  }

  /**
   * Runs a command, cuts the power at a random change of its files, or after its end if it ends
   * before, and restarts.
   */
  async runWithCut(args: string[]): Promise<void> {
    const command = args[0] ?? '';
    const usual = this.changes.get(command) ?? usualChanges;
    await this.disk.plan(1 + Math.floor(this.random.next() * usual * 1.2));
    const seed = this.random.integer(1, 2 ** 31);
    let restarted: Promise<number> | undefined;
    let cutOff = 'nothing';
    const ran = await runInChild(
      args,
      { env: this.place.env, cwd: this.place.folder },
      () => {},
      (child) => {
        void this.disk.cut().then((operation) => {
          cutOff = operation;
          child.kill('SIGKILL');
          restarted = this.disk.restart(seed);
        });
      },
    );
    if (!restarted) {
      this.changes.set(command, await this.disk.plan());
      this.judge(args, ran);
      restarted = this.disk.restart(seed);
    }
    this.counts.changesLost += await restarted;
    reboot(join(this.place.folder, 'data'));
    const name = `${command}: ${cutOff}`;
    this.counts.cuts[name] = (this.counts.cuts[name] ?? 0) + 1;
    if (/the file was set aside as/.test(ran.stderr)) this.counts.remade += 1;
  }

  /** Runs a command to its end. */
  async run(args: string[]): Promise<void> {
    await this.disk.plan();
    this.judge(
      args,
      await runInChild(
        args,
        { env: this.place.env, cwd: this.place.folder },
        () => {},
        () => {},
      ),
    );
  }

  private judge(args: string[], { code, stdout, stderr }: Ran): void {
    // Nothing is unloaded.
    if (code === 1 && args[0] === 'reload' && stderr.includes('NOT_LOADED')) return;
    if (code !== 0) this.counts.problems.push(`${args.join(' ')}: exit code ${code}: ${stdout}${stderr}`);
  }
}

/**
 * A restarted machine has another boot id than the one that unfinished downloads name, and starting
 * it took some time, for which a lock without a holder's name is waited for. A lost quota plan
 * would make calls wait for minutes: test/commands/state-files.test.ts has what becomes of it.
 */
function reboot(folder: string): void {
  rmSync(join(folder, 'state', 'quota.json'), { force: true });
  const minuteAgo = new Date(Date.now() - 60_000);
  for (const name of readdirSync(folder, { recursive: true, encoding: 'utf8' })) {
    const path = join(folder, name);
    if (name.endsWith('.lock')) utimesSync(path, minuteAgo, minuteAgo);
    if (!name.endsWith('.part.json')) continue;
    const text = readFileSync(path, 'utf8');
    writeFileSync(path, text.replaceAll(bootId(), 'an earlier boot'), { flush: true });
  }
}
