import type { QueueSnapshot, SellerSnapshot, StatusSnapshot } from '../../src/status/types.js';

/** When the fake snapshots were taken. */
export const snapshotAt = '2026-11-25T12:00:00.000Z';

/** A snapshot of a program that has read its warehouse and has nothing else, with these changes. */
export function fakeSnapshot(changed: Partial<StatusSnapshot> = {}): StatusSnapshot {
  return {
    at: snapshotAt,
    version: '0',
    startedAt: snapshotAt,
    warehouse: { type: 'duckdb', name: 'w.duckdb', readAt: snapshotAt },
    commits: {},
    tables: [],
    sellers: [],
    queues: [],
    pipelines: [],
    coverage: [],
    notifications: { open: [] },
    runs: [],
    ...changed,
  };
}

/** A seller whose login was not tried yet, with these changes. */
export function fakeSellerSnapshot(changed: Partial<SellerSnapshot> = {}): SellerSnapshot {
  return {
    sellerId: 'A1',
    region: 'na',
    marketplaces: [],
    quota: { available: 15, burst: 15, nextAvailableAt: snapshotAt },
    credentials: {},
    ...changed,
  };
}

/** A drained queue whose messages were not counted yet, with these changes. */
export function fakeQueueSnapshot(changed: Partial<QueueSnapshot> = {}): QueueSnapshot {
  return {
    url: 'https://sqs/1/reports',
    name: 'reports',
    pipelines: ['all'],
    history: [],
    isDrained: true,
    ...changed,
  };
}
