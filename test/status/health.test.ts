import assert from 'node:assert/strict';
import { notReadyFor } from '../../src/status/health.js';
import type { StatusFacts } from '../../src/status/types.js';

const at = '2026-11-25T12:00:00.000Z';
const problem = (code: string) => ({ code, message: '', since: at });

const facts = (change: object = {}) =>
  ({
    warehouse: { type: 'duckdb', name: 'w', readAt: at },
    queues: [{}],
    sellers: [{ credentials: {} }, { credentials: {} }],
    ...change,
  }) as unknown as StatusFacts;

describe('readiness', () => {
  const refused = { credentials: { refused: problem('LOGIN_REFUSED') } };

  it('is there while warehouse, queues and one login at least are', () => {
    assert.deepEqual(notReadyFor(facts()), []);
    assert.deepEqual(notReadyFor(facts({ sellers: [refused, { credentials: {} }] })), []);
    assert.deepEqual(notReadyFor(facts({ sellers: [] })), []);
  });

  it('is not there before the warehouse was read, and where one of them is missing', () => {
    assert.deepEqual(notReadyFor(facts({ warehouse: {} })), ['STARTING']);
    assert.deepEqual(
      notReadyFor(facts({ warehouse: { readAt: at, problem: problem('WAREHOUSE_UNREADABLE') } })),
      ['WAREHOUSE_UNREADABLE'],
    );
    assert.deepEqual(notReadyFor(facts({ queues: [{}, { problem: problem('QUEUE_ACCESS_DENIED') }] })), [
      'QUEUE_ACCESS_DENIED',
    ]);
    assert.deepEqual(notReadyFor(facts({ sellers: [refused, refused] })), ['LOGIN_REFUSED']);
  });
});
