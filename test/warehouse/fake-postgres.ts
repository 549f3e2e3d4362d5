import { createServer, type Socket } from 'node:net';
import type { AddressInfo } from 'node:net';
import type { Clock } from '../../src/runtime/clock.js';

/**
 * What a fake server answers to every statement: rows of text, an error, or for a COPY that it
 * takes rows: `onData` gets the bytes of each message, and may return an error.
 */
export type FakeAnswer =
  | { rows: string[][] }
  | FakeError
  | { onData: (bytes: Buffer) => FakeError | undefined };

interface FakeError {
  sqlState: string;
  message: string;
}

/**
 * Works with a server on loopback that speaks as much of PostgreSQL's protocol as a client needs to
 * log in and to run a statement, and has no TLS. `answer` gets each statement.
 */
export async function withFakePostgres<T>(
  answer: (sql: string) => FakeAnswer,
  work: (url: string) => Promise<T>,
): Promise<T> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => {});
    serve(socket, answer);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  try {
    return await work(`postgres://u:p@127.0.0.1:${(server.address() as AddressInfo).port}/d`);
  } finally {
    for (const socket of sockets) socket.destroy();
    server.close();
  }
}

/** A clock on which waiting takes no time. */
export function hastyClock(): Clock {
  let nowMs = 0;
  return {
    now: () => nowMs,
    async sleep(ms) {
      nowMs += ms;
    },
    every: () => () => {},
  };
}

const sslRequest = 80_877_103;

function serve(socket: Socket, answer: (sql: string) => FakeAnswer): void {
  let buffer = Buffer.alloc(0);
  let isStarted = false;
  let sql = '';
  let copying: { onData: (bytes: Buffer) => FakeError | undefined; error?: FakeError } | undefined;
  const ready = message('Z', Buffer.from('I'));
  socket.on('data', (chunk) => {
    buffer = Buffer.concat([buffer, chunk]);
    for (;;) {
      const headerBytes = isStarted ? 5 : 4;
      if (buffer.length < headerBytes) return;
      const bytes = buffer.readInt32BE(headerBytes - 4) + headerBytes - 4;
      if (buffer.length < bytes) return;
      const type = isStarted ? String.fromCharCode(buffer[0] ?? 0) : '';
      const body = buffer.subarray(headerBytes, bytes);
      buffer = buffer.subarray(bytes);
      if (!isStarted) {
        if (body.readInt32BE(0) === sslRequest) socket.write('N');
        else {
          isStarted = true;
          socket.write(Buffer.concat([message('R', int32(0)), ready]));
        }
      } else if (type === 'Q') {
        const begun = body.toString().replace(/\0$/, '');
        const answered = answer(begun);
        if ('onData' in answered) {
          copying = { ...answered };
          socket.write(message('G', Buffer.concat([Buffer.from([1]), int16(0)])));
          continue;
        }
        const reply = /^(BEGIN|SET) /.test(begun) ? completed('SET') : replyTo(answered, false);
        socket.write(Buffer.concat([reply, ready]));
      } else if (type === 'd' && copying && !copying.error) {
        copying.error = copying.onData(body);
        if (copying.error) socket.write(replyTo(copying.error, false));
      } else if ((type === 'c' || type === 'f') && copying) {
        socket.write(Buffer.concat([copying.error ? Buffer.alloc(0) : completed('COPY 1'), ready]));
        copying = undefined;
      } else if (type === 'P') {
        sql = body.toString().split('\0')[1] ?? '';
      } else if (type === 'S') {
        const answered = answer(sql);
        if (!('onData' in answered)) socket.write(Buffer.concat([replyTo(answered, true), ready]));
      }
    }
  });
}

function replyTo(answer: Exclude<FakeAnswer, { onData: unknown }>, isExtended: boolean): Buffer {
  if ('sqlState' in answer) {
    const fields = [`SERROR`, `C${answer.sqlState}`, `M${answer.message}`].map((field) => `${field}\0`);
    return message('E', Buffer.from(`${fields.join('')}\0`));
  }
  const width = answer.rows[0]?.length ?? 0;
  const columns = Array.from({ length: width }, (_, index) =>
    Buffer.concat([
      Buffer.from(`c${index}\0`),
      int32(0),
      int16(0),
      int32(25),
      int16(-1),
      int32(-1),
      int16(0),
    ]),
  );
  const rows = answer.rows.map((row) =>
    message(
      'D',
      Buffer.concat([
        int16(width),
        ...row.flatMap((cell) => [int32(Buffer.byteLength(cell)), Buffer.from(cell)]),
      ]),
    ),
  );
  return Buffer.concat([
    ...(isExtended ? [message('1'), message('2')] : []),
    message('T', Buffer.concat([int16(width), ...columns])),
    ...rows,
    completed(`SELECT ${rows.length}`),
  ]);
}

function completed(tag: string): Buffer {
  return message('C', Buffer.from(`${tag}\0`));
}

function message(type: string, body: Buffer = Buffer.alloc(0)): Buffer {
  return Buffer.concat([Buffer.from(type), int32(body.length + 4), body]);
}

function int32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeInt32BE(value);
  return bytes;
}

function int16(value: number): Buffer {
  const bytes = Buffer.alloc(2);
  bytes.writeInt16BE(value);
  return bytes;
}
