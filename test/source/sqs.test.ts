import assert from 'node:assert/strict';
import { EventEmitter, once } from 'node:events';
import { createServer as createProxy } from 'node:http';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { pino } from 'pino';
import { ReportsError } from '../../src/errors/reports-error.js';
import { type Clock, systemClock } from '../../src/runtime/clock.js';
import { type Sandbox, type SandboxOptions, startSandbox } from '../../src/sandbox/sandbox.js';
import { openQueue } from '../../src/source/sqs.js';
import type { Queue } from '../../src/source/types.js';

const failsWith = (code: string) => (error: unknown) => error instanceof ReportsError && error.code === code;

describe('an SQS queue', () => {
  let sandbox: Sandbox;
  let queue: Queue;

  async function open(
    options: SandboxOptions = {},
    change: { url?: string; visibilityTimeoutSeconds?: number } = {},
  ) {
    sandbox = await startSandbox(options);
    Object.assign(process.env, sandbox.awsEnvironment);
    queue = openQueue({
      url: sandbox.queueUrl,
      visibilityTimeoutSeconds: 30,
      log: pino({ level: 'silent' }),
      ...change,
    });
  }
  const receive = (waitTimeSeconds = 0) => queue.receive({ maxMessages: 10, waitTimeSeconds });

  afterEach(async () => {
    await queue.close();
    await sandbox.close();
  });

  it('deletes a message only when it is acknowledged', async () => {
    await open();
    await sandbox.sendBody('a');
    const [message] = await receive();
    assert.equal(message?.body, 'a');
    assert.equal(message.receiveCount, 1);
    assert.deepEqual(await sandbox.queueDepth(), { visible: 0, inFlight: 1 });
    await message.ack();
    assert.deepEqual(await sandbox.queueDepth(), { visible: 0, inFlight: 0 });
  });

  it('releases a message at once, and counts its receives', async () => {
    await open();
    await sandbox.sendBody('a');
    const [first] = await receive();
    await first?.release();
    const [second] = await receive();
    assert.equal(second?.receiveCount, 2);
    await second?.release(60);
    assert.deepEqual(await receive(), []);
  });

  it('extends the visibility timeout of a message three times in each, until it is acknowledged', async () => {
    await open();
    await queue.close();
    const repeated: { everyMs: number; work: () => void }[] = [];
    const clock: Clock = {
      ...systemClock,
      every(everyMs, work) {
        const each = { everyMs, work };
        repeated.push(each);
        return () => repeated.splice(repeated.indexOf(each), 1);
      },
    };
    const extensions = new EventEmitter();
    const proxy = createProxy((request, response) => {
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', async () => {
        const body = Buffer.concat(chunks);
        const action = String(request.headers['x-amz-target']).split('.')[1];
        if (action === 'ChangeMessageVisibilityBatch') extensions.emit('extended', JSON.parse(String(body)));
        const { host: _, 'content-length': __, connection: ___, ...headers } = request.headers;
        const answer = await fetch(sandbox.sqsEndpoint, {
          method: 'POST',
          headers: headers as Record<string, string>,
          body,
        });
        response.writeHead(answer.status, { 'content-type': 'application/x-amz-json-1.0' });
        response.end(await answer.text());
      });
    }).listen(0, '127.0.0.1');
    await once(proxy, 'listening');
    queue = openQueue({
      url: sandbox.queueUrl,
      endpoint: `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`,
      visibilityTimeoutSeconds: 30,
      log: pino({ level: 'silent' }),
      clock,
    });
    try {
      await sandbox.sendBody('a');
      const [message] = await receive();
      assert.deepEqual(
        repeated.map(({ everyMs }) => everyMs),
        [10_000],
      );
      for (let times = 0; times < 3; times += 1) {
        const extended = once(extensions, 'extended');
        repeated[0]?.work();
        const [{ Entries }] = await extended;
        assert.deepEqual(
          Entries.map((each: { VisibilityTimeout: number }) => each.VisibilityTimeout),
          [30],
        );
      }
      await message?.ack();
      extensions.on('extended', () => assert.fail('an acknowledged message is extended'));
      repeated[0]?.work();
      assert.deepEqual(await receive(), []);
    } finally {
      await queue.close();
      proxy.close();
      proxy.closeAllConnections();
    }
    assert.deepEqual(repeated, []);
  });

  it('releases what is still in flight when it is closed', async () => {
    await open();
    for (const body of ['a', 'b', 'c']) await sandbox.sendBody(body);
    assert.equal((await receive()).length, 3);
    await queue.close();
    assert.deepEqual(await sandbox.queueDepth(), { visible: 3, inFlight: 0 });
  });

  it('waits for messages, and stops when it is aborted', async () => {
    await open();
    const waiting = receive(5);
    await sandbox.sendBody('late');
    assert.equal((await waiting)[0]?.body, 'late');
    const abort = new AbortController();
    const startedMs = Date.now();
    const nothing = queue.receive({ maxMessages: 10, waitTimeSeconds: 20, signal: abort.signal });
    abort.abort();
    assert.deepEqual(await nothing, []);
    assert.ok(Date.now() - startedMs < 20_000, 'it waited to the end');
  });

  it('knows whether the queue has a redrive policy', async () => {
    await open({ maxReceiveCount: 3 });
    assert.equal(await queue.hasRedrivePolicy(), true);
    await queue.close();
    await sandbox.close();
    await open();
    assert.equal(await queue.hasRedrivePolicy(), false);
  });

  it('reports what is wrong: no such queue, or no server', async () => {
    await open();
    await queue.close();
    const url = `${sandbox.queueUrl}-absent`;
    queue = openQueue({
      url,
      visibilityTimeoutSeconds: 30,
      log: pino({ level: 'silent' }),
      endpoint: sandbox.sqsEndpoint,
    });
    await assert.rejects(receive(), failsWith('QUEUE_NOT_FOUND'));
    await queue.close();
    queue = openQueue({
      url: 'http://127.0.0.1:1/000000000000/q',
      visibilityTimeoutSeconds: 30,
      log: pino({ level: 'silent' }),
    });
    await assert.rejects(receive(), failsWith('QUEUE_UNREACHABLE'));
  });

  it('never waits forever for an answer, so that it can always be closed', async () => {
    const sockets: Socket[] = [];
    const silent = createServer((socket) => void sockets.push(socket)).listen(0, '127.0.0.1');
    await once(silent, 'listening');
    await open();
    await queue.close();
    queue = openQueue({
      url: `http://127.0.0.1:${(silent.address() as AddressInfo).port}/000000000000/q`,
      visibilityTimeoutSeconds: 30,
      answerSeconds: 0.2,
      log: pino({ level: 'silent' }),
    });
    await assert.rejects(receive(), failsWith('QUEUE_UNREACHABLE'));
    await assert.rejects(queue.hasRedrivePolicy(), { message: /no answer/ });
    for (const socket of sockets) socket.destroy();
    silent.close();
  });
});
