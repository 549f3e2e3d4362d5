import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { alarmsSpec } from '../../src/config/alarms-spec.js';
import { systemClock } from '../../src/runtime/clock.js';
import { newSecretBody } from '../../src/sandbox/notification-body.js';
import { Random } from '../../src/sandbox/random.js';
import { keepNotification } from '../../src/source/kept-notifications.js';
import { openClientSecrets } from '../../src/source/selling-partner/client-secrets.js';
import { openSecretSnapshots } from '../../src/status/secret-snapshots.js';
import { silent } from '../files/recorded-warnings.js';
import { fakeContext, fakeSeller } from '../ingest/fake-context.js';

const startMs = Date.parse('2026-01-01T00:00:00.000Z');
const dayMs = 86_400_000;
const clockAt = (days: number) => ({ ...systemClock, now: () => startMs + days * dayMs });
const credentials = { clientId: 'app-1', clientSecret: 'in-use-hush-hush', refreshToken: 'token' };
const sellers = [{ ...fakeSeller({ id: 'A1' }), credentials }];
const alarmsWith = (settings: object) => alarmsSpec.parse({ webhook: 'https://example.com/x', ...settings });

describe('the snapshot of client secrets', () => {
  let state: string;
  beforeEach(async () => {
    state = mkdtempSync(join(tmpdir(), 'secret-snapshots-'));
    await openClientSecrets(state, { ...silent, clock: clockAt(0) }).see([credentials]);
  });
  afterEach(() => rmSync(state, { recursive: true, force: true }));

  const snapshotAt = (days: number, alarms?: ReturnType<typeof alarmsWith>) =>
    openSecretSnapshots(fakeContext({ config: { state, sellers, alarms }, clock: clockAt(days) }))();
  const isDueAt = (days: number, alarms?: ReturnType<typeof alarmsWith>) =>
    snapshotAt(days, alarms).clientSecrets.get('A1')?.isDue;

  it('calls one due from 30 days before it expires, or as the settings say', () => {
    assert.deepEqual(
      [149, 151, 200].map((days) => isDueAt(days)),
      [false, true, true],
    );
    const early = alarmsWith({ secretExpiry: '8 weeks' });
    assert.deepEqual([isDueAt(123, early), isDueAt(125, early)], [false, true]);
    assert.equal(isDueAt(151, alarmsWith({})), true);
  });

  it('lists the notifications that somebody has to act on, without their secrets', async () => {
    const notice = { clientId: 'app-1', clientSecret: 'amzn1.oa2-cs.v1.snapshot-test' };
    const body = newSecretBody(notice, new Random(1), startMs);
    const path = await keepNotification(state, 'APPLICATION_OAUTH_CLIENT_NEW_SECRET', body);
    const before = snapshotAt(1);
    assert.deepEqual(
      before.notifications.open.map((each) => each.path),
      [path],
    );
    const shown = JSON.stringify([...before.clientSecrets, before.notifications]);
    for (const { clientSecret } of [notice, credentials]) assert.ok(!shown.includes(clientSecret), shown);
    const replaced = [{ ...fakeSeller({ id: 'A1' }), credentials: { ...notice, refreshToken: 'token' } }];
    const after = openSecretSnapshots(fakeContext({ config: { state, sellers: replaced } }))();
    assert.deepEqual(after.notifications, { open: [] });
  });

  it('reports what cannot be read as a problem', () => {
    writeFileSync(join(state, 'notifications'), 'in the way');
    const { clientSecrets, notifications } = snapshotAt(1);
    assert.equal(clientSecrets.size, 0);
    assert.equal(notifications.problem?.code, 'FILE_SYSTEM_FAILED');
  });
});
