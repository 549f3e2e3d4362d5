import { once } from 'node:events';
import { readdirSync, readlinkSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { Socket } from 'node:net';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { systemClock } from '../../runtime/clock.js';
import type { StreamedAnswer } from '../types.js';
import { withConnection } from './connection.js';
import { queryError, runQuery } from './query.js';
import { type QueryMessage, type QueryRequest, tooMuchMemoryStatus } from './query-messages.js';
import { spillFolder } from './spill-folders.js';

/**
 * The process in which queries run, started by `query-process.ts`: one request per line on standard
 * input, messages on descriptor 3. It ends when its input ends, even in the middle of a query.
 */
const output = new Socket({ fd: 3, readable: false, writable: true });
const messageCharacters = 64 * 1024;
const watchMs = 100;
let spills: string | undefined;

// A terminal signals its whole group; the parent decides when this process ends.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => {});
output.on('error', leave);
preferToBeKilled();
const lines = createInterface({ input: process.stdin });
lines.on('line', (line) => void answer(JSON.parse(line) as QueryRequest));
lines.on('close', leave);

async function answer(request: QueryRequest): Promise<void> {
  const { path, sql, limits, rowsRead = Number.POSITIVE_INFINITY, residentMegabytes, ...access } = request;
  spills = spillFolder(path);
  const stopWatching = systemClock.every(watchMs, () => {
    if (process.memoryUsage.rss() > residentMegabytes * 1024 ** 2) process.exit(tooMuchMemoryStatus);
  });
  try {
    await withConnection({ ...access, path, mode: 'read' }, async (connection) =>
      sendAll(await runQuery(connection, sql, path, limits), rowsRead),
    );
    await send({ isEnd: true, isClosed: await isClosed(path) });
  } catch (error) {
    const { code, details } = queryError(error, path);
    await send({ code, details, isClosed: await isClosed(path) });
  } finally {
    stopWatching();
  }
}

/**
 * Whether this process no longer has the file open. DuckDB may keep it open, and its lock, after
 * the instance was closed: then this process must not live on. Only Linux can tell.
 */
async function isClosed(path: string): Promise<boolean> {
  if (process.platform !== 'linux') return false;
  const file = realpathOf(path);
  const maxChecks = 5;
  for (let check = 0; check < maxChecks; check += 1) {
    if (!openFiles().some((open) => open.startsWith(file))) return true;
    await systemClock.sleep(2 ** check);
  }
  return false;
}

function realpathOf(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    return path;
  }
}

function openFiles(): string[] {
  const folder = '/proc/self/fd';
  return readdirSync(folder).flatMap((name) => {
    try {
      return [readlinkSync(join(folder, name))];
    } catch {
      // The one by which the folder was read is closed again.
      return [];
    }
  });
}

async function sendAll({ columns, groups }: StreamedAnswer, rowsRead: number): Promise<void> {
  await send({ columns });
  let left = rowsRead;
  for await (const { count, rows } of groups) {
    const read = Math.min(left, count);
    left -= read;
    let texts: string[] = [];
    let characters = 0;
    const flush = async (more = 0) => {
      await write(`{"rows":[${texts.join(',')}],"count":${texts.length + more}}\n`);
      texts = [];
      characters = 0;
    };
    // One by one: all rows of a group together may be far more than a message should contain.
    for (let index = 0; index < read; index += 1) {
      const text = JSON.stringify(rows(index, index + 1)[0]);
      texts.push(text);
      characters += text.length;
      if (characters > messageCharacters) await flush();
    }
    if (texts.length > 0 || count > read) await flush(count - read);
  }
}

function send(message: QueryMessage): Promise<void> {
  return write(`${JSON.stringify(message)}\n`);
}

async function write(text: string): Promise<void> {
  if (!output.write(text)) await once(output, 'drain');
}

/** If the machine runs out of memory, Linux ends this process before any other. */
function preferToBeKilled(): void {
  try {
    writeFileSync('/proc/self/oom_score_adj', '1000');
  } catch {
    // Other systems have no such file.
  }
}

/** Ends at once: a normal exit would wait for the query. */
function leave(): void {
  if (spills) rmSync(spills, { recursive: true, force: true });
  process.kill(process.pid, 'SIGKILL');
}
