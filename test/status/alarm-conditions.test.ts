import assert from 'node:assert/strict';
import fc from 'fast-check';
import { alarmBody } from '../../src/status/alarms/alarm-message.js';
import { type AlarmSources, conditionsOf } from '../../src/status/alarms/alarm-conditions.js';
import type { Condition } from '../../src/status/alarms/condition.js';
import { diffAlarms } from '../../src/status/alarms/alarms.js';
import type { SentAlarms } from '../../src/status/alarms/alarms-file.js';
import type { StatusSnapshot } from '../../src/status/types.js';
import type { WarnedDocuments } from '../../src/warehouse/types.js';
import { fakeQueueSnapshot, fakeSellerSnapshot, fakeSnapshot, snapshotAt } from './fake-snapshot.js';
import { runs } from '../property-runs.js';

const at = snapshotAt;
const settings = {
  staleAfter: {},
  warnings: {},
  queueMessages: 100,
  queueAge: { count: 1, unit: 'day' as const },
};
const queue = fakeQueueSnapshot();
const noMessages = { visible: 0, inFlight: 0, delayed: 0 };

function sources(changed: Partial<StatusSnapshot> = {}): AlarmSources {
  return { snapshot: fakeSnapshot(changed), requests: [] };
}

const table = (ageHours: number, changed = {}) => ({
  table: 'orders',
  reportType: 'GET_ORDERS',
  sellerId: 'A1',
  documents: 9,
  rows: 9,
  lastLoadedAt: at,
  lastDataEnd: null,
  lastMadeAt: new Date(Date.parse(at) - ageHours * 3_600_000).toISOString(),
  ageSeconds: ageHours * 3600,
  isStale: false,
  ...changed,
});
const keys = (from: AlarmSources, more = {}, sent: string[] = []) =>
  conditionsOf(from, { ...settings, ...more }, { wasSent: (key) => sent.includes(key) }).conditions.map(
    ({ key }) => key,
  );

describe('the alarm condition of a warning', () => {
  const daysAgo = (days: number) => new Date(Date.parse(at) - days * 86_400_000).toISOString();
  const ledgerOf = (...warnings: WarnedDocuments[]): Partial<StatusSnapshot> => {
    const warned = warnings.map(({ reportType, code, lastLoadedAt }, index) => ({
      key: `A1/d${index}`,
      sellerId: 'A1',
      reportType,
      documentId: `d${index}`,
      reportId: null,
      loadedAt: lastLoadedAt,
      warnings: [{ code, message: 'Ann lives here', remedy: 'Look at it.' }],
    }));
    const nothing = { documents: [], days: [], rejects: [], recent: [], quarantined: [], drift: [] };
    const ledger = { ...nothing, warnings, warned, withWarnings: warned.length };
    return { warehouse: { type: 'duckdb', name: 'w', readAt: at, ledger } };
  };
  const warned = (code: string, days: number, more: Partial<WarnedDocuments> = {}): WarnedDocuments => ({
    reportType: 'GET_ORDERS',
    code,
    documents: 1000,
    lastLoadedAt: daysAgo(days),
    ...more,
  });

  it('is one for each report type and code, however many documents have it', () => {
    const other = { reportType: 'GET_OTHER' };
    const ledger = ledgerOf(
      warned('TOTALS_DIFFER', 1),
      warned('MEASURES_EMPTY', 1),
      warned('TOTALS_DIFFER', 1, other),
    );
    assert.deepEqual(keys(sources(ledger)), [
      'warning/GET_ORDERS/TOTALS_DIFFER',
      'warning/GET_ORDERS/MEASURES_EMPTY',
      'warning/GET_OTHER/TOTALS_DIFFER',
    ]);
  });

  it('has the code, the last document and the remedy, and quotes nothing', () => {
    const [condition] = conditionsOf(sources(ledgerOf(warned('TOTALS_DIFFER', 1))), settings, {
      wasSent: () => false,
    }).conditions;
    assert.deepEqual(condition, {
      key: 'warning/GET_ORDERS/TOTALS_DIFFER',
      kind: 'warning',
      title: 'GET_ORDERS was loaded with the warning TOTALS_DIFFER',
      text: 'Last in d0. Look at it. See `sp-reports loads --warnings --type GET_ORDERS`.',
      since: daysAgo(1),
    });
  });

  it('is over a week after the last document, and is not sent again for each document', () => {
    assert.deepEqual(keys(sources(ledgerOf(warned('TOTALS_DIFFER', 8)))), []);
    const today = conditionsOf(sources(ledgerOf(warned('TOTALS_DIFFER', 0))), settings, {
      wasSent: () => true,
    });
    const { key, ...rest } = today.conditions[0] as Condition;
    const sent = { [key]: { ...rest, since: daysAgo(3), sentAt: daysAgo(3) } };
    assert.deepEqual(diffAlarms(today, sent, {}, at), []);
  });

  it('follows the settings, and otherwise the catalogue', () => {
    const ledger = ledgerOf(warned('TOTALS_DIFFER', 1), warned('ROWS_REPLACED', 1));
    assert.deepEqual(keys(sources(ledger)), ['warning/GET_ORDERS/TOTALS_DIFFER']);
    const warnings = { TOTALS_DIFFER: false, ROWS_REPLACED: true };
    assert.deepEqual(keys(sources(ledger), { warnings }), ['warning/GET_ORDERS/ROWS_REPLACED']);
  });

  it('is not over while the warehouse cannot be read', () => {
    const broken = sources({ warehouse: { type: 'duckdb', name: 'w' } });
    const { isKnown } = conditionsOf(broken, settings, { wasSent: () => true });
    assert.equal(isKnown('warning/GET_ORDERS/TOTALS_DIFFER'), false);
  });
});

