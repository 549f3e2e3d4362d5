import { join } from 'node:path';
import { Writable } from 'node:stream';
import { Random } from '../../src/sandbox/random.js';
import { SimulatedAmazon } from './amazon.js';
import { Disk } from './disk.js';
import { EventLoop } from './event-loop.js';
import { type DatabaseState, emptyDatabase } from './memory-warehouse/database.js';
import { Network } from './network.js';
import { type Host, maxOpenFiles, SimulatedProcess } from './process.js';
import { addProgramFile } from './node-fs.js';
import { type Program, root } from './program.js';
import { SimulatedQueue } from './queue.js';
import { madeTypes } from './report-contents.js';
import type { RealWarehouse } from './real-warehouses/real-warehouse.js';
import { environment, settingsText } from './settings.js';
import { surround } from './surroundings.js';

export interface WorldOptions {
  seed: number;
  program: Program;
  sellers: number;
  /** Machines that run `start` on the same folders. */
  replicas: number;
  startMs: number;
  /** Opens the real warehouse that takes the place of the one in memory. */
  openReal?: (world: World) => RealWarehouse;
}

/** A command that runs. */
export interface Started {
  process: SimulatedProcess;
  /** The exit code; undefined if the process was killed. */
  ended: Promise<number | undefined>;
  /** Sends a stop signal. */
  stop(): void;
  /** What it has printed. */
  output: string[];
}

const dataFolder = '/data';

const lastWorkMs = 2000;

/** Longer than a real warehouse takes to read all. */
const maxReadMs = 86_400_000;

/** The transactions that change something. */
const changes = new Set(['commit', 'removePersonalData', 'markPurged']);

/** The services, the disk and the machines of one simulated world, without any faults yet. */
export class World {
  readonly random: Random;
  readonly loop: EventLoop;
  readonly network: Network;
  readonly queue: SimulatedQueue;
  readonly amazon: SimulatedAmazon;
  readonly disk: Disk;
  readonly database: DatabaseState = emptyDatabase();
  readonly hosts: Host[];
  readonly sellerIds: string[];
  /** The last lines that the programs logged. */
  readonly log: string[] = [];
  readonly real: RealWarehouse | undefined;
  onDatabaseChanged = () => {};
  /** A real warehouse did something else than the one in memory would have. */
  onDisagreement = (_text: string) => {};
  /** A process that was not killed ends. */
  onEnded = (_process: SimulatedProcess) => {};
  onUnhandled = (_error: unknown) => {};

  private nextPid = 100;

  constructor(private readonly options: WorldOptions) {
    const { seed, sellers, replicas, startMs } = options;
    const stream = (number: number) =>
      new Random(Math.imul(seed, 0x9e3779b1) + Math.imul(number, 0x85ebca6b));
    this.random = stream(0);
    this.loop = new EventLoop(startMs, stream(1));
    this.network = new Network(stream(2));
    this.queue = new SimulatedQueue(this.loop, stream(3), this.network);
    this.sellerIds = Array.from({ length: sellers }, (_, index) => `A${index + 1}SELLER`);
    this.amazon = new SimulatedAmazon(this.loop, stream(4), this.network, this.queue, this.sellerIds);
    this.disk = new Disk(() => this.loop.nowMs);
    this.hosts = Array.from({ length: replicas }, (_, index) => ({
      name: `host${index + 1}`,
      clockErrorMs: 0,
      bootedMs: startMs,
      maxOpenFiles,
      processes: new Map(),
    }));
    this.disk.makeFolder('/tmp', 'mkdir');
    this.disk.makeFolder(dataFolder, 'mkdir');
    this.real = options.openReal?.(this);
    const settings = this.disk.makeFile(`${dataFolder}/pipelines.yaml`, 'open');
    this.disk.write(
      settings,
      Buffer.from(settingsText(this.sellerIds, this.real?.settings)),
      0,
      'pipelines.yaml',
    );
    this.disk.syncAll();
  }

  /** Reads what a real warehouse has now. */
  async refresh(): Promise<void> {
    if (!this.real) return;
    let isDone = false;
    void this.real.refresh().finally(() => {
      isDone = true;
    });
    await this.loop.run(this.loop.nowMs + maxReadMs, () => isDone);
  }

  /** Starts a command on a machine. */
  run(host: Host, args: string[]): Started {
    const process = new SimulatedProcess(host, this.nextPid++, this.loop, this.random);
    const { program } = this.options;
    const env = { ...environment(this.sellerIds), ...this.real?.env };
    let onStop = () => {};
    const output: string[] = [];
    const openOutput = () =>
      new Writable({
        write: (line: Buffer, _encoding, done) => {
          if (args[0] !== 'start') output.push(line.toString());
          this.keepLine(`${process.name} ${line.toString().trimEnd()}`);
          done();
        },
      });
    const { runCli, compiledJson } = program.start(
      surround({
        process,
        disk: this.disk,
        cwd: dataFolder,
        env,
        isShown: (name) => madeTypes.has(name.replace('.yaml', '')),
        services: {
          fetch: (...call) => this.amazon.fetch(...call),
          httpsRequest: (of) => this.amazon.httpsRequest(of),
          sqs: (of) => this.queue.client(of),
          database: (of) => ({ link: this.real?.link(of) ?? this.databaseLink(of) }),
          modules: (of) => this.real?.modules(of) ?? {},
        },
      }),
    );
    // Reading the schemas would take most of the time of a start.
    this.loop.after(1000, () => {
      if (process.isAlive) addProgramFile(join(root, 'src/schema/compiled.json'), compiledJson());
      return false;
    });
    const ended = new Promise<number | undefined>((resolve) => {
      const { onKilled } = process;
      process.onKilled = () => {
        onKilled();
        resolve(undefined);
      };
      runCli(args, {
        stdout: openOutput(),
        stderr: openOutput(),
        env,
        cwd: dataFolder,
        onStopSignal: (callback) => {
          onStop = callback;
          return () => {};
        },
      }).then(
        // What goes on without being waited for has its time, as in Node.
        (code) => {
          const end = () => {
            this.onEnded(process);
            process.end();
            resolve(code);
          };
          process.setTimer(end, lastWorkMs, false);
        },
        this.onUnhandled,
      );
    });
    return { process, ended, output, stop: () => process.isAlive && onStop() };
  }

  private keepLine(line: string): void {
    this.log.push(`${new Date(this.loop.nowMs).toISOString()} ${line}`);
    if (this.log.length > 400) this.log.splice(0, 200);
  }

  private databaseLink(process: SimulatedProcess) {
    const run = <T>(
      name: string,
      work: (state: DatabaseState) => T | Promise<T>,
      unreachable: () => unknown,
    ) =>
      this.network.send<T>(process, 'database', {
        name,
        signal: timeoutOf(process, 60_000),
        failure: unreachable,
        handle: (answer) => {
          // It waits for nothing of the world, so that nothing happens in between.
          Promise.resolve(this.database)
            .then(work)
            .then(
              (result) => {
                if (changes.has(name)) this.onDatabaseChanged();
                answer(() => result);
              },
              (error: unknown) =>
                answer(() => {
                  throw error;
                }),
            );
        },
      });
    return { run };
  }
}

function timeoutOf(process: SimulatedProcess, ms: number): AbortSignal {
  const controller = new AbortController();
  process.setTimer(() => controller.abort(new Error('no answer')), ms, false);
  return controller.signal;
}
