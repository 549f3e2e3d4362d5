import assert from 'node:assert/strict';
import fc from 'fast-check';
import {
  type DocumentQuota,
  DocumentScheduler,
  type SchedulableDocument,
} from '../../src/scheduling/document-scheduler.js';

/** A quota that refills one call each `refillMs`, up to `burst`, as getReportDocument's does. */
class RefillingQuota implements DocumentQuota {
  private tokens: number;
  private sinceMs: number;

  constructor(
    private readonly refillMs: number,
    private readonly burst: number,
    private readonly nowMs: () => number,
  ) {
    this.tokens = burst;
    this.sinceMs = nowMs();
  }

  take(): void {
    assert.ok(this.available() >= 1, 'a call was made without quota');
    this.tokens = this.exact() - 1;
    this.sinceMs = this.nowMs();
  }

  available(): number {
    return Math.floor(this.exact());
  }

  nextAvailableMs(calls = 1): number {
    return this.nowMs() + Math.max(0, Math.ceil((calls - this.exact()) * this.refillMs));
  }

  possibleUntil(epochMs: number): number {
    return Math.floor(this.exact() + Math.max(0, epochMs - this.nowMs()) / this.refillMs);
  }

  private exact(): number {
    return Math.min(this.burst, this.tokens + (this.nowMs() - this.sinceMs) / this.refillMs);
  }
}

interface Scene {
  sellers: number;
  burst: number;
  maxConcurrent: number;
  documents: { seller: number; needsQuota: boolean; runsAlone: boolean }[];
}

/**
 * Runs a scene to its end: each document makes its call at once and is converted a second later.
 */
function play({ sellers, burst, maxConcurrent, documents }: Scene, deadlineMs = Number.POSITIVE_INFINITY) {
  let nowMs = 0;
  const now = () => nowMs;
  const quotas = Array.from({ length: sellers }, () => new RefillingQuota(60_000, burst, now));
  const quotaOf = (id: string) => quotas[Number(id)] as RefillingQuota;
  const scheduler = new DocumentScheduler<SchedulableDocument>({ maxConcurrent, deadlineMs }, quotaOf, now);
  const running = new Map<string, { document: SchedulableDocument; endMs: number }>();
  const started: { key: string; atMs: number }[] = [];
  const deferred: string[] = [];
  for (const [index, { seller, ...rest }] of documents.entries()) {
    scheduler.add({ key: `d${index}`, sellerId: String(seller % sellers), ...rest });
  }
  for (let step = 0; step < 10_000; step += 1) {
    const { start, defer, wakeAtMs } = scheduler.decide({ isStopping: false });
    deferred.push(...defer.map(({ document }) => document.key));
    for (const document of start) {
      running.set(document.key, { document, endMs: nowMs + 1000 });
      started.push({ key: document.key, atMs: nowMs });
      if (document.needsQuota) quotaOf(document.sellerId).take();
      scheduler.located(document.key);
    }
    assert.ok(running.size <= maxConcurrent, 'more documents run than allowed');
    const alone = [...running.values()].filter(({ document }) => document.runsAlone);
    assert.ok(alone.length === 0 || running.size === 1, 'something runs beside a suspect');
    if (running.size === 0 && wakeAtMs === Number.POSITIVE_INFINITY) return { started, deferred };
    nowMs = Math.min(wakeAtMs, ...[...running.values()].map(({ endMs }) => endMs));
    for (const [key, { endMs }] of running) {
      if (endMs > nowMs) continue;
      running.delete(key);
      assert.ok(scheduler.finished(key));
    }
  }
  throw new Error('the scheduler never comes to an end');
}

const scene = fc.record<Scene>({
  sellers: fc.integer({ min: 1, max: 4 }),
  burst: fc.integer({ min: 1, max: 5 }),
  maxConcurrent: fc.integer({ min: 1, max: 4 }),
  documents: fc.array(
    fc.record({
      seller: fc.nat(3),
      needsQuota: fc.boolean(),
      runsAlone: fc.integer({ min: 0, max: 4 }).map((each) => each === 0),
    }),
    { maxLength: 30 },
  ),
});

describe('the document scheduler', () => {
  it('starts every document exactly once, within quota and slots, and suspects alone', () => {
    fc.assert(
      fc.property(scene, (each) => {
        const { started, deferred } = play(each);
        assert.equal(deferred.length, 0);
        assert.equal(started.length, each.documents.length);
        assert.equal(new Set(started.map(({ key }) => key)).size, started.length);
      }),
    );
  });

  it('either starts or defers each document before a deadline, never both and never neither', () => {
    fc.assert(
      fc.property(scene, fc.integer({ min: 0, max: 300_000 }), (each, deadlineMs) => {
        const { started, deferred } = play(each, deadlineMs);
        const keys = [...started.map(({ key }) => key), ...deferred].sort();
        assert.deepEqual(keys, each.documents.map((_, index) => `d${index}`).sort());
      }),
    );
  });

  it('lets sellers take turns', () => {
    const documents = [0, 0, 0, 1, 1, 1].map((seller) => ({ seller, needsQuota: true, runsAlone: false }));
    const { started } = play({ sellers: 2, burst: 10, maxConcurrent: 1, documents });
    const sellers = started.map(({ key }) => documents[Number(key.slice(1))]?.seller);
    assert.deepEqual(sellers, [0, 1, 0, 1, 0, 1]);
  });

  it('starts nothing and releases everything when it is stopped', () => {
    const quota = new RefillingQuota(60_000, 5, () => 0);
    const limits = { maxConcurrent: 4, deadlineMs: Number.POSITIVE_INFINITY };
    const scheduler = new DocumentScheduler<SchedulableDocument>(
      limits,
      () => quota,
      () => 0,
    );
    const document = { key: 'd1', sellerId: 'A1', needsQuota: true, runsAlone: false };
    scheduler.add(document);
    const decision = scheduler.decide({ isStopping: true });
    assert.deepEqual(decision.start, []);
    assert.deepEqual(decision.defer, [{ document, delayMs: 0 }]);
  });

  it('counts calls in flight against the quota of their seller', () => {
    const quota = new RefillingQuota(60_000, 1, () => 0);
    const limits = { maxConcurrent: 4, deadlineMs: Number.POSITIVE_INFINITY };
    const scheduler = new DocumentScheduler<SchedulableDocument>(
      limits,
      () => quota,
      () => 0,
    );
    for (const key of ['d1', 'd2'])
      scheduler.add({ key, sellerId: 'A1', needsQuota: true, runsAlone: false });
    const decision = scheduler.decide({ isStopping: false });
    assert.deepEqual(
      decision.start.map(({ key }) => key),
      ['d1'],
    );
    assert.ok(decision.wakeAtMs > 0 && decision.wakeAtMs <= 60_000);
  });
});
