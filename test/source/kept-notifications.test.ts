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

/** Ages of which every secret was first seen at this time. */
const seenAt = (firstSeenAt: string) => ({
  ageOf: () => ({ firstSeenAt, expiresAt: '2027-05-01T00:00:00.000Z', isAnnounced: false }),
});
const before = seenAt('2026-11-01T00:00:00.000Z');
const after = seenAt('2026-12-01T00:00:00.000Z');

describe('kept notifications', () => {
  let state: string;
  beforeEach(() => {
    state = mkdtempSync(join(tmpdir(), 'kept-'));
  });
  afterEach(() => rmSync(state, { recursive: true, force: true }));

  it('are none as long as no notification was kept', () => {
    assert.deepEqual(readKeptNotifications(state, [inUse], before), []);
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
      readKeptNotifications(state, secrets, after).map(({ hasSecret, isDone: done }) => [hasSecret, done]);
    assert.deepEqual(isDone([inUse]), [[true, false]]);
    assert.deepEqual(isDone([]), [[true, false]]);
    assert.deepEqual(isDone([inUse, { clientId: 'app-1', clientSecret }]), [[true, true]]);
  });

  it('of an expiry are done once the application has a secret that was first seen later', async () => {
    const expiresAt = '2027-01-01T00:00:00.000Z';
    const body = secretExpiryBody({ clientId: 'app-1', expiresAt }, random, nowMs);
    await keepNotification(state, 'APPLICATION_OAUTH_CLIENT_SECRET_EXPIRY', body);
    const isDone = (secrets: (typeof inUse)[], ages: typeof before) =>
      readKeptNotifications(state, secrets, ages).map(({ hasSecret, isDone: done }) => [hasSecret, done]);
    assert.deepEqual(isDone([inUse], before), [[false, false]]);
    assert.deepEqual(isDone([inUse], after), [[false, true]]);
    assert.deepEqual(isDone([{ ...inUse, clientId: 'another' }], after), [[false, false]]);
  });

  it('are listed even if nobody can read them', () => {
    mkdirSync(keptFolder(state));
    writeFileSync(join(keptFolder(state), 'unreadable-1.json'), '{"newClientSecret":"cut-off-hush-hush');
    writeFileSync(join(keptFolder(state), 'x.json.7-ab.part'), '{');
    const kept = readKeptNotifications(state, [inUse], before);
    assert.deepEqual(
      kept.map(({ path, notificationType, hasSecret }) => [basename(path), notificationType, hasSecret]),
      [['unreadable-1.json', 'unreadable', true]],
    );
  });

  it('report a folder that cannot be read', () => {
    writeFileSync(keptFolder(state), 'in the way');
    assert.throws(() => readKeptNotifications(state, [inUse], before), { code: 'FILE_SYSTEM_FAILED' });
  });
});
