import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { repairStateFiles, stateFiles } from '../../src/library/state-files.js';
import { sweepsJson } from '../../src/discovery/sweep-turns.js';
import { limitsJson, openLearnedLimits } from '../../src/requests/learned-limits.js';
import { requestsJson } from '../../src/requests/request-file.js';
import { openRequestStore } from '../../src/requests/request-store.js';
import { openCrashJournal } from '../../src/scheduling/crash-journal.js';
import { openSharedJson } from '../../src/files/shared-json.js';
import { openClientSecrets, secretsJson } from '../../src/source/selling-partner/client-secrets.js';
import { openQuotaPlan, quotaJson } from '../../src/source/selling-partner/quota.js';
import { alarmsJson } from '../../src/status/alarms/alarms-file.js';
import { recordedWarnings, silent } from '../files/recorded-warnings.js';
import { listings, listingsType, makeWorld, ordersType, sellerId } from '../ingest/world.js';
import { runs } from '../property-runs.js';

const at = '2026-11-25T12:00:00.000Z';
const alarm = { kind: 'queue', title: 'Queue reports is growing', text: 'Waiting.', since: at };
/** A content of each file that the program itself would write. */
const contents: Record<string, object> = {
  'quota.json': { buckets: { 'app A1 getReport': { tokens: 3, atMs: 1000, callsPerSecond: 2 } } },
  'requests.json': { format: 3, requests: {}, schedules: {}, lostAt: at },
  'limits.json': {
    spacings: { 'A1 GET_X': { minutes: 4, at, strikes: 0, ended: ['1'] } },
    turns: { A1: { calls: 3, exceptions: 1 } },
  },
  'sweeps.json': { A1: { GET_X: at } },
  'ticks.json': { all: { drain: at, sweep: at } },
  'killed.json': { 'A1/doc-1': [{ host: 'here', pid: 7, seenAtMs: 1000 }] },
  'secrets.json': {
    salt: '0123456789abcdef0123456789abcdef',
    secrets: {
      aa: { clientId: 'app', firstSeenAt: at },
      bb: { clientId: 'app', firstSeenAt: at, expiresAt: at, announcedAt: at },
    },
  },
  'alarms.json': { sent: { 'queue/messages/u': { ...alarm, sentAt: at } }, troubles: { u: at } },
};
const names = Object.keys(stateFiles);
const textOf = (name: string) => JSON.stringify(contents[name], null, 2);

/** Any bytes: at random, JSON of any kind, or one of the files, cut off or with bytes changed. */
const anyBytes = fc.oneof(
  fc.uint8Array({ maxLength: 300 }).map((bytes) => Buffer.from(bytes)),
  fc.json().map((text) => Buffer.from(text)),
  fc
    .tuple(fc.constantFrom(...names), fc.nat(400))
    .map(([name, length]) => Buffer.from(textOf(name)).subarray(0, length)),
  fc
    .tuple(fc.constantFrom(...names), fc.array(fc.tuple(fc.nat(400), fc.nat(255)), { maxLength: 4 }))
    .map(([name, changes]) => {
      const bytes = Buffer.from(textOf(name));
      for (const [index, value] of changes) if (index < bytes.length) bytes[index] = value;
      return bytes;
    }),
);

