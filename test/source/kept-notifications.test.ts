import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { newSecretBody, secretExpiryBody } from '../../src/sandbox/notification-body.js';
import { Random } from '../../src/sandbox/random.js';
import { keepNotification, keptFolder, readKeptNotifications } from '../../src/source/kept-notifications.js';

const random = new Random(3);
const nowMs = Date.parse('2026-11-30T12:00:00.000Z');
const clientSecret = 'amzn1.oa2-cs.v1.kept-notifications-test';
const inUse = { clientId: 'app-1', clientSecret: 'in-use-hush-hush' };

const replaced = { wasReplacedAfter: () => true };
const notReplaced = { wasReplacedAfter: () => false };

describe('kept notifications', () => {
  let state: string;
  beforeEach(() => {
    state = mkdtempSync(join(tmpdir(), 'kept-'));
  });
  afterEach(() => rmSync(state, { recursive: true, force: true }));

  it('are none as long as no notification was kept', () => {
    assert.deepEqual(readKeptNotifications(state, [inUse], notReplaced), []);
  });

  it('have a name that the same body always gets, whatever the type contains', async () => {
    const body = secretExpiryBody({ clientId: 'app-1', expiresAt: '2027-01-01T00:00:00Z' }, random, nowMs);
    const path = await keepNotification(state, '../../APPLICATION_X', body);
    assert.equal(await keepNotification(state, '../../APPLICATION_X', body), path);
    assert.equal(path, join(keptFolder(state), basename(path)));
    assert.match(basename(path), /^%2E\.%2F\.\.%2FAPPLICATION_X-[0-9a-f]{16}\.json$/);
    assert.equal(readFileSync(path, 'utf8'), body);
  });

  it('of a new secret are done once every secret in them is in the settings', async () => {
    await keepNotification(
      state,
      'APPLICATION_OAUTH_CLIENT_NEW_SECRET',
      newSecretBody({ clientId: 'app-1', clientSecret }, random, nowMs),
    );
    const isDone = (secrets: (typeof inUse)[]) =>
      readKeptNotifications(state, secrets, notReplaced).map(({ carries, isDone: done }) => [carries, done]);
    assert.deepEqual(isDone([inUse]), [['secret', false]]);
    assert.deepEqual(isDone([]), [['secret', false]]);
    assert.deepEqual(isDone([inUse, { clientId: 'app-1', clientSecret }]), [['secret', true]]);
  });

  it('of an expiry are done once the secret of the application was replaced', async () => {
    const expiresAt = '2027-01-01T00:00:00.000Z';
    const body = secretExpiryBody({ clientId: 'app-1', expiresAt }, random, nowMs);
    await keepNotification(state, 'APPLICATION_OAUTH_CLIENT_SECRET_EXPIRY', body);
    const isDone = (ages: typeof replaced) =>
      readKeptNotifications(state, [inUse], ages).map(({ carries, isDone: done }) => [carries, done]);
    assert.deepEqual(isDone(notReplaced), [['expiry', false]]);
    assert.deepEqual(isDone(replaced), [['expiry', true]]);
  });

  it('are listed even if nobody can read them', () => {
    mkdirSync(keptFolder(state));
    writeFileSync(join(keptFolder(state), 'unreadable-1.json'), '{"newClientSecret":"cut-off-hush-hush');
    writeFileSync(join(keptFolder(state), 'x.json.7-ab.part'), '{');
    const kept = readKeptNotifications(state, [inUse], notReplaced);
    assert.deepEqual(
      kept.map(({ path, notificationType, carries }) => [basename(path), notificationType, carries]),
      [['unreadable-1.json', 'UNREADABLE_MESSAGE', 'secret']],
    );
  });

  it('report a folder that cannot be read', () => {
    writeFileSync(keptFolder(state), 'in the way');
    assert.throws(() => readKeptNotifications(state, [inUse], notReplaced), { code: 'FILE_SYSTEM_FAILED' });
  });
});
