import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { openClientSecrets } from '../../src/source/selling-partner/client-secrets.js';
import { silent } from '../files/recorded-warnings.js';
import { assertNoSecretsIn } from '../planted-secrets.js';
import { runs } from '../property-runs.js';

const dayMs = 86_400_000;
const startMs = Date.parse('2026-11-30T12:00:00.000Z');
const old = { clientId: 'app-1', clientSecret: 'old-hush-hush-hush' };
const next = { clientId: 'app-1', clientSecret: 'new-hush-hush-hush' };
const other = { clientId: 'app-2', clientSecret: 'old-hush-hush-hush' };
const day = (days: number) => new Date(startMs + days * dayMs).toISOString();

describe('the age of a client secret', () => {
  let folder: string;
  let nowMs: number;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'client-secrets-'));
    nowMs = startMs;
  });
  afterEach(() => {
    assertNoSecretsIn(folder, { OLD_SECRET: old.clientSecret, NEW_SECRET: next.clientSecret });
    rmSync(folder, { recursive: true, force: true });
  });

  const open = () =>
    openClientSecrets(folder, {
      ...silent,
      clock: { now: () => nowMs, sleep: async () => {}, every: () => () => {} },
    });

  it('counts from the day it was first seen, across restarts', async () => {
    await open().see([old]);
    nowMs += 100 * dayMs;
    const later = open();
    await later.see([old, other]);
    assert.deepEqual(later.ageOf(old), { firstSeenAt: day(0), expiresAt: day(180), isAnnounced: false });
    assert.deepEqual(later.ageOf(other)?.firstSeenAt, day(100));
    assert.equal(later.ageOf(next), undefined);
  });

  it('is kept without the secret, under a fingerprint that differs between installations', async () => {
    await open().see([old]);
    const path = join(folder, 'secrets.json');
    const first = readFileSync(path, 'utf8');
    if (process.platform !== 'win32') assert.equal(statSync(path).mode & 0o777, 0o600);
    rmSync(path);
    await open().see([old]);
    const fingerprintOf = (text: string) => Object.keys((JSON.parse(text) as { secrets: object }).secrets)[0];
    assert.match(fingerprintOf(first) ?? '', /^[0-9a-f]{32}$/);
    assert.notEqual(fingerprintOf(first), fingerprintOf(readFileSync(path, 'utf8')));
  });

  it('is not written again if every secret is known', async () => {
    await open().see([old, other]);
    const before = statSync(join(folder, 'secrets.json'), { bigint: true }).mtimeNs;
    await open().see([other]);
    assert.equal(statSync(join(folder, 'secrets.json'), { bigint: true }).mtimeNs, before);
  });

  it('ends on the day that Amazon announces', async () => {
    const ages = open();
    await ages.see([old, other]);
    await ages.announce({ clientId: 'app-1', at: day(1), expiresAt: day(20) }, [old, other]);
    assert.deepEqual(ages.ageOf(old), { firstSeenAt: day(0), expiresAt: day(20), isAnnounced: true });
    assert.equal(ages.ageOf(other)?.isAnnounced, false);
  });

  it('counts for a new secret from its announcement, and ends for the old one a week later', async () => {
    const ages = open();
    await ages.see([old]);
    const notice = {
      clientId: 'app-1',
      at: day(10),
      expiresAt: day(17),
      next: { clientSecret: next.clientSecret, expiresAt: day(190) },
    };
    nowMs = Date.parse(day(11));
    await ages.announce(notice, [old]);
    nowMs = Date.parse(day(12));
    // The same message again, after the new secret was set.
    await ages.see([next]);
    await ages.announce(notice, [next]);
    assert.deepEqual(ages.ageOf(old), { firstSeenAt: day(0), expiresAt: day(17), isAnnounced: true });
    assert.deepEqual(ages.ageOf(next), { firstSeenAt: day(10), expiresAt: day(190), isAnnounced: true });
  });

  it('does not end on a day that was announced for the secret that it replaced', async () => {
    const ages = open();
    await ages.see([old]);
    nowMs = Date.parse(day(5));
    await ages.see([next]);
    const expiry = { clientId: 'app-1', at: day(1), expiresAt: day(8) };
    await ages.announce(expiry, [next]);
    assert.deepEqual(ages.ageOf(next), { firstSeenAt: day(5), expiresAt: day(185), isAnnounced: false });
    assert.equal(ages.wasReplacedAfter(day(1), 'app-1', [next]), true);
    assert.equal(ages.wasReplacedAfter(day(1), 'app-1', [old, next]), false);
    assert.equal(ages.wasReplacedAfter(day(1), 'app-2', [next]), false);
  });

  it('ends on the announced day in a new installation, where it was seen after the announcement', async () => {
    const ages = open();
    nowMs = Date.parse(day(5));
    await ages.see([old]);
    await ages.announce({ clientId: 'app-1', at: day(1), expiresAt: day(8) }, [old]);
    assert.deepEqual(ages.ageOf(old), { firstSeenAt: day(5), expiresAt: day(8), isAnnounced: true });
    assert.equal(ages.wasReplacedAfter(day(1), 'app-1', [old]), false);
  });

  it('follows the latest announcement, in whatever order they come', async () => {
    const expiry = { clientId: 'app-1', at: day(1), expiresAt: day(90) };
    const rotation = {
      clientId: 'app-1',
      at: day(2),
      expiresAt: day(9),
      next: { clientSecret: next.clientSecret, expiresAt: day(182) },
    };
    for (const notices of [
      [expiry, rotation],
      [rotation, expiry],
    ]) {
      rmSync(join(folder, 'secrets.json'), { force: true });
      nowMs = Date.parse(day(5));
      const ages = open();
      await ages.see([old]);
      for (const notice of notices) await ages.announce(notice, [old]);
      assert.equal(ages.ageOf(old)?.expiresAt, day(9));
      assert.equal(ages.ageOf(next)?.expiresAt, day(182));
    }
  });

  it('is forgotten once the secret has expired and another one is in use', async () => {
    await open().see([old]);
    nowMs += 181 * dayMs;
    const ages = open();
    await ages.see([next]);
    assert.equal(ages.ageOf(old), undefined);
    assert.equal(ages.ageOf(next)?.firstSeenAt, day(181));
  });

  it('never begins later than the first time it was seen, in whatever order secrets come', async () => {
    const step = fc.record({
      days: fc.nat(20),
      seen: fc.subarray([old, next, other], { minLength: 1 }),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 6 }), async (steps) => {
        rmSync(join(folder, 'secrets.json'), { force: true });
        nowMs = startMs;
        const first = new Map<object, string>();
        for (const { days, seen } of steps) {
          nowMs += days * dayMs;
          for (const each of seen) first.set(each, first.get(each) ?? new Date(nowMs).toISOString());
          await open().see(seen);
        }
        for (const [secret, at] of first) assert.equal(open().ageOf(secret as typeof old)?.firstSeenAt, at);
      }),
      { numRuns: runs(30) },
    );
  });
});
