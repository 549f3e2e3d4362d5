import assert from 'node:assert/strict';
import { ReportsError } from '../../src/errors/reports-error.js';
import type { PipelineEvent } from '../../src/ingest/context.js';
import { emptySummary } from '../../src/ingest/work-summary.js';
import type { Run } from '../../src/runs/run.js';
import { openRunLog } from '../../src/status/run-log.js';

const queue = 'https://sqs.us-east-1.amazonaws.com/123456789012/reports';
const run = (kind: Run['kind'] = 'drain') =>
  ({ kind, pipeline: { name: 'all', queue, limits: { maxDocuments: 10 } } }) as Run;
const nothing = emptySummary();
const refusal = { key: 'A1/doc-1', sellerId: 'A1', code: 'LOGIN_REFUSED', message: 'refused' };

function open() {
  let nowMs = Date.parse('2026-11-25T12:00:00Z');
  const log = openRunLog({ now: () => nowMs, sleep: async () => {}, every: () => assert.fail() });
  const begin = (kind?: Run['kind']) => {
    const watch = log.watch(run(kind));
    return { ...watch, emit: (event: PipelineEvent) => watch.onEvent?.(event) };
  };
  return { log, begin, pass: (ms: number) => (nowMs += ms) };
}

describe('the log of runs', () => {
  it('shows a run while it is in progress, and its result', () => {
    const { log, begin } = open();
    const drain = begin();
    drain.emit({ event: 'bytes_downloaded', key: 'A1/doc-1', bytes: 7 });
    drain.emit({ event: 'work_finished', key: 'A1/doc-1', outcome: 'loaded' });
    const [running] = log.runs();
    assert.deepEqual([running?.outcomes, running?.bytes, running?.endedAt], [{ loaded: 1 }, 7, undefined]);
    assert.equal(log.succeededAt('all', 'drain'), undefined);
    drain.finished({ ...nothing, outcomes: { loaded: 1, duplicate: 2 } });
    assert.deepEqual(log.runs()[0]?.outcomes, { loaded: 1, duplicate: 2 });
    assert.equal(log.succeededAt('all', 'drain'), '2026-11-25T12:00:00.000Z');
  });

  it('shows the tick that a run made up for', () => {
    const { log } = open();
    log.watch({ ...run(), dueAtMs: Date.parse('2026-11-25T09:00:00Z') });
    log.watch(run());
    const due = log.runs().map(({ dueAt, startedAt }) => [dueAt, startedAt]);
    const startedAt = '2026-11-25T12:00:00.000Z';
    assert.deepEqual(due, [
      [undefined, startedAt],
      ['2026-11-25T09:00:00.000Z', startedAt],
    ]);
  });

  it('shows why a run was aborted, and does not count it as a success', () => {
    const { log, begin } = open();
    const full = new ReportsError('DISK_FULL', { path: 'lake', found: 'ENOSPC' });
    begin().failed(full);
    const { code, message, remedy } = full;
    assert.deepEqual(log.runs()[0]?.error, { code, message, remedy });
    begin().failed(new Error('no disk'));
    assert.deepEqual(log.runs()[0]?.error, { code: 'UNEXPECTED', message: 'no disk', remedy: undefined });
    assert.equal(log.succeededAt('all', 'drain'), undefined);
  });

  it('knows since when a login is refused, until Amazon accepts it again', () => {
    const { log, begin, pass } = open();
    const first = begin();
    first.emit({ event: 'work_finished', key: 'A1/doc-1', outcome: 'failed', failure: refusal });
    first.finished({ ...nothing, failures: [refusal] });
    pass(60_000);
    begin().finished({ ...nothing, failures: [{ ...refusal, key: 'A1/doc-2' }] });
    assert.equal(log.credentials('A1').refused?.since, '2026-11-25T12:00:00.000Z');
    assert.deepEqual(log.credentials('B2'), { refused: undefined, acceptedAt: undefined });
    begin().emit({ event: 'document_located', key: 'A1/doc-1', sellerId: 'A1' });
    assert.deepEqual(log.credentials('A1'), { refused: undefined, acceptedAt: '2026-11-25T12:01:00.000Z' });
  });

  it('counts a sweep without a refusal as an accepted login, with and without documents', () => {
    const { log, begin } = open();
    begin('sweep').finished({ ...nothing, failures: [{ ...refusal, key: 'A1' }] });
    assert.ok(log.credentials('A1').refused);
    begin('sweep').finished({ ...nothing, failures: [{ ...refusal, key: 'A1' }] });
    assert.ok(log.credentials('A1').refused);
    begin('sweep').finished(nothing);
    assert.equal(log.credentials('A1').refused, undefined);
  });

  it('knows of logins from request cycles: accepted by createReport, or refused', () => {
    const { log, begin } = open();
    const report = { sellerId: 'A1', reportType: 'GET_X', marketplaceIds: [], reason: 'new' as const };
    const noRequests = {
      postponed: 0,
      inFlight: 0,
      backingOff: 0,
      abandoned: [],
      schedules: [],
      parts: [],
      failures: [],
      notes: [],
    };
    begin('request').finished(
      { ...nothing, failures: [{ ...refusal, key: 'B2', sellerId: 'B2' }] },
      { ...noRequests, requested: [report] },
    );
    assert.deepEqual(log.credentials('A1'), { refused: undefined, acceptedAt: '2026-11-25T12:00:00.000Z' });
    assert.equal(log.credentials('B2').refused?.code, 'LOGIN_REFUSED');
    assert.deepEqual(log.runs()[0]?.requests, { requested: 1, postponed: 0 });
    // It calls no seller whose requests have nothing due.
    begin('request').finished(nothing, { ...noRequests, requested: [] });
    assert.ok(log.credentials('B2').refused);
    assert.equal(log.isDrained(queue), false);
  });

  it('takes the seller of a failure from its field, however its key is written', () => {
    const { log, begin } = open();
    const failures = [
      { ...refusal, key: 'A1 GET_X ATVPDKIKX0DER', sellerId: 'A1' },
      { ...refusal, key: 'message/m-1', sellerId: null },
    ];
    begin().finished({ ...nothing, failures });
    assert.equal(log.credentials('A1').refused?.code, 'LOGIN_REFUSED');
    assert.deepEqual(log.credentials('message'), { refused: undefined, acceptedAt: undefined });
  });

  it('knows the oldest message that the last drain met and left', () => {
    const { log, begin } = open();
    const drain = begin();
    for (const [messageId, sentMs] of Object.entries({ a: 300, b: 100, c: 200 })) {
      drain.emit({ event: 'message_received', messageId, sentMs });
    }
    drain.emit({ event: 'message_deleted', messageId: 'b' });
    drain.finished(nothing);
    assert.equal(log.oldestSentMs(queue), 200);
    begin().finished(nothing);
    assert.equal(log.oldestSentMs(queue), undefined);
  });

  it('knows what a drain left if it has ended, and not if it was aborted', () => {
    const { log, begin } = open();
    assert.equal(log.isDrained(queue), false);
    begin('sweep').finished(nothing);
    assert.equal(log.isDrained(queue), false);
    begin().finished(nothing);
    assert.equal(log.isDrained(queue), true);
    begin().failed(new Error('no disk'));
    assert.equal(log.isDrained(queue), false);
  });
});
