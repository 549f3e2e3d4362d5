import assert from 'node:assert/strict';
import { notReadyFor } from '../../src/status/health.js';
import type { StatusSnapshot } from '../../src/status/types.js';

const at = '2026-11-25T12:00:00.000Z';
const problem = (code: string) => ({ code, message: '', since: at });

const snapshot = (change: object = {}) =>
  ({
    warehouse: { type: 'duckdb', name: 'w', readAt: at },
    commits: {},
    queues: [{}],
    sellers: [{ credentials: {} }, { credentials: {} }],
    ...change,
  }) as unknown as StatusSnapshot;

describe('readiness', () => {
  const refused = { credentials: { refused: problem('LOGIN_REFUSED') } };

  it('holds while warehouse, queues and at least one login work', () => {
    assert.deepEqual(notReadyFor(snapshot()), []);
    assert.deepEqual(notReadyFor(snapshot({ sellers: [refused, { credentials: {} }] })), []);
    assert.deepEqual(notReadyFor(snapshot({ sellers: [] })), []);
  });

  it('does not hold before the warehouse was read, or if one of them is missing', () => {
    assert.deepEqual(notReadyFor(snapshot({ warehouse: {} })), ['STARTING']);
    assert.deepEqual(
      notReadyFor(snapshot({ warehouse: { readAt: at, problem: problem('WAREHOUSE_UNREADABLE') } })),
      ['WAREHOUSE_UNREADABLE'],
    );
    assert.deepEqual(notReadyFor(snapshot({ commits: { problem: problem('DISK_FULL') } })), ['DISK_FULL']);
    assert.deepEqual(notReadyFor(snapshot({ queues: [{}, { problem: problem('QUEUE_ACCESS_DENIED') }] })), [
      'QUEUE_ACCESS_DENIED',
    ]);
    assert.deepEqual(notReadyFor(snapshot({ sellers: [refused, refused] })), ['LOGIN_REFUSED']);
  });
});