describe('the files of the state folder', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'state-files-'));
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  /** Repairs the folder, and returns the warnings. */
  async function repaired(): Promise<string[]> {
    const { log, warnings } = recordedWarnings();
    await repairStateFiles(folder, { log });
    return warnings;
  }

  it('stay as they are if the program wrote them', async () => {
    assert.deepEqual(Object.keys(contents).sort(), [...names].sort());
    for (const name of names) writeFileSync(join(folder, name), textOf(name));
    assert.deepEqual(await repaired(), []);
    for (const name of names) assert.equal(readFileSync(join(folder, name), 'utf8'), textOf(name));
    assert.equal(readdirSync(folder).length, names.length);
  });

  it('are kept as they are or set aside with a warning, whatever bytes they hold', async () => {
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(...names), anyBytes, async (name, bytes) => {
        rmSync(folder, { recursive: true, force: true });
        mkdirSync(folder);
        const path = join(folder, name);
        writeFileSync(path, bytes);
        const warnings = await repaired();
        const asides = readdirSync(folder).filter((each) => each.includes('.damaged-'));
        assert.equal(warnings.length, asides.length, warnings.join());
        if (asides.length === 0) {
          assert.deepEqual(readFileSync(path), bytes);
        } else {
          assert.deepEqual(readFileSync(join(folder, asides[0] ?? '')), bytes);
          assert.match(
            warnings[0] ?? '',
            new RegExp(`${name} is damaged \\(.+\\); it was set aside as .*; .+`),
          );
        }
        // Whoever uses it next can, and finds no damage again.
        await use(name, asides.length > 0);
        assert.deepEqual(await repaired(), []);
      }),
      { numRuns: runs(300) },
    );
  });

  /** Uses a file as its owner does, and checks what its loss must not lead to. */
  async function use(name: string, isLost: boolean): Promise<void> {
    const path = join(folder, name);
    if (name === 'quota.json') {
      const plan = openQuotaPlan({ state: openSharedJson(path, quotaJson, silent) });
      const key = { clientId: 'new', sellerId: 'A2', operation: 'getReportDocument' } as const;
      assert.equal(plan.available(key), isLost ? 0 : 15, 'a lost plan has no burst left');
    } else if (name === 'requests.json') {
      const store = openRequestStore(folder, silent);
      assert.ok(!isLost || store.lostAtMs() !== undefined, 'the loss is known');
      await store.updateSchedules((held) => held);
    } else if (name === 'killed.json') {
      const journal = openCrashJournal(path, silent);
      assert.ok(!isLost || journal.crashes('A1/doc-1') === 0);
      await journal.begin('A1/doc-2');
      await journal.end('A1/doc-2');
    } else if (name === 'limits.json') {
      await openLearnedLimits(folder, silent).countCall(['A1'], []);
    } else if (name === 'secrets.json') {
      const ages = openClientSecrets(folder, silent);
      const secret = { clientId: 'app', clientSecret: 'hush-hush-hush' };
      await ages.see([secret]);
      assert.ok(ages.ageOf(secret));
    } else if (name === 'alarms.json') {
      await openSharedJson(path, alarmsJson, silent).change(({ sent, ...held }) => ({ ...held, sent }));
    } else {
      await openSharedJson(path, sweepsJson, silent).change((held) => held);
    }
  }

  it('give way if they are folders', async () => {
    for (const name of names) mkdirSync(join(folder, name, 'inside'), { recursive: true });
    const warnings = await repaired();
    assert.equal(warnings.length, names.length);
    for (const each of warnings) assert.match(each, /is damaged \(a folder\); it was set aside as/);
    for (const name of names) assert.ok(readFileSync(join(folder, name), 'utf8').startsWith('{'), name);
    assert.equal(
      readdirSync(folder, { recursive: true }).filter((each) => /inside/.test(String(each))).length,
      names.length,
    );
  });

  it('keep what earlier versions wrote about alarms that were sent', () => {
    const told = { ...alarm, toldAt: at };
    const sent = { 'queue/messages/u': { ...alarm, sentAt: at } };
    const first = { 'queue/messages/u': told };
    assert.deepEqual(alarmsJson.parse(first, ''), { sent, troubles: {} });
    assert.deepEqual(alarmsJson.parse({}, ''), { sent: {}, troubles: {} });
    const second = { told: first, troubles: { 'unreachable/warehouse': at } };
    assert.deepEqual(alarmsJson.parse(second, ''), { sent, troubles: second.troubles });
    assert.deepEqual(alarmsJson.parse({ troubles: {} }, ''), { sent: {}, troubles: {} });
  });

  it('do not keep a run from loading everything once, and from requesting once, when they are damaged', async () => {
    const request = [{ reportType: ordersType, window: '1 day', cron: '0 0 * * *' }];
    const world = await makeWorld({ pipelines: [{ request, limits: { waitTimeSeconds: 0 } }] });
    try {
      const state = join(world.folder, 'state');
      mkdirSync(state);
      // A lost quota plan waits for a minute: see the tests of the quota plan.
      const damaged = names.filter((each) => each !== 'quota.json');
      const damage = () => {
        for (const name of damaged) writeFileSync(join(state, name), '{"');
      };
      const createReports = () =>
        world.sandbox.state.calls.filter(({ operation }) => operation === 'createReport').length;
      damage();
      const report = world.sandbox.addReport({ sellerId, reportType: listingsType, body: listings(3) });
      await world.sandbox.notify(report);
      const { stdout, stderr } = await world.run('run');
      assert.match(stdout, /1 loaded/);
      for (const name of damaged) assert.ok(stderr.includes(`${name} is damaged (not JSON)`), name);
      assert.equal(createReports(), 1);
      damage();
      await world.sandbox.notify(report);
      const again = await world.run('run');
      assert.match(again.stdout, /1 duplicate/);
      assert.equal(createReports(), 1);
      assert.equal(
        readdirSync(state).filter((each) => each.includes('.damaged-')).length,
        2 * damaged.length,
      );
      const { stderr: quiet } = await world.run('run');
      assert.doesNotMatch(quiet, /damaged/);
    } finally {
      await world.close();
    }
  });

  it('are all read in the form that the newest version writes', () => {
    const kinds = { quotaJson, requestsJson, limitsJson, sweepsJson, secretsJson, alarmsJson };
    for (const [name, kind] of Object.entries(kinds)) {
      for (const content of [kind.missing(), kind.lost(1000)])
        assert.deepEqual(kind.parse(JSON.parse(JSON.stringify(content)), name), content, name);
    }
  });
});
