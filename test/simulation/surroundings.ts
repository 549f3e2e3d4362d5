import * as realCrypto from 'node:crypto';
import * as realEvents from 'node:events';
import * as realZlib from 'node:zlib';
import { createRequire } from 'node:module';
import { simulateFileSystem } from './node-fs.js';
import type { Disk } from './disk.js';
import { simulateDuckDb } from './duckdb-module.js';
import type { SimulatedProcess, Timer } from './process.js';
import { root, type Surroundings } from './program.js';

const require = createRequire(import.meta.url);
const snappy = require('snappy') as typeof import('snappy');
const cron = require('node-cron') as typeof import('node-cron').default;

/** What the services of a world answer with. */
export interface Services {
  fetch(process: SimulatedProcess, url: string, init: RequestInit): Promise<Response>;
  /** `request` of `node:https`. */
  httpsRequest(process: SimulatedProcess): unknown;
  /** The module `@aws-sdk/client-sqs`. */
  sqs(process: SimulatedProcess): Record<string, unknown>;
  /** How the warehouse is reached. */
  database(process: SimulatedProcess): unknown;
  /** The modules that a real warehouse needs in place of the others. */
  modules?(process: SimulatedProcess): Record<string, unknown>;
}

export interface SurroundingsOptions {
  process: SimulatedProcess;
  disk: Disk;
  services: Services;
  cwd: string;
  env: Record<string, string>;
  isShown: (name: string) => boolean;
}

/** Everything of a machine and a network that the program reaches, simulated. */
export function surround(options: SurroundingsOptions): Surroundings {
  const { process, services, cwd } = options;
  const files = simulateFileSystem({ ...options, programFolder: root, cwd });
  const timers = simulateTimers(process);
  const randomBytes = (length: number) => Buffer.from(hex(process, length * 2), 'hex');
  const https = { request: services.httpsRequest(process) };
  return {
    globals: {
      ...timers.globals,
      fetch: (url: string, init: RequestInit) => services.fetch(process, url, init),
      process: simulateProcess(options),
      Date: simulateDate(process),
      Math: simulateMath(process),
      WebAssembly: sharedWebAssembly,
      performance: { now: () => process.loop.nowMs },
    },
    modules: {
      'node:fs': files.sync,
      'node:fs/promises': files.promises,
      'node:crypto': { ...realCrypto, randomBytes, randomUUID: () => process.random.uuid() },
      'node:os': {
        hostname: () => process.host.name,
        tmpdir: () => '/tmp',
        totalmem: () => 2 ** 34,
        availableParallelism: () => 1,
        uptime: () => (process.loop.nowMs - process.host.bootedMs) / 1000,
      },
      'node:timers/promises': timers.promises,
      'node:events': realEvents,
      'node:https': https,
      'node:http': https,
      // The real ones use threads, which come back in any order.
      'node:zlib': { ...realZlib, createGunzip: undefined },
      snappy: { ...snappy, compress: async (bytes: Buffer) => snappy.compressSync(bytes) },
      // The program finds by the clock what no ticker called back for.
      'node-cron': { ...cron, default: { ...cron, schedule: silentTask }, schedule: silentTask },
      '@duckdb/node-api': simulateDuckDb(process, options.disk),
      '@aws-sdk/client-sqs': services.sqs(process),
      'simulated:database': services.database(process),
      ...services.modules?.(process),
    },
  };
}

function hex(process: SimulatedProcess, digits: number): string {
  let text = '';
  while (text.length < digits) text += process.random.integer(0, 15).toString(16);
  return text;
}

/** One for all: making it takes longer than most events. */
const timeoutError = new DOMException('The operation was aborted due to timeout', 'TimeoutError');

const kernels = new WeakMap<Uint8Array<ArrayBuffer>, WebAssembly.Module>();

/** `WebAssembly` for all processes, which compiles the same bytes once. */
const sharedWebAssembly = {
  Instance: WebAssembly.Instance,
  Module: function compileOnce(bytes: Uint8Array<ArrayBuffer>): WebAssembly.Module {
    const compiled = kernels.get(bytes) ?? new WebAssembly.Module(bytes);
    kernels.set(bytes, compiled);
    return compiled;
  },
};

const silentTask = () => ({ on() {}, start() {}, stop() {}, destroy() {} });

function simulateTimers(process: SimulatedProcess) {
  const clear = (timer: Timer | undefined) => {
    if (!timer) return;
    timer.isCleared = true;
    process.openTimers.delete(timer);
  };
  const set = (work: () => void, ms: number, isRepeated: boolean) => {
    const timer = process.setTimer(
      () => {
        if (!isRepeated) process.openTimers.delete(timer);
        work();
      },
      ms,
      isRepeated,
    );
    process.openTimers.add(timer);
    return timer;
  };
  const sleep = (ms: number, value?: unknown, { signal }: { signal?: AbortSignal } = {}) =>
    new Promise((resolve, reject) => {
      signal?.throwIfAborted();
      const stop = () => {
        clear(timer);
        reject(signal?.reason);
      };
      const timer = set(
        () => {
          signal?.removeEventListener('abort', stop);
          resolve(value);
        },
        ms,
        false,
      );
      signal?.addEventListener('abort', stop, { once: true });
    });
  const timeout = (ms: number) => {
    const controller = new AbortController();
    process.setTimer(() => controller.abort(timeoutError), ms, false);
    return controller.signal;
  };
  return {
    globals: {
      setTimeout: (work: () => void, ms: number) => set(work, ms, false),
      setInterval: (work: () => void, ms: number) => set(work, ms, true),
      setImmediate: (work: () => void) => set(work, 0, false),
      clearTimeout: clear,
      clearInterval: clear,
      AbortSignal: { any: AbortSignal.any.bind(AbortSignal), timeout },
    },
    promises: { setTimeout: sleep, setImmediate: (value?: unknown) => sleep(0, value) },
  };
}

function simulateProcess({ process, cwd, env }: SurroundingsOptions) {
  const isRunning = (pid: number) => process.host.processes.get(pid)?.isAlive;
  const gone = () => Object.assign(new Error('kill ESRCH'), { code: 'ESRCH' });
  return {
    pid: process.pid,
    env: { ...env },
    argv: ['node', 'sp-reports'],
    execArgv: [],
    platform: 'linux',
    version: 'v20.19.0',
    versions: { node: '20.19.0' },
    cwd: () => cwd,
    kill(pid: number) {
      if (!isRunning(pid)) throw gone();
    },
    memoryUsage: () => ({
      rss: 2 ** 28,
      heapUsed: 2 ** 27,
      heapTotal: 2 ** 27,
      external: 0,
      arrayBuffers: 0,
    }),
    nextTick: globalThis.process.nextTick,
    emitWarning() {},
    on() {},
    off() {},
    once() {},
  };
}

/** Only its `now` is of the machine: the program has no other source of time. */
function simulateDate(process: SimulatedProcess) {
  return class SimulatedDate extends Date {
    static override now(): number {
      return process.now();
    }
    static override [Symbol.hasInstance](value: unknown): boolean {
      return Object.prototype.toString.call(value) === '[object Date]';
    }
  };
}

function simulateMath(process: SimulatedProcess): Math {
  const own = Object.getOwnPropertyDescriptors(Math);
  return Object.defineProperties({}, { ...own, random: { value: () => process.random.next() } }) as Math;
}
