import assert from 'node:assert/strict';
import { DeleteMessageCommand, ReceiveMessageCommand, SQSClient } from '@aws-sdk/client-sqs';
import { silenceAwsNodeWarning } from '../../src/runtime/aws-sdk.js';
import type { Sandbox } from '../../src/sandbox/sandbox.js';
import { listingsType, sellerId, withSandbox } from './client.js';

const body = Buffer.from('item-name\tseller-sku\n');

/** Works on the sandbox's queue as a separate program would. */
async function withQueue(
  sandbox: Sandbox,
  work: (
    receive: (visibilitySeconds?: number) => Promise<{ body: string; remove(): Promise<unknown> }[]>,
  ) => Promise<void>,
): Promise<void> {
  silenceAwsNodeWarning();
  const { AWS_ACCESS_KEY_ID = '', AWS_SECRET_ACCESS_KEY = '', AWS_REGION = '' } = sandbox.awsEnvironment;
  const sqs = new SQSClient({
    endpoint: sandbox.sqsEndpoint,
    region: AWS_REGION,
    credentials: { accessKeyId: AWS_ACCESS_KEY_ID, secretAccessKey: AWS_SECRET_ACCESS_KEY },
  });
  const QueueUrl = sandbox.queueUrl;
  try {
    await work(async (visibilitySeconds = 30) => {
      const { Messages = [] } = await sqs.send(
        new ReceiveMessageCommand({
          QueueUrl,
          MaxNumberOfMessages: 10,
          VisibilityTimeout: visibilitySeconds,
        }),
      );
      return Messages.map(({ Body = '', ReceiptHandle }) => ({
        body: Body,
        remove: () => sqs.send(new DeleteMessageCommand({ QueueUrl, ReceiptHandle })),
      }));
    });
  } finally {
    sqs.destroy();
  }
}

describe('the sandbox queue', () => {
  it('keeps messages until they are deleted, and counts visible and in flight separately', () =>
    withSandbox({}, async (sandbox) => {
      await sandbox.sendBody('hello');
      await sandbox.sendBody('again');
      assert.deepEqual(await sandbox.queueDepth(), { visible: 2, inFlight: 0 });
      await withQueue(sandbox, async (receive) => {
        const messages = await receive();
        assert.deepEqual(messages.map((message) => message.body).sort(), ['again', 'hello']);
        assert.deepEqual(await sandbox.queueDepth(), { visible: 0, inFlight: 2 });
        await messages[0]?.remove();
        assert.deepEqual(await sandbox.queueDepth(), { visible: 0, inFlight: 1 });
      });
    }));

  it('moves a message that is received too often to the dead-letter queue', () =>
    withSandbox({ maxReceiveCount: 2 }, async (sandbox) => {
      for (let number = 0; number < 12; number += 1) await sandbox.sendBody(`body ${number}`);
      await withQueue(sandbox, async (receive) => {
        // Each message is received and released at once, twice; the third receive moves it.
        for (let times = 0; times < 8; times += 1) await receive(0);
      });
      assert.equal((await sandbox.deadLetters()).length, 12);
      assert.ok((await sandbox.deadLetters()).includes('body 11'));
      assert.deepEqual(await sandbox.queueDepth(), { visible: 0, inFlight: 0 });
    }));

  it('has no dead-letter queue unless a test wants one', () =>
    withSandbox({}, async (sandbox) => {
      await sandbox.sendBody('hello');
      await withQueue(sandbox, async (receive) => {
        for (let times = 0; times < 5; times += 1) assert.equal((await receive(0)).length, 1);
      });
      assert.deepEqual(await sandbox.deadLetters(), []);
    }));

  it('sends a notification in each format that Amazon and the relays use', () =>
    withSandbox({}, async (sandbox) => {
      const report = sandbox.addReport({ sellerId, reportType: listingsType, body });
      for (const shape of ['plain', 'eventbridge', 'sns', 'old'] as const) {
        await sandbox.notify(report, shape);
        await withQueue(sandbox, async (receive) => {
          const [message] = await receive();
          const outer = JSON.parse(message?.body ?? '');
          const inner = { plain: outer, old: outer, eventbridge: outer.detail };
          const body = shape === 'sns' ? JSON.parse(outer.Message) : inner[shape];
          const notification = body.payload.reportProcessingFinishedNotification;
          assert.equal(notification.reportId, report.reportId, shape);
          assert.equal(notification.reportDocumentId, report.documentId, shape);
          assert.equal('accountId' in notification, shape !== 'old', shape);
          await message?.remove();
        });
      }
    }));

  it('names no document if a report has none', () =>
    withSandbox({}, async (sandbox) => {
      const report = sandbox.addReport({ sellerId, reportType: listingsType, status: 'CANCELLED' });
      await sandbox.notify(report);
      await withQueue(sandbox, async (receive) => {
        const [message] = await receive();
        const notification = JSON.parse(message?.body ?? '').payload.reportProcessingFinishedNotification;
        assert.equal(notification.processingStatus, 'CANCELLED');
        assert.equal('reportDocumentId' in notification, false);
      });
    }));
});

describe('the seed of the sandbox', () => {
  const made = async (seed: number) => {
    let bodies: string[] = [];
    await withSandbox({ seed, now: () => Date.UTC(2026, 9, 1) }, async (sandbox) => {
      const reports = [1, 2].map(() => sandbox.addReport({ sellerId, reportType: listingsType, body }));
      for (const report of reports) await sandbox.notify(report, 'eventbridge');
      await withQueue(sandbox, async (receive) => {
        bodies = (await receive()).map((message) => message.body).sort();
      });
    });
    return bodies;
  };

  it('determines ids and notifications, and another seed makes others', async () => {
    const first = await made(7);
    assert.equal(new Set(first).size, 2);
    assert.deepEqual(await made(7), first);
    assert.notDeepEqual(await made(8), first);
  });

  it('makes ids that look like those of Amazon', () =>
    withSandbox({}, async (sandbox) => {
      const { reportId, documentId } = sandbox.addReport({ sellerId, reportType: listingsType, body });
      assert.match(reportId, /^\d{12}$/);
      assert.match(
        documentId ?? '',
        /^amzn1\.spdoc\.1\.4\.na\.[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\.T[0-9A-Z]{13}\.\d+$/,
      );
    }));
});
