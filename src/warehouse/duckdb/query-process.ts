import { type ChildProcess, spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { setPriority, totalmem } from 'node:os';
import type { Socket } from 'node:net';
import type { Readable, Writable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { systemClock } from '../../runtime/clock.js';
import { ReportsError } from '../../errors/reports-error.js';
import type { ResultChunk, StreamedAnswer } from '../types.js';
import { queryFailed } from './query-failure.js';
import { type QueryMessage, type QueryRequest, tooMuchMemoryStatus } from './query-messages.js';
import { spillFolder } from './spill-folders.js';

/**
 * Runs a query in a separate process, so that a crash does not reach this one. Kills the process
 * when the signal is aborted, when it takes too much memory, and when `read` ends before the answer
 * does; then resolves only after the process has ended and its lock is gone. Keeps one process for
 * the next query. Errors: the signal's reason, those of `runQuery` and of opening the file;
 * QUERY_FAILED also if it takes too much memory or crashes.
 */
export async function queryInProcess<T>(
  asked: Omit<QueryRequest, 'residentMegabytes'>,
  read: (answer: StreamedAnswer) => Promise<T>,
  signal: AbortSignal,
): Promise<T> {
  signal.throwIfAborted();
  const residentMegabytes = (asked.memoryLimitMegabytes ?? duckDbsOwnMegabytes()) + besideDuckDbMegabytes;
  const request = { ...asked, residentMegabytes };
  const worker = takeIdle() ?? startWorker();
  let killed: { error: unknown } | undefined;
  const kill = (error: unknown) => {
    killed ??= { error };
    worker.process.kill('SIGKILL');
  };
  const onAbort = () => kill(signal.reason);
  signal.addEventListener('abort', onAbort);
  const stopWatching = systemClock.every(watchMs, () => {
    if (residentNow(worker) > residentMegabytes) kill(tooMuchMemory(request));
  });
  const state = { isReusable: false };
  try {
    worker.input.write(`${JSON.stringify(request)}\n`);
    const messages = answerMessages(worker, request, state);
    const { value: first } = await messages.next();
    if (!first || !('columns' in first)) throw new Error('the process for queries sent no columns');
    return await read({ columns: first.columns, groups: rowGroups(messages) });
  } catch (error) {
    throw killed ? killed.error : error;
  } finally {
    stopWatching();
    signal.removeEventListener('abort', onAbort);
    if (state.isReusable && !killed) keepIdle(worker);
    else await end(worker, request.path);
  }
}

/** Starts the process before a query comes, so that the query need not wait for it. */
export function startAhead(): void {
  if (!idle) keepIdle(startWorker());
}

/** Node itself, and the values on their way from DuckDB to JSON. */
const besideDuckDbMegabytes = 768;
const heapMegabytes = 512;
const watchMs = 100;
const idleMs = 60_000;
/** A process that took more is not kept. */
const keptMegabytes = 400;
/** A message has at least one row. A row of a cut answer is hardly longer than its limit. */
const messageBytes = 256 * 1024 ** 2;

/** DuckDB's own share of the memory without a setting. */
function duckDbsOwnMegabytes(): number {
  return (totalmem() * 0.8) / 1024 ** 2;
}

interface Worker {
  process: ChildProcess;
  input: Writable;
  /** One reader for all queries of the process. */
  output: AsyncIterator<Buffer>;
  sockets: Socket[];
  /** The last part of its standard error. */
  lastWords: string;
  /** Resolves when it has ended, with how. */
  gone: Promise<{ status: number | null; signal: NodeJS.Signals | null; error?: Error }>;
}

function startWorker(): Worker {
  const entry = fileURLToPath(new URL(`./query-child${import.meta.url.slice(-3)}`, import.meta.url));
  const loader = entry.endsWith('.ts') ? loaderOptions() : [];
  const child = spawn(process.execPath, [...loader, `--max-old-space-size=${heapMegabytes}`, entry], {
    stdio: ['pipe', 'ignore', 'pipe', 'pipe'],
    env: plainEnvironment(),
    windowsHide: true,
  });
  const [input, , errors, output] = child.stdio as unknown as [Socket, null, Socket, Socket];
  const worker: Worker = {
    process: child,
    input,
    output: (output as Readable).iterator({ destroyOnReturn: false }) as AsyncIterator<Buffer>,
    sockets: [input, errors, output],
    lastWords: '',
    gone: new Promise((resolve) => {
      child.once('exit', (status, signal) => resolve({ status, signal }));
      child.once('error', (error) => resolve({ status: null, signal: null, error }));
    }),
  };
  errors.on('data', (text: Buffer) => {
    worker.lastWords = `${worker.lastWords}${text}`.slice(-4000);
  });
  // The reason of its end is in the last part of its output.
  for (const socket of worker.sockets) socket.on('error', () => {});
  void worker.gone.then(() => {
    if (idle?.worker === worker) idle = undefined;
  });
  try {
    // The work of this process has priority.
    if (child.pid !== undefined) setPriority(child.pid, 10);
  } catch {
    // It has ended already, or its priority may not be lowered.
  }
  return worker;
}

/** For a program that is not built yet: those options of this process that load TypeScript. */
function loaderOptions(): string[] {
  const { execArgv } = process;
  return execArgv.flatMap((option, index) => {
    if (/^--(import|require|loader)=/.test(option)) return [option];
    return /^(--import|--require|--loader|-r)$/.test(option) ? [option, execArgv[index + 1] ?? ''] : [];
  });
}

/** Without secrets. */
function plainEnvironment(): NodeJS.ProcessEnv {
  const names = ['PATH', 'SystemRoot', 'TMPDIR', 'TEMP', 'TMP', 'LD_LIBRARY_PATH', 'DYLD_LIBRARY_PATH'];
  return Object.fromEntries(
    names.flatMap((name) => (process.env[name] === undefined ? [] : [[name, process.env[name]]])),
  );
}

let idle: { worker: Worker; stopTimer: () => void } | undefined;

function takeIdle(): Worker | undefined {
  if (!idle) return undefined;
  const { worker, stopTimer } = idle;
  idle = undefined;
  stopTimer();
  worker.process.ref();
  for (const socket of worker.sockets) socket.ref();
  return worker;
}

/** It neither keeps this process alive nor outlives it. */
function keepIdle(worker: Worker): void {
  if (idle || residentNow(worker) > keptMegabytes) {
    worker.process.kill('SIGKILL');
    return;
  }
  worker.process.unref();
  for (const socket of worker.sockets) socket.unref();
  const stopTimer = systemClock.every(idleMs, () => worker.process.kill('SIGKILL'));
  void worker.gone.then(stopTimer);
  idle = { worker, stopTimer };
}

async function end(worker: Worker, path: string): Promise<void> {
  worker.process.kill('SIGKILL');
  await worker.gone;
  await rm(spillFolder(path, worker.process.pid), { recursive: true, force: true });
}

/**
 * The memory that it takes, in megabytes; 0 if that is unknown from outside, and only the process
 * itself checks it.
 */
function residentNow({ process: { pid } }: Worker): number {
  try {
    const status = readFileSync(`/proc/${pid}/status`, 'utf8');
    return Number(/^VmRSS:\s+(\d+) kB/m.exec(status)?.[1] ?? 0) / 1024;
  } catch {
    return 0;
  }
}

/**
 * The messages until the end of the answer. Errors: that of an error message; how the process ended
 * if it ended first.
 */
async function* answerMessages(
  worker: Worker,
  request: QueryRequest,
  state: { isReusable: boolean },
): AsyncGenerator<QueryMessage> {
  for await (const line of lines(worker.output, request.limits ? 8 * request.limits.bytes : messageBytes)) {
    const message = JSON.parse(line) as QueryMessage;
    if ('isClosed' in message) state.isReusable = message.isClosed;
    if ('code' in message) throw new ReportsError(message.code, message.details);
    if ('isEnd' in message) return;
    yield message;
  }
  const { status, signal, error } = await worker.gone;
  if (error) throw error;
  if (status === tooMuchMemoryStatus || /heap out of memory/.test(worker.lastWords))
    throw tooMuchMemory(request);
  throw queryFailed(`it ended the process that ran it (${signal ?? `exit status ${status}`})`);
}

function tooMuchMemory({ residentMegabytes }: QueryRequest): ReportsError {
  return queryFailed(`it took more than ${Math.round(residentMegabytes)} MB of memory`);
}

/**
 * Lines of at most this many bytes. Reads no further than the requested line. Errors: QUERY_FAILED
 * for a longer one.
 */
async function* lines(output: AsyncIterator<Buffer>, longest: number): AsyncGenerator<string> {
  let parts: Buffer[] = [];
  let bytes = 0;
  for (;;) {
    const { value: chunk, done } = await output.next();
    if (done) return;
    let from = 0;
    for (let at = chunk.indexOf(10); at >= 0; at = chunk.indexOf(10, from)) {
      parts.push(chunk.subarray(from, at));
      yield Buffer.concat(parts).toString('utf8');
      parts = [];
      bytes = 0;
      from = at + 1;
    }
    parts.push(chunk.subarray(from));
    bytes += chunk.length - from;
    if (bytes > longest) throw queryFailed(`a row of it has more than ${Math.round(longest / 1e6)} MB`);
  }
}

async function* rowGroups(messages: AsyncGenerator<QueryMessage>): AsyncGenerator<ResultChunk> {
  for await (const message of messages) {
    if (!('rows' in message)) continue;
    yield { count: message.count, rows: (from, to) => message.rows.slice(from, to) };
  }
}
