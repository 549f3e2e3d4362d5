import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beginProgress } from '../../src/requests/request-progress.js';
import { systemClock } from '../../src/runtime/clock.js';
import { openRequestStore } from '../../src/requests/request-store.js';
import { listingsType, makeWorld, sellerId } from '../ingest/world.js';
import { recordedWarnings, silent } from '../files/recorded-warnings.js';

const day = (of: number) => `2026-10-0${of}T00:00:00.000Z`;
const at = '2026-10-09T12:00:00.000Z';
const failed = { at, reportId: '1', failed: 'FATAL' };
const schedule = {
  sellerId: 'A1',
  reportType: 'GET_Y',
  marketplaceIds: ['US'],
  scheduleId: '50',
  wanted: '["P1D",[]]',
  checkedAt: at,
};
/** In the first format: no version, no states. */
const format1 = {
  reports: {
    'A1 GET_X US': {
      reportType: 'GET_X',
      begin: day(1),
      doneUntil: day(2),
      windows: [
        { start: day(2), end: day(3), asks: [{ at, reportId: '7' }] },
        { start: day(3), end: day(4), asks: [{ at }] },
        { start: day(4), end: day(5), asks: [failed, failed] },
        { start: day(5), end: day(6), asks: [{ at, reportId: '8' }], answered: true },
        { start: day(6), end: day(7), asks: [], answered: true },
        { start: day(7), end: day(8), asks: [], againAt: at },
        { start: day(8), end: day(9), asks: [failed, failed, failed, failed] },
      ],
      givenUp: [{ start: day(6), end: day(7), at, found: 'FATAL' }],
      lastAskedAt: at,
      refused: { times: 2, at, found: '400' },
    },
  },
  schedules: { 'A1 GET_Y US': schedule },
};

