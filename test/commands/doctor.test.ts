import assert from 'node:assert/strict';
import { once } from 'node:events';
import { chmodSync, mkdirSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { GetQueueUrlCommand, SetQueueAttributesCommand, SQSClient } from '@aws-sdk/client-sqs';
import { policyForAmazon } from '../../src/connect/queue-policy.js';
import { systemClock } from '../../src/runtime/clock.js';
import { openClientSecrets } from '../../src/source/selling-partner/client-secrets.js';
import { silent } from '../files/recorded-warnings.js';
import { makeWorld, ordersType, sellerId, type World } from '../ingest/world.js';
import { commandFolder } from './command-folder.js';

const queueArn = 'arn:aws:sqs:us-east-1:000000000000:reports';

interface Finding {
  check: string;
  about?: string;
  status: string;
  found: string;
  next?: string;
}

describe('doctor', () => {
  let world: World;
  afterEach(() => world.close());

  async function examined(): Promise<{ code: number | null; findings: Finding[] }> {
    const { code, stdout } = await world.run('doctor', '--json');
    return {
      code,
      findings: stdout
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line) as Finding),
    };
  }
  const bad = ({ findings }: { findings: Finding[] }) =>
    findings.filter(({ status }) => status !== 'ok').map(({ check, status }) => `${check} ${status}`);
  const the = ({ findings }: { findings: Finding[] }, check: string) =>
    findings.find((each) => each.check === check) ?? assert.fail(check);
  async function setQueue(attributes: Record<string, string>): Promise<void> {
    const client = new SQSClient({ endpoint: world.sandbox.sqsEndpoint, region: 'us-east-1' });
    const { QueueUrl } = await client.send(new GetQueueUrlCommand({ QueueName: 'reports' }));
    await client.send(new SetQueueAttributesCommand({ QueueUrl, Attributes: attributes }));
    client.destroy();
  }

  it('finds everything in order after subscribe and with its policy, in a fixed order and with little quota', async () => {
    world = await makeWorld();
    await setQueue({ Policy: JSON.stringify(policyForAmazon(queueArn)) });
    await world.run('subscribe');
    const { calls } = world.sandbox.state;
    calls.length = 0;
    const all = await examined();
    assert.deepEqual([all.code, bad(all)], [0, []], JSON.stringify(all.findings));
    const order = [...new Set(all.findings.map(({ check }) => check))];
    assert.deepEqual(order, [
      ...['settings', 'disk', 'clock', 'login', 'client secret', 'notifications', 'roles'],
      ...['queue', 'queue times', 'redrive policy', 'queue policy', 'subscription', 'warehouse'],
    ]);
    assert.match(the(all, 'roles').found, /all allowed$/);
    const made = calls.map(({ operation }) => operation).filter((each) => each !== 'login');
    assert.deepEqual(made, ['getReports', 'getSubscription', 'getDestinations']);
  });

  it('shows the age of a client secret, and to replace it from 30 days before it expires', async () => {
    world = await makeWorld();
    const state = join(world.folder, 'state');
    const secret = world.sandbox.credentialsFor(sellerId);
    const seenDaysAgo = async (days: number) => {
      rmSync(state, { recursive: true, force: true });
      const now = () => Date.now() - days * 86_400_000;
      await openClientSecrets(state, { ...silent, clock: { ...systemClock, now } }).see([secret]);
      return the(await examined(), 'client secret');
    };
    const fresh = await seenDaysAgo(149);
    assert.deepEqual([fresh.status, fresh.about], ['ok', sellerId]);
    assert.match(fresh.found, /^first seen 149 days ago, expires on \d{4}-\d\d-\d\d at the latest$/);
    const old = await seenDaysAgo(151);
    assert.equal(old.status, 'failed');
    assert.match(old.next ?? '', /^Rotate it in the developer console of Amazon/);
    assert.match((await seenDaysAgo(181)).found, /^first seen 181 days ago, expired on /);
  });

  it('continues after a failure if that makes sense, each with its next step', async () => {
    world = await makeWorld();
    world.sandbox.state.faults.answers.set('login', { status: 400, times: 1 });
    const all = await examined();
    assert.equal(all.code, 1);
    assert.deepEqual(bad(all), [
      'login failed',
      'roles skipped',
      'queue policy failed',
      'subscription skipped',
    ]);
    assert.match(the(all, 'login').next ?? '', /clientSecret and refreshToken/);
    assert.match(the(all, 'queue policy').next ?? '', /`sp-reports subscribe --dry-run`/);
    assert.equal(the(all, 'roles').found, `fix login ${sellerId} first`);
    for (const { status, next } of all.findings) assert.equal(next !== undefined, status === 'failed');
  });

  it('names the role of a report type that Amazon refuses, if the settings name the type', async () => {
    const settlement = 'GET_V2_SETTLEMENT_REPORT_DATA_FLAT_FILE_V2';
    world = await makeWorld({ pipelines: [{ reportTypes: [settlement, ordersType] }] });
    world.sandbox.state.faults.answers.set('getReports', { status: 403, times: 2 });
    const roles = the(await examined(), 'roles');
    assert.equal(roles.status, 'failed');
    assert.match(roles.found, new RegExp(`Amazon refuses ${settlement}$`));
    assert.match(roles.next ?? '', /the role \(Finance and Accounting\)/);
  });

  it('only warns about a refused type that is matched by nothing but a pattern', async () => {
    world = await makeWorld();
    world.sandbox.state.faults.answers.set('getReports', { status: 403, times: 2 });
    const roles = the(await examined(), 'roles');
    assert.equal(roles.status, 'ok');
    assert.match(roles.found, /Amazon refuses [a-z ]+$/);
  });

  it('reports a check that the quota does not allow, and does not wait', async () => {
    world = await makeWorld({ plans: {} });
    const [clientId] = Object.values(world.sandbox.credentialsFor(sellerId));
    mkdirSync(join(world.folder, 'state'), { recursive: true });
    const bucket = { tokens: 0, atMs: Date.now(), callsPerSecond: 0.0222 };
    writeFileSync(
      join(world.folder, 'state', 'quota.json'),
      JSON.stringify({ [`${clientId} ${sellerId} getReports`]: bucket }),
    );
    assert.match(the(await examined(), 'roles').found, /^not checked: the quota/);
  });

  it('reports a queue with too short a retention, too few receives, or the wrong encryption key', async () => {
    world = await makeWorld({ maxReceiveCount: 1 });
    await setQueue({
      MessageRetentionPeriod: '3600',
      KmsMasterKeyId: 'alias/aws/sqs',
      Policy: JSON.stringify(policyForAmazon(queueArn)),
    });
    const all = await examined();
    assert.match(the(all, 'queue times').next ?? '', /14 days/);
    assert.match(the(all, 'redrive policy').next ?? '', /maxReceiveCount/);
    assert.match(the(all, 'queue policy').next ?? '', /customer-managed KMS key/);
  });

  it('accepts a queue that does not report its retention, as SQS servers other than Amazon may', async () => {
    const about = JSON.stringify({ Attributes: { QueueArn: queueArn, VisibilityTimeout: '30' } });
    const server = createServer((_request, response) =>
      response.setHeader('content-type', 'application/x-amz-json-1.0').end(about),
    ).listen(0, '127.0.0.1');
    try {
      await once(server, 'listening');
      const endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
      world = await makeWorld({ settings: { aws: { endpoint } } });
      const times = the(await examined(), 'queue times');
      assert.equal(times.status, 'ok');
      assert.match(times.found, /^keeps messages for an unknown time; visibility timeout 30 s/);
    } finally {
      server.close();
    }
  });

  it('reports a missing queue, and what cannot be checked without it', async () => {
    world = await makeWorld({ pipelines: [{}] });
    const queue = `${world.sandbox.queueUrl}-absent`;
    await world.close();
    world = await makeWorld({ pipelines: [{ queue }] });
    const all = await examined();
    assert.match(the(all, 'queue').found, /^QUEUE_NOT_FOUND|^QUEUE_UNREACHABLE/);
    for (const check of ['queue times', 'redrive policy', 'queue policy', 'subscription'])
      assert.equal(the(all, check).status, 'skipped', check);
  });

  it('reports a seller without a subscription, and one whose notifications go elsewhere', async () => {
    world = await makeWorld();
    assert.equal(the(await examined(), 'subscription').next, 'Run `sp-reports subscribe`.');
    const { destinations, subscriptions } = world.sandbox.state;
    const resource = { sqs: { arn: `${queueArn}-other` } };
    destinations.push({ destinationId: 'd', name: 'other', resource });
    const ids = { subscriptionId: 's', destinationId: 'd', payloadVersion: '1.0' };
    subscriptions.push({ sellerId, notificationType: 'REPORT_PROCESSING_FINISHED', ...ids });
    const subscription = the(await examined(), 'subscription');
    assert.equal(subscription.status, 'failed');
    assert.match(subscription.found, /go to another queue, .*reports-other$/);
  });

  it('reports a folder that cannot be written', async () => {
    world = await makeWorld({ settings: { raw: 'locked/raw' } });
    if (process.getuid?.() === 0) {
      // A file in the place of the folder stops even root.
      writeFileSync(join(world.folder, 'locked'), '');
    } else {
      mkdirSync(join(world.folder, 'locked'));
      chmodSync(join(world.folder, 'locked'), 0o500);
    }
    const disk = the(await examined(), 'disk');
    assert.equal(disk.status, 'failed');
    assert.match(disk.found, /^not writable \(E[A-Z]+\)$/);
  });

  it('checks that a copy of the warehouse can be published, and has room', async () => {
    world = await makeWorld({
      settings: { warehouse: { path: 'w.duckdb', publish: { path: 'tools/copy.duckdb' } } },
    });
    const look = async () => the(await examined(), 'copy');
    const good = await look();
    assert.deepEqual([good.status, good.about], ['ok', join(world.folder, 'tools/copy.duckdb')]);
    assert.match(good.found, /^writable, [\d.]+ GB free; a copy has 0\.0 GB$/);
    rmSync(join(world.folder, 'tools'), { recursive: true });
    writeFileSync(join(world.folder, 'tools'), 'a file in place of the folder');
    assert.match((await look()).found, /^not writable \(E[A-Z]+\)$/);
    rmSync(join(world.folder, 'tools'));
    // A sparse file that no disk has room for another time.
    writeFileSync(join(world.folder, 'w.duckdb'), '');
    truncateSync(join(world.folder, 'w.duckdb'), 2 ** 43);
    assert.match((await look()).next ?? '', /^Make room/);
    rmSync(join(world.folder, 'w.duckdb'));
  });
});

describe('doctor with unreadable settings', () => {
  const { file, run } = commandFolder();

  it('reports the mistakes, and checks nothing else', async () => {
    file('pipelines.yaml', 'warehous: {}\n');
    const { code, stdout } = await run('doctor');
    assert.equal(code, 1);
    assert.match(stdout, /^failed {3}settings: CONFIG_INVALID: .*\n.*did you mean "warehouse"/);
    assert.match(stdout, /\n {9}Fix each problem above/);
  });
});
