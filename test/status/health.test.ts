import assert from 'node:assert/strict';
import { notReadyFor } from '../../src/status/health.js';
import type { StatusSnapshot } from '../../src/status/types.js';
import { fakeQueueSnapshot, fakeSellerSnapshot, fakeSnapshot, snapshotAt } from './fake-snapshot.js';

const problem = (code: string) => ({ code, message: '', since: snapshotAt });
const warehouse = { type: 'duckdb' as const, name: 'w' };
const queue = fakeQueueSnapshot();
const seller = fakeSellerSnapshot();

const snapshot = (changed: Partial<StatusSnapshot> = {}) =>
  fakeSnapshot({ queues: [queue], sellers: [seller, seller], ...changed });

describe('readiness', () => {
  const refused = fakeSellerSnapshot({ credentials: { refused: problem('LOGIN_REFUSED') } });

  it('holds while warehouse, queues and at least one login work', () => {
    assert.deepEqual(notReadyFor(snapshot()), []);
    assert.deepEqual(notReadyFor(snapshot({ sellers: [refused, seller] })), []);
    assert.deepEqual(notReadyFor(snapshot({ sellers: [] })), []);
  });

  it('does not hold before the warehouse was read, or if one of them is missing', () => {
    assert.deepEqual(notReadyFor(snapshot({ warehouse })), ['STARTING']);
    assert.deepEqual(
      notReadyFor(
        snapshot({
          warehouse: { ...warehouse, readAt: snapshotAt, problem: problem('WAREHOUSE_UNREADABLE') },
        }),
      ),
      ['WAREHOUSE_UNREADABLE'],
    );
    assert.deepEqual(notReadyFor(snapshot({ commits: { problem: problem('DISK_FULL') } })), ['DISK_FULL']);
    assert.deepEqual(
      notReadyFor(snapshot({ queues: [queue, { ...queue, problem: problem('QUEUE_ACCESS_DENIED') }] })),
      ['QUEUE_ACCESS_DENIED'],
    );
    assert.deepEqual(notReadyFor(snapshot({ sellers: [refused, refused] })), ['LOGIN_REFUSED']);
  });
});