describe('requests.json', () => {
  const folder = mkdtempSync(join(tmpdir(), 'sp-reports-request-file-'));
  const file = join(folder, 'requests.json');
  after(() => rmSync(folder, { recursive: true, force: true }));

  it('is read in its first format, with a state for each window', () => {
    writeFileSync(file, JSON.stringify(format1));
    const store = openRequestStore(folder, silent);
    const { windows = [], ...progress } = store.progress('A1 GET_X US') ?? {};
    assert.deepEqual(
      windows.map(({ state, retryAt, attempts }) => [state, retryAt, attempts.length]),
      [
        ['requested', undefined, 1],
        ['unconfirmed', undefined, 1],
        ['backing-off', '2026-10-09T16:00:00.000Z', 2],
        ['answered', undefined, 1],
        ['abandoned', undefined, 0],
        ['due', undefined, 0],
        ['abandoned', undefined, 4],
      ],
    );
    // Only the last of them is still to be reported.
    assert.deepEqual(
      windows.flatMap(({ state, reportedAt }) => (state === 'abandoned' ? [reportedAt] : [])),
      [at, undefined],
    );
    assert.equal(windows[5]?.forcedAt, at);
    assert.deepEqual(progress, {
      version: 1,
      sellerId: 'A1',
      reportType: 'GET_X',
      begin: day(1),
      doneUntil: day(2),
      abandoned: [{ start: day(6), end: day(7), at, found: 'FATAL' }],
      lastRequestedAt: at,
      refusal: { times: 2, since: at, at, retryAt: '2026-10-09T16:00:00.000Z', found: '400' },
    });
    assert.deepEqual(store.schedules(), format1.schedules);
  });

  it('is written in the third format by the first change, and loses nothing of the first', async () => {
    writeFileSync(file, JSON.stringify(format1));
    const store = openRequestStore(folder, silent);
    const before = [store.all(), store.schedules()];
    await store.updateSchedules((held) => held);
    assert.equal(JSON.parse(readFileSync(file, 'utf8')).format, 3);
    const again = openRequestStore(folder, silent);
    assert.deepEqual([again.all(), again.schedules()], before);
  });

  it('gets the seller of each request that an earlier version wrote without it', async () => {
    const { sellerId: _, ...earlier } = beginProgress({ sellerId: 'A1', reportType: 'GET_X' }, 0, 1);
    const later = beginProgress({ sellerId: 'A2', reportType: 'GET_X' }, 0, 1);
    const requests = { 'A1 GET_X US': earlier, 'A2 GET_X US': later };
    writeFileSync(file, JSON.stringify({ format: 2, requests, schedules: {} }));
    const store = openRequestStore(folder, silent);
    assert.deepEqual(
      store.all().map(({ sellerId: id }) => id),
      ['A1', 'A2'],
    );
    await store.updateSchedules((held) => held);
    const written = JSON.parse(readFileSync(file, 'utf8')).requests;
    assert.equal(written['A1 GET_X US'].sellerId, 'A1');
  });

  it('is read in its second format, and keeps an outage and windows with refreshes in the third', async () => {
    const [start, end] = [day(2), day(3)];
    const begun = beginProgress({ sellerId: 'A1', reportType: 'GET_X' }, Date.parse(start), 1);
    const record = { start, end, version: 1, attempts: [] };
    const answered = { ...record, state: 'answered', attempts: [{ at, reportId: '7' }] };
    const refusal = { times: 2, at, retryAt: at, found: '400' };
    const second = { ...begun, windows: [answered], refusal };
    writeFileSync(file, JSON.stringify({ format: 2, requests: { key: second }, schedules: {} }));
    const store = openRequestStore(folder, silent);
    assert.deepEqual(store.progress('key'), { ...second, refusal: { ...refusal, since: at } });
    const settling = { ...record, state: 'settling', answeredAt: at, isEmpty: true, skippedAt: at } as const;
    const due = { ...record, state: 'due', answeredAt: at, refreshAt: at } as const;
    const outage = { since: at, at, found: 'FATAL', isOfType: true };
    const third = { ...begun, windows: [settling, due], outage, lastAnsweredAt: at };
    await store.update('key', () => third);
    assert.deepEqual(openRequestStore(folder, silent).progress('key'), third);
  });

  const one = { format: 3, requests: {}, schedules: {} };
  for (const [name, content] of [
    ['a list', '[]'],
    ['a text', '"requests"'],
    ['null', 'null'],
    ['half a file', '{"format":'],
    ['other keys', '{"sellers":{}}'],
    ['requests that are a list', JSON.stringify({ ...one, requests: [] })],
    ['a request without windows', JSON.stringify({ ...one, requests: { key: { version: 1 } } })],
    [
      'an invalid time',
      JSON.stringify({ reports: { a: { ...format1.reports['A1 GET_X US'], doneUntil: 'no time' } } }),
    ],
  ] as const) {
    it(`is set aside with a warning if it holds ${name}, and its loss is recorded`, async () => {
      writeFileSync(file, content);
      const recorded = recordedWarnings();
      const clock = { ...systemClock, now: () => Date.parse(at) };
      const store = openRequestStore(folder, { ...recorded, clock });
      assert.deepEqual([store.all(), store.lostAtMs()], [[], Date.parse(at)]);
      await store.updateSchedules((held) => held);
      assert.equal(JSON.parse(readFileSync(file, 'utf8')).lostAt, at);
      const [aside = ''] = readdirSync(folder).filter((each) => each.includes('damaged'));
      assert.equal(readFileSync(join(folder, aside), 'utf8'), content);
      assert.equal(recorded.warnings.length, 1);
      assert.ok(recorded.warnings[0]?.includes(aside), recorded.warnings[0]);
      rmSync(join(folder, aside));
    });
  }

  it('is refused with a code of the catalogue, and stays as it is, if a later version wrote it', async () => {
    const text = JSON.stringify({ ...one, format: 4 });
    writeFileSync(file, text);
    const store = openRequestStore(folder, silent);
    await assert.rejects(
      store.update('key', (held) => held),
      { code: 'REQUEST_STATE_INVALID' },
    );
    assert.equal(readFileSync(file, 'utf8'), text);
    assert.deepEqual(readdirSync(folder), ['requests.json']);
  });

  it('begins without a loss if it is missing', () => {
    rmSync(file, { force: true });
    const store = openRequestStore(folder, silent);
    assert.deepEqual([store.all(), store.lostAtMs()], [[], undefined]);
  });

  it('makes requests fail and raises an alarm, but stops no drain, if a later version wrote it', async () => {
    const request = [{ reportType: listingsType, cron: '0 0 * * *' }];
    const settings = { alarms: { webhook: '${WEBHOOK_SECRET}' } };
    const world = await makeWorld({ settings, pipelines: [{ request }] });
    world.env.WEBHOOK_SECRET = 'http://127.0.0.1:9/';
    try {
      mkdirSync(join(world.folder, 'state'), { recursive: true });
      writeFileSync(join(world.folder, 'state', 'requests.json'), '{"format":4}');
      const run = await world.run('run');
      assert.equal(run.code, 1);
      assert.match(run.stderr, /REQUEST_STATE_INVALID/);
      assert.match(run.stdout, /Pipeline \S+:/);
      for (const args of [['request'], ['request', '--dry-run']]) {
        const { code, stderr } = await world.run(...args);
        assert.equal(code, 1, args.join(' '));
        assert.match(stderr, /REQUEST_STATE_INVALID/);
      }
      const { stdout, stderr } = await world.run('alarms', '--json');
      assert.match(stderr, /not checked: the state of requests/);
      assert.deepEqual(
        JSON.parse(stdout).map(({ title }: { title: string }) => title),
        ['The state of requests cannot be read'],
      );
      assert.deepEqual(
        world.sandbox.state.reports.filter((each) => each.sellerId === sellerId),
        [],
      );
    } finally {
      await world.close();
    }
  });
});
