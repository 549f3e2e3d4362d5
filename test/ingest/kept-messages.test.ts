import assert from 'node:assert/strict';
import { mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  newSecretBody,
  otherNotificationBody,
  secretExpiryBody,
} from '../../src/sandbox/notification-body.js';
import { Random } from '../../src/sandbox/random.js';
import { startReceiver } from '../status/alarm-receiver.js';
import { listings, listingsType, makeWorld, sellerId, type World } from './world.js';

const newSecret = 'amzn1.oa2-cs.v1.fresh-from-the-kept-messages-test';

describe('a notification about the application', () => {
  let world: World;
  const random = new Random(7);
  const kept = () => join(world.folder, 'state', 'notifications');
  const files = () => readdirSync(kept()).map((name) => join(kept(), name));
  const clientId = () => world.sandbox.credentialsFor(sellerId).clientId;
  const newBody = (clientSecret = newSecret) =>
    newSecretBody({ clientId: clientId(), clientSecret }, random, Date.now());

  /** A world whose every output and file is searched for the new secret. */
  async function open(options: Parameters<typeof makeWorld>[0] = {}): Promise<void> {
    world = await makeWorld(options);
    world.env.NEW_SECRET = newSecret;
  }

  /** Ends it: apart from the kept files, nothing may have the secret. */
  async function close(): Promise<void> {
    rmSync(kept(), { recursive: true, force: true });
    await world.close();
  }
  afterEach(() => close());

  it('is kept for its owner before its message is deleted, and shown nowhere', async () => {
    await open();
    const body = newBody();
    await world.sandbox.sendBody(body);
    const report = world.sandbox.addReport({ sellerId, reportType: listingsType, body: listings(2) });
    await world.sandbox.notify(report);
    const { code, stderr, stdout } = await world.run('run');
    assert.equal(code, 0, stderr);
    assert.match(stdout, /^Pipeline all: (?=.*1 loaded)(?=.*1 skipped)/);
    const [file = '', ...others] = files();
    assert.deepEqual(others, []);
    assert.equal(readFileSync(file, 'utf8'), body);
    if (process.platform !== 'win32') {
      assert.equal(statSync(file).mode & 0o777, 0o600);
      assert.equal(statSync(kept()).mode & 0o777, 0o700);
    }
    assert.ok(stderr.includes(`is kept in ${file}`));
    assert.deepEqual(await world.sandbox.queueDepth(), { visible: 0, inFlight: 0 });
    const [row] = await world.query("SELECT * FROM _loads WHERE status = 'skipped'");
    assert.equal(
      row?.reason,
      'a notification of type APPLICATION_OAUTH_CLIENT_NEW_SECRET, kept in the state folder',
    );
    assert.equal(row?.body, null);
  });

  it('is kept once and acknowledged, wherever the program is killed', async () => {
    await open();
    await world.sandbox.sendBody(newBody());
    for (const step of ['received', 'notification-kept', 'committed']) {
      const killed = await world.spawnRun(['run'], { SP_REPORTS_CRASH_AT: step });
      assert.equal(killed.code, null, `${step}: ${killed.stderr}`);
      assert.equal((await world.sandbox.queueDepth()).inFlight, 1, step);
      await world.sandbox.returnMessages();
    }
    assert.equal(files().length, 1);
    const { stdout } = await world.run('run');
    assert.match(stdout, /1 duplicate/);
    assert.deepEqual(await world.sandbox.queueDepth(), { visible: 0, inFlight: 0 });
    assert.equal(files().length, 1);
    assert.equal((await world.query('SELECT * FROM _loads')).length, 1);
  });

  it('stays on the queue if it cannot be kept', async () => {
    await open();
    mkdirSync(join(world.folder, 'state'));
    writeFileSync(kept(), 'in the way');
    await world.sandbox.sendBody(newBody());
    const { code, stderr } = await world.run('run');
    assert.equal(code, 1);
    assert.match(stderr, /FILE_SYSTEM_FAILED/);
    await world.sandbox.returnMessages();
    assert.equal((await world.sandbox.queueDepth()).visible, 1);
    rmSync(kept());
    await world.run('run');
    assert.equal(files().length, 1);
  });

  it('is kept in full if two of them differ only in the secret', async () => {
    await open();
    const body = newBody();
    await world.sandbox.sendBody(body);
    await world.sandbox.sendBody(body.replace(newSecret, `${newSecret}-2`));
    await world.run('run');
    assert.equal(files().length, 2);
  });

  it('is kept if it comes through EventBridge or SNS, is of a type that nobody knows, or is cut off', async () => {
    await open();
    const inner = JSON.parse(newBody()) as object;
    const bodies = [
      JSON.stringify({ 'detail-type': 'x', detail: inner }),
      JSON.stringify({ Type: 'Notification', Message: JSON.stringify(inner) }),
      JSON.stringify({ notificationType: 'APPLICATION_SOMETHING_NEW', payload: {} }),
      JSON.stringify({ notificationType: 'SOMETHING_ELSE', payload: { client_secret: newSecret } }),
      newBody().slice(0, -40),
    ];
    for (const body of bodies) await world.sandbox.sendBody(body);
    const { stdout } = await world.run('run');
    assert.match(stdout, /4 skipped/);
    assert.deepEqual(
      files()
        .map((file) => readFileSync(file, 'utf8'))
        .sort(),
      bodies.sort(),
    );
    const [unreadable] = await world.query("SELECT body FROM _loads WHERE status = 'quarantined'");
    assert.match(String(unreadable?.body), /"newClientSecret":"<redacted>"/);
  });

  it('is distinguished from one of a busy type, which is only counted', async () => {
    await open();
    await world.sandbox.sendBody(otherNotificationBody(sellerId, random, Date.now()));
    assert.match((await world.run('run')).stdout, /1 skipped/);
    assert.throws(() => files());
  });

  it('is reported by doctor until the secret is set, and then may be deleted', async () => {
    await open();
    const findingOf = async (check: string) => {
      const { stdout } = await world.run('doctor', '--json');
      const findings = stdout
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line) as Record<string, string>);
      return findings.find((each) => each.check === check);
    };
    assert.equal((await findingOf('notifications'))?.found, 'none is kept for you');
    await world.sandbox.sendBody(newBody());
    await world.run('run');
    const [file = ''] = files();
    const waiting = await findingOf('notifications');
    assert.equal(waiting?.status, 'failed');
    assert.equal(waiting?.found, `APPLICATION_OAUTH_CLIENT_NEW_SECRET in ${file}`);
    assert.match(waiting?.next ?? '', /^Set the secret in this file/);
    const old = await findingOf('client secret');
    assert.equal(old?.status, 'failed');
    assert.match(old?.found ?? '', /^first seen today, expires on \d{4}-\d\d-\d\d, as Amazon announced$/);
    world.env.SECRET_0 = newSecret;
    const done = await findingOf('notifications');
    assert.deepEqual([done?.status, done?.found?.endsWith('done; the file can be deleted')], ['ok', true]);
    assert.equal((await findingOf('client secret'))?.status, 'ok');
  });

  it('begins alarms that end when somebody has acted', async () => {
    const receiver = await startReceiver();
    const sent = (state: string): { kind: string; state: string; text: string }[] =>
      receiver.bodies.flatMap(({ alarms }) => alarms).filter((each) => each.state === state);
    try {
      await open({ settings: { alarms: { webhook: '${WEBHOOK_SECRET}', secretExpiry: '10 days' } } });
      world.env.WEBHOOK_SECRET = receiver.url;
      const expiresAt = new Date(Date.now() + 5 * 86_400_000).toISOString();
      const expiry = secretExpiryBody({ clientId: clientId(), expiresAt }, random, Date.now());
      await world.sandbox.sendBody(expiry);
      await world.run('run');
      const begun = sent('begun');
      assert.deepEqual(begun.map(({ kind }) => kind).sort(), ['notification', 'secret']);
      const secret = begun.find(({ kind }) => kind === 'secret');
      assert.match(secret?.text ?? '', /first seen today, expires on .*, as Amazon announced/);
      const [file = ''] = files();
      assert.ok(begun.find(({ kind }) => kind === 'notification')?.text.includes(file));
      rmSync(file);
      await world.run('run');
      const over = sent('over');
      assert.deepEqual(
        over.map(({ kind }) => kind),
        ['notification'],
      );
    } finally {
      await receiver.close();
    }
  });
});
