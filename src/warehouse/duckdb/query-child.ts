import { once } from 'node:events';
import { rmSync, writeFileSync } from 'node:fs';
import { Socket } from 'node:net';
import { createInterface } from 'node:readline';
import { systemClock } from '../../runtime/clock.js';
import type { StreamedAnswer } from '../types.js';
import { withConnection } from './connection.js';
import { queryError, runQuery } from './query.js';
import {
  type QueryMessage,
  type QueryRequest,
  temporaryFolderOf,
  tooMuchMemoryStatus,
} from './query-messages.js';

/**
 * The process in which queries run, started by `query-process.ts`: one request per line on standard
 * input, messages on descriptor 3. It ends when its input ends, even in the middle of a query.
 */
const output = new Socket({ fd: 3, readable: false, writable: true });
const messageCharacters = 64 * 1024;
const watchMs = 100;
let temporaryFolder: string | undefined;

// A terminal signals its whole group; the parent decides when this process ends.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => {});
output.on('error', leave);
preferToBeKilled();
const lines = createInterface({ input: process.stdin });
lines.on('line', (line) => void answer(JSON.parse(line) as QueryRequest));
lines.on('close', leave);

async function answer(request: QueryRequest): Promise<void> {
  const { path, sql, limits, rowsRead = Number.POSITIVE_INFINITY, residentMegabytes, ...access } = request;
  temporaryFolder = temporaryFolderOf(path, process.pid);
  const stopWatching = systemClock.every(watchMs, () => {
    if (process.memoryUsage.rss() > residentMegabytes * 1024 ** 2) process.exit(tooMuchMemoryStatus);
  });
  try {
    await withConnection({ ...access, path, mode: 'read', temporaryFolder }, async (connection) =>
      sendAll(await runQuery(connection, sql, path, limits), rowsRead),
    );
    await send({ isEnd: true });
  } catch (error) {
    const { code, details } = queryError(error, path);
    await send({ code, details });
  } finally {
    stopWatching();
  }
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
  if (temporaryFolder) rmSync(temporaryFolder, { recursive: true, force: true });
  process.kill(process.pid, 'SIGKILL');
}