describe('an alarm condition', () => {
  it('does not exist if all is well', () => {
    const queues = [{ ...queue, messages: { ...noMessages, visible: 100 } }];
    assert.deepEqual(keys(sources({ tables: [table(5)], queues })), []);
  });

  it('is a table that misses reports by its usual interval, or is older than the settings allow', () => {
    const stale = 'stale/orders/A1';
    assert.deepEqual(keys(sources({ tables: [table(50, { isStale: true })] })), [stale]);
    const days = { count: 2, unit: 'day' as const };
    for (const [staleAfter, expected] of [
      [{ orders: days }, [stale]],
      [{ GET_ORDERS: days }, [stale]],
      [{ 'GET_*': days }, [stale]],
      [{ orders: 'never' as const, GET_ORDERS: days }, []],
      [{ GET_OTHERS: days }, []],
    ] as const) {
      assert.deepEqual(
        keys(sources({ tables: [table(50)] }), { staleAfter }),
        expected,
        JSON.stringify(staleAfter),
      );
    }
    assert.deepEqual(keys(sources({ tables: [table(47)] }), { staleAfter: { orders: days } }), []);
  });

  it('is a queue above its limit, until it falls to half of it', () => {
    const key = `queue/messages/${queue.url}`;
    const of = (visible: number) => sources({ queues: [{ ...queue, messages: { ...noMessages, visible } }] });
    assert.deepEqual([keys(of(100)), keys(of(101))], [[], [key]]);
    assert.deepEqual([keys(of(51), {}, [key]), keys(of(50), {}, [key])], [[key], []]);
    const oldestMessage = { sentAt: at, ageSeconds: 90_000 };
    const old = sources({ queues: [{ ...queue, messages: noMessages, oldestMessage }] });
    assert.deepEqual(keys(old), [`queue/age/${queue.url}`]);
  });

  it('is a queue or warehouse that cannot be read: at once, or after a quarter of an hour if that may pass', () => {
    const since = (minutes: number) => new Date(Date.parse(at) - minutes * 60_000).toISOString();
    const of = (code: string, minutes: number) =>
      keys(sources({ queues: [{ ...queue, problem: { code, message: 'm', since: since(minutes) } }] }));
    assert.equal(of('QUEUE_ACCESS_DENIED', 0).length, 1);
    assert.equal(of('QUEUE_UNREACHABLE', 14).length, 0);
    assert.equal(of('QUEUE_UNREACHABLE', 15).length, 1);
  });

  it('is a run that the machine prevents, until the next one of its kind', () => {
    const last = (more: object) => ({
      ...{ pipeline: 'all', kind: 'drain' as const, startedAt: at, endedAt: at },
      ...{ outcomes: {}, rows: 0, bytes: 0, failures: [], ...more },
    });
    const pipelines = (more?: object) => [
      {
        name: 'all',
        queue: queue.url,
        timezone: 'UTC',
        drain: { schedules: [], last: more && last(more) },
      },
    ];
    const full = { code: 'DISK_FULL', message: 'writing state: ENOSPC' };
    const key = 'machine/all/drain';
    assert.deepEqual(keys(sources({ pipelines: pipelines({ error: full }) })), [key]);
    assert.deepEqual(keys(sources({ pipelines: pipelines({ failures: [{ key: 'A1/d1', ...full }] }) })), [
      key,
    ]);
    const other = { error: { code: 'QUEUE_UNREACHABLE', message: 'no answer' } };
    assert.deepEqual(keys(sources({ pipelines: pipelines(other) })), []);
    const known = (more?: object) =>
      conditionsOf(sources({ pipelines: pipelines(more) }), settings, { wasSent: () => true }).isKnown(key);
    assert.deepEqual([known(), known({})], [false, true]);
  });

  it('is a copy of the warehouse that cannot be made, and is over only if this process has made one', () => {
    const published = (problem?: { code: string; message: string; since: string }) => ({
      warehouse: {
        type: 'duckdb' as const,
        name: 'w',
        readAt: at,
        published: { path: 'copy.duckdb', problem },
      },
    });
    const key = 'machine/publish';
    const problem = { code: 'PUBLISH_FAILED', message: 'publishing a copy: ENOSPC', since: at };
    const [condition] = conditionsOf(sources(published(problem)), settings, {
      wasSent: () => false,
    }).conditions;
    assert.deepEqual([condition?.key, condition?.kind, condition?.since], [key, 'machine', at]);
    assert.match(condition?.text ?? '', /^publishing a copy: ENOSPC\. Make room/);
    assert.deepEqual(keys(sources(published())), []);
    const known = (changed?: Partial<StatusSnapshot>) =>
      conditionsOf(sources(changed), settings, { wasSent: () => true }).isKnown(key);
    assert.deepEqual([known(), known(published())], [false, true]);
  });

  it('is a request that was abandoned', () => {
    const abandoned = [
      { start: '2026-11-01T00:00:00.000Z', end: '2026-11-02T00:00:00.000Z', at, found: 'no such data' },
    ];
    const from = {
      ...sources(),
      requests: [{ key: 'A1 GET_X', sellerId: 'A1', reportType: 'GET_X', abandoned }],
    };
    assert.deepEqual(keys(from), ['request/A1 GET_X']);
  });

  describe('of requests that all fail', () => {
    const outage = { since: '2026-11-02T00:00:00.000Z', at, found: 'try again later', isOfType: true };
    const request = (sellerId: string, changes: object) => ({
      key: `${sellerId} GET_X`,
      sellerId,
      reportType: 'GET_X',
      abandoned: [],
      ...changes,
    });
    const from = (...requests: ReturnType<typeof request>[]) => ({ ...sources(), requests });
    const found = (...requests: ReturnType<typeof request>[]) =>
      conditionsOf(from(...requests), settings, { wasSent: () => true });

    it('is one for all sellers, with what Amazon says', () => {
      const { conditions } = found(request('A1', { outage }), request('A2', { outage }));
      assert.deepEqual(
        conditions.map(({ key, title, since }) => [key, title, since]),
        [['outage/GET_X', 'All requests for GET_X of 2 sellers fail', outage.since]],
      );
      assert.match(conditions[0]?.text ?? '', /try again later/);
    });

    it('is news again if one more seller fails by itself, and not if the whole type does', () => {
      const later = { ...outage, since: '2026-11-03T00:00:00.000Z' };
      const marks = (isOfType: boolean) =>
        [[outage], [outage, later]].map((each) => {
          const requests = each.map((one, index) => request(`A${index}`, { outage: { ...one, isOfType } }));
          return found(...requests).conditions[0]?.mark;
        });
      assert.deepEqual(marks(false), [outage.since, later.since]);
      assert.deepEqual(marks(true), [undefined, undefined]);
    });

    it('includes the windows that were abandoned, whose own alarm neither begins nor ends meanwhile', () => {
      const abandoned = [{ start: at, end: at, at, found: 'no such data' }];
      assert.deepEqual(keys(from(request('A1', { outage, abandoned }))), ['outage/GET_X']);
      assert.equal(found(request('A1', { outage, abandoned })).isKnown('request/A1 GET_X'), false);
      assert.equal(found(request('A1', {})).isKnown('outage/GET_X'), true);
    });
  });

  it('is a requests.json that holds something else, which says nothing about single requests', () => {
    const requestProblem = { code: 'REQUEST_STATE_INVALID', message: 'm', since: at };
    const from = { ...sources(), requestProblem };
    assert.deepEqual(keys(from), ['unreachable/requests']);
    const { isKnown } = conditionsOf(from, settings, { wasSent: () => true });
    const ofRequests = ['request/A1 GET_X', 'outage/GET_X', 'unreachable/requests'];
    assert.deepEqual(ofRequests.map(isKnown), [false, false, false]);
  });

  const dayMs = 86_400_000;
  const inDays = (days: number) => new Date(Date.parse(at) + days * dayMs).toISOString();
  const secretOf = (sellerId: string, clientId: string, days: number, isDue = true) =>
    fakeSellerSnapshot({
      sellerId,
      credentials: {
        clientSecret: {
          clientId,
          firstSeenAt: inDays(days - 180),
          expiresAt: inDays(days),
          isAnnounced: false,
          dueAt: inDays(days - 30),
          isDue,
        },
      },
    });

  it('is a client secret that expires soon, once for each application', () => {
    const sellers = [
      secretOf('A1', 'app', 29),
      secretOf('A2', 'app', 12),
      secretOf('B1', 'later', 90, false),
      fakeSellerSnapshot({ sellerId: 'C1' }),
    ];
    const { conditions } = conditionsOf(sources({ sellers }), settings, { wasSent: () => false });
    assert.deepEqual(
      conditions.map(({ key, title, since, mark }) => [key, title, since, mark]),
      [['secret/app', 'The client secret of A1, A2 expires soon', inDays(-18), undefined]],
    );
    assert.match(
      conditions[0]?.text ?? '',
      /^It was first seen 168 days ago, expires on 2026-12-07 at the latest\. Rotate it /,
    );
  });

  it('is news again when a client secret has expired', () => {
    const sellers = [secretOf('A1', 'app', -1)];
    const { conditions } = conditionsOf(sources({ sellers }), settings, { wasSent: () => false });
    assert.deepEqual(
      conditions.map(({ title, mark }) => [title, mark]),
      [['The client secret of A1 has expired', inDays(-1)]],
    );
  });

  it('is a notification that is kept for the operator', () => {
    const path = '/state/notifications/X-1.json';
    const kept = { path, notificationType: 'X', keptAt: at, carries: 'other' as const, isDone: false };
    const notifications = { open: [kept] };
    assert.deepEqual(keys(sources({ notifications })), [`notification/${path}`]);
  });

  it('is a state of client secrets that cannot be read, which says nothing about single ones', () => {
    const problem = { code: 'FILE_SYSTEM_FAILED', message: 'm', since: '2026-11-25T11:00:00.000Z' };
    const from = sources({ notifications: { open: [], problem } });
    assert.deepEqual(keys(from), ['unreachable/secrets']);
    const { isKnown } = conditionsOf(from, settings, { wasSent: () => true });
    assert.deepEqual(['secret/app', 'notification/x', 'unreachable/secrets'].map(isKnown), [
      false,
      false,
      false,
    ]);
  });

  it('does not end if nothing is known about it', () => {
    const isKnown = (from: AlarmSources, key: string) =>
      conditionsOf(from, settings, { wasSent: () => true }).isKnown(key);
    const { warehouse } = sources().snapshot;
    const problem = { code: 'WAREHOUSE_LOCKED', message: 'm', since: at };
    for (const [key, from, known] of [
      ['stale/orders/A1', sources(), true],
      ['stale/orders/A1', sources({ warehouse: { ...warehouse, problem } }), false],
      ['credentials/A1', sources({ sellers: [fakeSellerSnapshot()] }), false],
      [
        'credentials/A1',
        sources({ sellers: [fakeSellerSnapshot({ credentials: { acceptedAt: at } })] }),
        true,
      ],
      [`queue/messages/${queue.url}`, sources({ queues: [queue] }), false],
      [`queue/messages/${queue.url}`, sources({ queues: [{ ...queue, messages: noMessages }] }), true],
      [`queue/age/${queue.url}`, sources({ queues: [{ ...queue, messages: noMessages }] }), true],
      [
        `queue/age/${queue.url}`,
        sources({ queues: [{ ...queue, messages: noMessages, isDrained: false }] }),
        false,
      ],
      ['unreachable/warehouse', sources(), true],
      ['unreachable/warehouse', sources({ warehouse: { ...warehouse, problem } }), false],
      [`unreachable/${queue.url}`, sources({ queues: [queue] }), false],
    ] as const) {
      assert.equal(isKnown(from, key), known, key);
    }
  });
});

