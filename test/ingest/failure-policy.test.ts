import assert from 'node:assert/strict';
import { type ErrorCode, ReportsError } from '../../src/errors/reports-error.js';
import { actionAfter, attemptOf, delaySecondsOf } from '../../src/ingest/failure-policy.js';
import type { ReportJob } from '../../src/ingest/report-job.js';
import type { QueueMessage } from '../../src/source/types.js';

const journal = { crashes: () => 0, begin: async () => {}, end: async () => {} };
const poison = { maxReceives: 5, hasRedrivePolicy: false, journal };

function jobReceived(...receives: number[]): ReportJob {
  const messages = receives.map(
    (receiveCount): QueueMessage => ({
      messageId: 'm',
      body: '',
      receiveCount,
      ack: async () => {},
      release: async () => {},
    }),
  );
  const report = { sellerId: 'A1', reportType: 'GET_X', pipeline: null, maxDocumentBytes: 1 };
  return { key: 'A1/d1', report, messages };
}

const circumstances = { isAborted: false, quotaDelayMs: 0, poison };
const error = (code: ErrorCode) => new ReportsError(code);
const diskFull = Object.assign(new Error('no space left'), { code: 'ENOSPC' });

describe('the failure of a report', () => {
  it('quarantines it at once if it can never be loaded', () => {
    const next = actionAfter(error('DOCUMENT_CORRUPT'), jobReceived(1), circumstances);
    assert.deepEqual(next, { action: 'quarantine' });
  });

  it('retries it after a delay that doubles with each receive, up to 15 minutes', () => {
    const delays = [1, 2, 3, 4, 9].map((receives) =>
      actionAfter(error('API_UNAVAILABLE'), jobReceived(receives), circumstances),
    );
    assert.deepEqual(
      delays,
      [30, 60, 120, 240, 900].map((delaySeconds) => ({ action: 'retry', delaySeconds })),
    );
  });

  it('never quarantines it because of the machine or a service', () => {
    for (const each of [diskFull, error('API_UNAVAILABLE'), error('WAREHOUSE_LOCKED')]) {
      assert.equal(actionAfter(each, jobReceived(50), circumstances).action, 'retry');
    }
  });

  it('quarantines it if its download fails too often, unless the queue has a redrive policy', () => {
    const failed = error('DOWNLOAD_FAILED');
    assert.equal(actionAfter(failed, jobReceived(4), circumstances).action, 'retry');
    assert.equal(actionAfter(failed, jobReceived(5), circumstances).action, 'quarantine');
    const withRedrive = { ...circumstances, poison: { ...poison, hasRedrivePolicy: true } };
    assert.equal(actionAfter(failed, jobReceived(50), withRedrive).action, 'retry');
  });

  it('defers it until its seller has quota again, for at least half a minute', () => {
    const noQuota = error('API_QUOTA_EXCEEDED');
    const decide = (quotaDelayMs: number) =>
      actionAfter(noQuota, jobReceived(50), { ...circumstances, quotaDelayMs });
    assert.deepEqual(decide(1000), { action: 'defer', delaySeconds: 30 });
    assert.deepEqual(decide(59_001), { action: 'defer', delaySeconds: 60 });
  });

  it('releases it at once if the run is aborted, whatever the error', () => {
    const aborted = { ...circumstances, isAborted: true };
    for (const each of [error('DOCUMENT_CORRUPT'), diskFull]) {
      assert.deepEqual(actionAfter(each, jobReceived(50), aborted), { action: 'defer', delaySeconds: 0 });
    }
  });

  it('hides its message for whole seconds, between none and 15 minutes', () => {
    assert.deepEqual([-5, 0, 1, 1001, 1e9].map(delaySecondsOf), [0, 0, 1, 2, 900]);
  });
});

describe('an attempt to load a report', () => {
  const noting = () => {
    const notes: string[] = [];
    const note = (what: string) => async (key: string) => void notes.push(`${what} ${key}`);
    return {
      notes,
      poison: {
        maxReceives: 5,
        hasRedrivePolicy: false,
        journal: { crashes: () => 0, begin: note('begin'), end: note('end') },
      },
    };
  };

  it('ends in the crash journal even if its messages were released or deleted meanwhile', async () => {
    const { notes, poison } = noting();
    const job = jobReceived(2);
    const attempt = attemptOf(job, poison);
    await attempt.begin();
    job.messages.splice(0);
    await attempt.end();
    assert.deepEqual(notes, ['begin A1/d1', 'end A1/d1']);
  });

  it('is not in the crash journal at a first receive, even if a duplicate that was received before joins', async () => {
    const { notes, poison } = noting();
    const job = jobReceived(1);
    const attempt = attemptOf(job, poison);
    await attempt.begin();
    job.messages.push(...jobReceived(3).messages);
    await attempt.end();
    assert.deepEqual(notes, []);
  });

  it('is refused after as many crashes as the receives that are allowed', async () => {
    const { notes, poison } = noting();
    const job = { ...jobReceived(5), crashes: 4 };
    const refusal = attemptOf(job, poison).refusal('d1');
    assert.deepEqual([refusal?.code, refusal?.details], ['PROCESS_KILLED', { documentId: 'd1', count: 4 }]);
    assert.equal(attemptOf({ ...job, crashes: 3 }, poison).refusal('d1'), undefined);
    assert.deepEqual(notes, []);
  });
});
