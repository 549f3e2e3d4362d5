import assert from 'node:assert/strict';
import { type ErrorCode, ReportsError } from '../../src/errors/reports-error.js';
import { actionAfter, delaySecondsOf } from '../../src/ingest/failure-policy.js';
import type { ReportJob } from '../../src/ingest/report-job.js';
import type { QueueMessage } from '../../src/source/types.js';

const journal = { crashes: () => 0, begin: async () => {}, end: async () => {} };
const poison = { maxReceives: 5, journal };

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

describe('what becomes of a report that could not be loaded', () => {
  it('is quarantined at once if it can never be loaded', () => {
    const next = actionAfter(error('DOCUMENT_CORRUPT'), jobReceived(1), circumstances);
    assert.deepEqual(next, { action: 'quarantine' });
  });

  it('is retried after a delay that doubles with each receive, up to 15 minutes', () => {
    const delays = [1, 2, 3, 4, 9].map((receives) =>
      actionAfter(error('API_UNAVAILABLE'), jobReceived(receives), circumstances),
    );
    assert.deepEqual(
      delays,
      [30, 60, 120, 240, 900].map((delaySeconds) => ({ action: 'retry', delaySeconds })),
    );
  });

  it('is never quarantined for a failure of the machine or of a service', () => {
    for (const each of [diskFull, error('API_UNAVAILABLE'), error('WAREHOUSE_LOCKED')]) {
      assert.equal(actionAfter(each, jobReceived(50), circumstances).action, 'retry');
    }
  });

  it('is quarantined if its download fails too often, unless the queue has a redrive policy', () => {
    const failed = error('DOWNLOAD_FAILED');
    assert.equal(actionAfter(failed, jobReceived(4), circumstances).action, 'retry');
    assert.equal(actionAfter(failed, jobReceived(5), circumstances).action, 'quarantine');
    const withRedrive = { ...circumstances, poison: undefined };
    assert.equal(actionAfter(failed, jobReceived(50), withRedrive).action, 'retry');
  });

  it('is deferred until its seller has quota again, at least half a minute', () => {
    const noQuota = error('API_QUOTA_EXCEEDED');
    const decide = (quotaDelayMs: number) =>
      actionAfter(noQuota, jobReceived(50), { ...circumstances, quotaDelayMs });
    assert.deepEqual(decide(1000), { action: 'defer', delaySeconds: 30 });
    assert.deepEqual(decide(59_001), { action: 'defer', delaySeconds: 60 });
  });

  it('is given back at once if the run is aborted, whatever the error', () => {
    const aborted = { ...circumstances, isAborted: true };
    for (const each of [error('DOCUMENT_CORRUPT'), diskFull]) {
      assert.deepEqual(actionAfter(each, jobReceived(50), aborted), { action: 'defer', delaySeconds: 0 });
    }
  });

  it('hides a message for whole seconds between none and 15 minutes', () => {
    assert.deepEqual([-5, 0, 1, 1001, 1e9].map(delaySecondsOf), [0, 0, 1, 2, 900]);
  });
});
