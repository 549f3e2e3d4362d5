import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  listings,
  listingsType,
  makeWorld,
  ordersType,
  sellerId,
  startInProcess,
  type World,
} from '../ingest/world.js';
import cron from 'node-cron';
import { alarmsSpec } from '../../src/config/alarms-spec.js';
import type { PipelineContext } from '../../src/ingest/context.js';
import { beginProgress } from '../../src/requests/request-progress.js';
import { openRequestStore } from '../../src/requests/request-store.js';
import { openAlarms } from '../../src/status/alarms/alarms.js';
import { fakeContext, fakePipeline, fakeRequest, fakeSeller, onlyThese } from '../ingest/fake-context.js';
import { watchSleeps } from '../runtime/watched-sleeps.js';
import { type Receiver, startReceiver } from './alarm-receiver.js';
import { fakeSnapshot } from './fake-snapshot.js';

describe('alarms', () => {
  let world: World;
  let receiver: Receiver;
  beforeEach(async () => {
    receiver = await startReceiver();
  });
  afterEach(async () => {
    await world.close();
    await receiver.close();
  });

  async function open(alarms: object = {}): Promise<void> {
    const settings = { alarms: { webhook: '${WEBHOOK_SECRET}', ...alarms } };
    world = await makeWorld({ settings });
    // By its name, the tests check that it is in no file and no output.
    world.env.WEBHOOK_SECRET = receiver.url;
  }

  /** What was sent since the last look, as `state kind`. */
  function newlySent(): string[] {
    return receiver.bodies
      .splice(0)
      .flatMap(({ alarms }: { alarms: { state: string; kind: string }[] }) =>
        alarms.map(({ state, kind }) => `${state} ${kind}`),
      );
  }

  const damaged = async () =>
    world.sandbox.notify(
      world.sandbox.addReport({
        sellerId,
        reportType: listingsType,
        body: Buffer.from('\u001f\u008bno'),
        gzip: false,
      }),
    );

  it('are silent if all is well', async () => {
    await open();
    await world.sandbox.notify(
      world.sandbox.addReport({ sellerId, reportType: listingsType, body: listings(2) }),
    );
    assert.equal((await world.run('run')).code, 0);
    assert.equal((await world.run('run')).code, 0);
    assert.equal(receiver.posts, 0);
    assert.equal((await world.run('alarms')).stdout, 'All is well.\n');
    // Without the address, which the check for secrets would find.
    assert.equal(JSON.parse((await world.run('config', 'check', '--json')).stdout).alarms.format, 'json');
  });

  it('report a name in staleAfter that is not a table', async () => {
    await open({ staleAfter: { listigns: '2 days', [ordersType]: '3 days', 'GET_NOTHING_*': 'never' } });
    const lines = (text: string) => [
      ...text.matchAll(/staleAfter: unknown table or report type (\S+); it has no effect.*$/gm),
    ];
    const { stderr } = await world.run('alarms');
    assert.deepEqual(
      lines(stderr).map(([, name]) => name),
      ['listigns', 'GET_NOTHING_*'],
    );
    assert.match(stderr, /did you mean "listings"\?/);
    assert.equal(lines((await world.run('config', 'check')).stdout).length, 2);
  });

  it('report a quarantined document once, and the next one', async () => {
    await open();
    const unknown = { sellerId, reportType: listingsType, status: 'DONE' as const };
    // A document that Amazon no longer has.
    await world.sandbox.notify({
      ...world.sandbox.addReport({ ...unknown, body: listings(1) }),
      documentId: 'gone',
    });
    await world.run('run');
    const [{ source, alarms }] = receiver.bodies;
    assert.equal(source, 'sp-reports');
    assert.match(alarms[0].title, new RegExp(`^${listingsType} of ${sellerId} is quarantined$`));
    assert.match(alarms[0].text, /^gone: API_[A-Z_]+\. /);
    assert.deepEqual(newlySent(), ['begun quarantine']);
    await world.run('run');
    assert.deepEqual(newlySent(), []);
    await world.sandbox.notify({
      ...world.sandbox.addReport({ ...unknown, body: listings(1) }),
      documentId: 'gone2',
    });
    await world.run('run');
    assert.deepEqual(newlySent(), ['again quarantine']);
    assert.match((await world.run('alarms')).stdout, /gone2 and 1 more/);
    assert.equal(receiver.posts, 2);
  });

  it('quote no document, neither to the webhook nor in the state folder', async () => {
    await open();
    const body = Buffer.from('Erika Mustermann\tHauptstr. 5\nMax Muster\tSeeweg 1\n');
    await world.sandbox.notify(world.sandbox.addReport({ sellerId, reportType: ordersType, body }));
    await world.run('run');
    const [{ reason }] = JSON.parse((await world.run('loads', '--json')).stdout);
    assert.match(reason, /Mustermann/);
    const sent = JSON.stringify(receiver.bodies);
    const kept = readFileSync(join(world.folder, 'state', 'alarms.json'), 'utf8');
    assert.deepEqual(newlySent(), ['begun quarantine']);
    assert.doesNotMatch(sent + kept, /Muster|Hauptstr/);
    assert.ok(kept.includes('quarantine/'));
  });

  it('wait for a ledger that another program holds for a while, and say so if it cannot be read', async () => {
    await open();
    await world.sandbox.notify({
      ...world.sandbox.addReport({ sellerId, reportType: listingsType, body: listings(1) }),
      documentId: 'gone',
    });
    await world.run('run');
    const path = join(world.folder, 'warehouse.duckdb');
    const hold = `const { DuckDBInstance } = require('@duckdb/node-api');
DuckDBInstance.create(process.argv[1]).then((held) => { console.log('held'); process.stdin.resume().on('end', () => process.exit(0, held)); });`;
    const holder = spawn(process.execPath, ['-e', hold, path], {
      cwd: new URL('../..', import.meta.url).pathname,
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    await once(holder.stdout, 'data');
    let waits = 0;
    const unwatch = watchSleeps(() => {
      waits += 1;
      if (waits === 3) holder.stdin.end();
    });
    try {
      assert.match((await world.run('alarms')).stdout, /is quarantined/);
    } finally {
      unwatch();
    }
    assert.ok(waits >= 3, 'the program waited for the file');
    writeFileSync(path, 'no warehouse');
    const { stdout, stderr } = await world.run('alarms');
    assert.doesNotMatch(stdout, /All is well/);
    assert.match(stderr, /^warning: not checked: the warehouse .*warehouse\.duckdb: /m);
  });

  it('report when Amazon refuses a login, and when it accepts it again', async () => {
    await open();
    const report = { sellerId, reportType: listingsType, body: listings(1) };
    await world.sandbox.notify(world.sandbox.addReport(report));
    world.sandbox.state.faults.answers.set('login', { status: 400, times: 100 });
    await world.run('run');
    await world.sandbox.returnMessages();
    assert.deepEqual(newlySent(), ['begun credentials']);
    // A run without a login changes nothing.
    const queue = world.sandbox.state.faults.answers;
    await world.run('run');
    assert.deepEqual(newlySent(), []);
    queue.clear();
    await world.sandbox.returnMessages();
    await world.sandbox.notify(world.sandbox.addReport({ ...report, body: listings(2) }));
    await world.run('run');
    assert.deepEqual(newlySent(), ['over credentials']);
  });

  it('report a login that only a request needed', async () => {
    const request = [{ reportType: listingsType, cron: '0 0 * * *' }];
    const settings = { alarms: { webhook: '${WEBHOOK_SECRET}' } };
    world = await makeWorld({ settings, pipelines: [{ request }] });
    world.env.WEBHOOK_SECRET = receiver.url;
    world.sandbox.state.faults.answers.set('login', { status: 400, times: 100 });
    await world.run('run');
    assert.deepEqual(newlySent(), ['begun credentials']);
    world.sandbox.state.faults.answers.clear();
    await world.run('run');
    assert.deepEqual(newlySent(), ['over credentials']);
  });

  it('report a long queue, and a table that is older than the settings allow', async () => {
    await open({ queueMessages: 2, staleAfter: { 'GET_MERCHANT_*': '1 hour' } });
    const createdAt = new Date(Date.now() - 3 * 3_600_000);
    const report = { sellerId, reportType: listingsType, createdAt };
    await world.sandbox.notify(world.sandbox.addReport({ ...report, body: listings(1) }));
    await world.run('run');
    assert.deepEqual(newlySent(), ['begun stale_table']);
    for (let index = 0; index < 4; index += 1) await damaged();
    const { stdout } = await world.run('alarms', '--json');
    assert.deepEqual(
      JSON.parse(stdout).map(({ title }: { title: string }) => title),
      [`Table listings of ${sellerId} is stale`, 'Queue reports is growing'],
    );
    // Looking sends nothing.
    assert.deepEqual(newlySent(), []);
  });

  it('are retried if the webhook is unreachable, and never fail a run', async () => {
    await open();
    await world.sandbox.notify({
      ...world.sandbox.addReport({ sellerId, reportType: listingsType, body: listings(1) }),
      documentId: 'gone',
    });
    receiver.refusals.push(404);
    await world.run('run');
    assert.equal(receiver.posts, 1);
    receiver.refusals.push(503);
    const { stderr, code } = await world.run('run');
    assert.deepEqual([code, receiver.posts], [0, 3], stderr);
    assert.deepEqual(newlySent(), ['begun quarantine']);
  });

  it('report a state folder that cannot be written, once in a process that lasts', async () => {
    await open();
    writeFileSync(join(world.folder, 'state'), 'a file in the place of the folder');
    const { stderr } = await world.run('run');
    assert.match(stderr, /^error FILE_SYSTEM_FAILED: .*state: E/m);
    assert.deepEqual(newlySent(), ['begun machine']);
    rmSync(join(world.folder, 'state'));
    assert.equal((await world.run('run')).code, 0);
  });

  it('can be tested in the format of Slack', async () => {
    await open({ format: 'slack' });
    assert.equal((await world.run('alarms', '--test')).code, 0);
    assert.match(receiver.bodies[0].text, /^:rotating_light: \*Test alarm of sp-reports\*\n/);
    receiver.refusals.push(404);
    const { code, stderr } = await world.run('alarms', '--test');
    assert.equal(code, 1);
    assert.match(stderr, /error ALARM_NOT_SENT: sending alarms to the webhook: it answered 404/);
  });

  it('keep no process running whose schedule fails', async () => {
    await open();
    const { schedule } = cron;
    cron.schedule = () => {
      throw new Error('no clock');
    };
    try {
      const { code, stderr } = await world.run('start');
      assert.equal(code, 1);
      assert.match(stderr, /no clock/);
    } finally {
      cron.schedule = schedule;
    }
  });

  it('are checked while the program runs, and sent once even over a restart', async () => {
    await open({ everyMinutes: 0.01 });
    await world.sandbox.notify({
      ...world.sandbox.addReport({ sellerId, reportType: listingsType, body: listings(1) }),
      documentId: 'gone',
    });
    await world.run('run');
    assert.deepEqual(newlySent(), ['begun quarantine']);
    const betweenChecksMs = 600;
    let onCheck = () => {};
    const unwatch = watchSleeps((ms) => {
      if (ms === betweenChecksMs) onCheck();
    });
    try {
      const { running, stop } = startInProcess(['start'], world);
      for (let index = 0; index < 3; index += 1) await damaged();
      await world.run('run');
      await receiver.hasPosts(2);
      await new Promise<void>((resolve) => {
        let checks = 0;
        onCheck = () => {
          checks += 1;
          if (checks === 3) resolve();
        };
      });
      stop();
      assert.equal((await running).code, 0);
    } finally {
      unwatch();
    }
    // Two processes that look at the same moment may both send it.
    assert.ok(newlySent().every((each) => each === 'again quarantine') && receiver.posts <= 3);
  });
});

describe('alarms of several processes, one after the other', () => {
  it('are sent once for a lasting condition, however short each process lives, and once when it ends', async () => {
    const receiver = await startReceiver();
    const state = mkdtempSync(join(tmpdir(), 'alarms-'));
    const startMs = Date.parse('2026-11-25T12:00:00Z');
    /** A run that finds the warehouse locked, or not, this many minutes later. */
    const run = async (minutes: number, isLocked: boolean): Promise<string[]> => {
      const at = new Date(startMs + minutes * 60_000).toISOString();
      const problem = { code: 'WAREHOUSE_LOCKED', message: 'locked', since: at };
      const found = isLocked ? { problem } : { readAt: at };
      const snapshot = fakeSnapshot({ at, warehouse: { type: 'duckdb', name: 'w', ...found } });
      const clock = { now: () => Date.parse(at), sleep: async () => {}, every: () => () => {} };
      const log = onlyThese<PipelineContext['log']>('log', { info() {}, warn: () => assert.fail() });
      const context = fakeContext({ config: { state }, clock, log });
      const settings = alarmsSpec.parse({ webhook: receiver.url });
      const alarms = openAlarms(settings, async () => snapshot, context);
      await alarms.check(new AbortController().signal);
      const sent = receiver.bodies.splice(0).flatMap(({ alarms: all }) => all);
      return sent.map((each: { state: string; since: string }) => `${each.state} ${each.since}`);
    };
    try {
      const since = '2026-11-25T12:00:00.000Z';
      assert.deepEqual(await run(0, true), []);
      assert.deepEqual(await run(10, true), []);
      assert.deepEqual(await run(20, true), [`begun ${since}`]);
      assert.deepEqual(await run(30, true), []);
      assert.deepEqual(await run(40, false), [`over ${since}`]);
      assert.deepEqual(await run(50, true), []);
    } finally {
      await receiver.close();
      rmSync(state, { recursive: true });
    }
  });
});

describe('alarms of a request that is taken out of the settings', () => {
  it('are over, whether windows were abandoned or everything failed', async () => {
    const receiver = await startReceiver();
    const state = mkdtempSync(join(tmpdir(), 'alarms-'));
    const at = '2026-11-25T12:00:00.000Z';
    const clock = { now: () => Date.parse(at), sleep: async () => {}, every: () => () => {} };
    const log = onlyThese<PipelineContext['log']>('log', { info() {}, warn: () => assert.fail() });
    const [abandonedType, failingType] = ['GET_FBA_REIMBURSEMENTS_DATA', ordersType];
    const window = { count: 1, unit: 'day' as const };
    const check = async (...reportTypes: string[]): Promise<string[]> => {
      const request = reportTypes.map((reportType) => fakeRequest({ reportType, window }));
      const config = {
        state,
        pipelines: [fakePipeline({ request })],
        sellers: [fakeSeller({ id: sellerId })],
      };
      const context = fakeContext({ config, clock, log, schemas: new Map() });
      const alarms = openAlarms(
        alarmsSpec.parse({ webhook: receiver.url }),
        async () => fakeSnapshot({ at }),
        context,
      );
      await alarms.check(new AbortController().signal);
      const sent = receiver.bodies.splice(0).flatMap(({ alarms: all }) => all);
      return sent.map((each: { state: string; title: string }) => `${each.state} ${each.title}`).sort();
    };
    const progressOf = (reportType: string) => beginProgress({ sellerId, reportType }, 0, clock.now());
    const keyOf = (reportType: string) => `${sellerId} ${reportType} ATVPDKIKX0DER`;
    const store = openRequestStore(state, { log, clock });
    try {
      await store.update(keyOf(abandonedType), () => ({
        ...progressOf(abandonedType),
        abandoned: [{ start: at, end: at, at, found: 'no' }],
      }));
      await store.update(keyOf(failingType), () => ({
        ...progressOf(failingType),
        outage: { since: at, at, found: 'no', isOfType: true },
      }));
      assert.deepEqual(await check(abandonedType, failingType), [
        `begun All requests for ${failingType} of ${sellerId} fail`,
        `begun Requests for ${abandonedType} of ${sellerId} fail`,
      ]);
      assert.deepEqual(await check(failingType), [`over Requests for ${abandonedType} of ${sellerId} fail`]);
      assert.deepEqual(await check(), [`over All requests for ${failingType} of ${sellerId} fail`]);
    } finally {
      await receiver.close();
      rmSync(state, { recursive: true });
    }
  });
});