const nothingElse = { unread: [], troubles: {} };
const moment = fc.record({
  there: fc.subarray(['a', 'b', 'c']),
  unknown: fc.subarray(['a', 'b', 'c']),
  mark: fc.nat(3),
});

describe('the changes of alarms', () => {
  it('are the beginning of each condition once, and its end once', () => {
    const property = fc.property(fc.array(moment, { maxLength: 12 }), (moments) => {
      let sent: SentAlarms = {};
      const rings = new Map<string, string[]>();
      for (const { there, unknown, mark } of moments) {
        const conditions = there.map(
          (key): Condition => ({ key, kind: 'queue', title: key, text: '', since: at, mark: String(mark) }),
        );
        const news = diffAlarms(
          { conditions, ...nothingElse, isKnown: (key) => !unknown.includes(key as 'a') },
          sent,
          {},
          at,
        );
        for (const { key, state, ...alarm } of news) {
          rings.set(key, [...(rings.get(key) ?? []), state]);
          const { [key]: _, ...others } = sent;
          sent = state === 'over' ? others : { ...sent, [key]: { ...alarm, sentAt: at, mark: String(mark) } };
        }
        for (const key of there) assert.ok(key in sent);
        for (const key of Object.keys(sent))
          assert.ok(there.includes(key as 'a') || unknown.includes(key as 'a'));
      }
      for (const states of rings.values())
        assert.match(`${states.join(' ')} `, /^(begun (again )*over )*(begun (again )*)?$/);
    });
    fc.assert(property, { numRuns: runs(200) });
  });

  it('include what lasts, if it is due to be repeated', () => {
    const condition: Condition = { key: 'a', kind: 'queue', title: 'a', text: '', since: at };
    const sent = { a: { ...condition, sentAt: at } };
    const newsAfter = (hours: number) =>
      diffAlarms(
        { conditions: [condition], ...nothingElse, isKnown: () => true },
        sent,
        { repeatAfter: { count: 1, unit: 'day' } },
        new Date(Date.parse(at) + hours * 3_600_000).toISOString(),
      ).map(({ state }) => state);
    assert.deepEqual([newsAfter(23), newsAfter(24)], [[], ['again']]);
  });

  it('go to Slack in one message, with markup escaped and of limited length', () => {
    const alarm = {
      key: 'k',
      kind: 'queue' as const,
      state: 'begun' as const,
      title: 'a <b> & c',
      since: at,
    };
    const alarms = Array.from({ length: 25 }, () => ({ ...alarm, text: 'x'.repeat(5000) }));
    const { text } = JSON.parse(alarmBody(alarms, 'slack', at)) as { text: string };
    assert.ok(text.startsWith(':rotating_light: *a &lt;b&gt; &amp; c*\n'));
    assert.ok(text.endsWith('and 5 more, see the status page') && text.length < 20_000);
  });
});
