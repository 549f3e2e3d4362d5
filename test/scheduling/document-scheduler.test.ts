import assert from 'node:assert/strict';
import fc from 'fast-check';
import {
  DocumentScheduler,
  type RunLimits,
  type SchedulableDocument,
} from '../../src/scheduling/document-scheduler.js';
import type { CallQuota } from '../../src/scheduling/call-plan.js';

/** A quota that refills one call each `refillMs`, up to `burst`, as getReportDocument's does. */
class RefillingQuota implements CallQuota {
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
  /** Of the process. */
  maxConcurrent: number;
  /** Of each pipeline. */
  maxOfPipeline: number;
  documents: {
    seller: number;
    needsQuota: boolean;
    runsAlone: boolean;
    isDrain: boolean;
    pipeline: string;
  }[];
}

/** A document as it waits, with properties that do not matter to the test. */
function documentOf(
  { isDrain = true, ...members }: Partial<SchedulableDocument> & { key: string; isDrain?: boolean },
  limits: Partial<RunLimits> & Pick<RunLimits, 'quotaOf'>,
): SchedulableDocument {
  const run: RunLimits = {
    isDrain,
    maxConcurrent: 4,
    deadlineMs: Number.POSITIVE_INFINITY,
    isStopping: () => false,
    ...limits,
  };
  return { sellerId: 'A1', pipeline: 'all', needsQuota: true, runsAlone: false, run, ...members };
}

/**
 * Runs a scene to its end: each document makes its call at once and is converted a second later.
 */
function play(
  { sellers, burst, maxConcurrent, maxOfPipeline, documents }: Scene,
  deadlineMs = Number.POSITIVE_INFINITY,
) {
  let nowMs = 0;
  const now = () => nowMs;
  const quotas = Array.from({ length: sellers }, () => new RefillingQuota(60_000, burst, now));
  const quotaOf = (id: string) => quotas[Number(id)] as RefillingQuota;
  const scheduler = new DocumentScheduler<SchedulableDocument>(maxConcurrent, now);
  const running = new Map<string, { document: SchedulableDocument; endMs: number }>();
  const started: { key: string; atMs: number }[] = [];
  const deferred: string[] = [];
  const waiting = new Set<SchedulableDocument>();
  for (const [index, { seller, ...rest }] of documents.entries()) {
    const members = { ...rest, key: `d${index}`, sellerId: String(seller % sellers) };
    const document = documentOf(members, { quotaOf, maxConcurrent: maxOfPipeline, deadlineMs });
    waiting.add(document);
    scheduler.add(document);
  }
  const hasDrains = documents.some(({ isDrain }) => isDrain);
  for (let step = 0; step < 10_000; step += 1) {
    const { start, defer, wakeAtMs } = scheduler.decide();
    for (const { document } of defer) {
      deferred.push(document.key);
      waiting.delete(document);
    }
    for (const document of start) {
      waiting.delete(document);
      running.set(document.key, { document, endMs: nowMs + 1000 });
      started.push({ key: document.key, atMs: nowMs });
      if (document.needsQuota) quotaOf(document.sellerId).take();
      scheduler.located(document.key);
    }
    const now = [...running.values()].map(({ document }) => document);
    assert.ok(now.length <= maxConcurrent, 'more documents run than the process allows');
    for (const name of ['a', 'b']) {
      const ofPipeline = now.filter(({ pipeline }) => pipeline === name);
      assert.ok(ofPipeline.length <= maxOfPipeline, `more documents of ${name} run than it allows`);
    }
    assert.ok(!now.some(({ runsAlone }) => runsAlone) || now.length === 1, 'something runs beside a suspect');
    const others = now.filter(({ run }) => !run.isDrain);
    assert.ok(!hasDrains || others.length <= Math.max(1, maxConcurrent - 1), 'no slot is left to drains');
    // No document of a drain waits for what another run has just taken.
    for (const { sellerId, run } of start.filter((each) => !each.run.isDrain && each.needsQuota)) {
      const isLast = quotaOf(sellerId).available() === 0 && !run.isDrain;
      const before = [...waiting].filter((each) => each.run.isDrain && each.needsQuota);
      assert.ok(
        !isLast || before.every((each) => each.sellerId !== sellerId),
        'a sweep took a call of a drain',
      );
    }
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
  maxOfPipeline: fc.integer({ min: 1, max: 4 }),
  documents: fc.array(
    fc.record({
      seller: fc.nat(3),
      needsQuota: fc.boolean(),
      runsAlone: fc.integer({ min: 0, max: 4 }).map((each) => each === 0),
      isDrain: fc.boolean(),
      pipeline: fc.constantFrom('a', 'b'),
    }),
    { maxLength: 30 },
  ),
});

describe('the document scheduler', () => {
  it('starts every document exactly once, within quota and slots, suspects alone, and drains first', () => {
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

  const plain = { needsQuota: true, runsAlone: false, isDrain: true, pipeline: 'a' };

  it('lets sellers take turns', () => {
    const documents = [0, 0, 0, 1, 1, 1].map((seller) => ({ ...plain, seller }));
    const { started } = play({ sellers: 2, burst: 10, maxConcurrent: 1, maxOfPipeline: 1, documents });
    const sellers = started.map(({ key }) => documents[Number(key.slice(1))]?.seller);
    assert.deepEqual(sellers, [0, 1, 0, 1, 0, 1]);
  });

  it('starts all documents of a drain before those that a sweep added earlier', () => {
    const documents = [false, false, false, true, true, true].map((isDrain, index) => ({
      ...plain,
      isDrain,
      seller: index % 2,
    }));
    const { started } = play({ sellers: 2, burst: 1, maxConcurrent: 1, maxOfPipeline: 1, documents });
    assert.deepEqual(
      started.map(({ key }) => documents[Number(key.slice(1))]?.isDrain),
      [true, true, true, false, false, false],
    );
  });

  it('uses all slots for a sweep if no drain runs in the process', () => {
    const documents = [0, 1].map((seller) => ({ ...plain, seller, isDrain: false }));
    const { started } = play({ sellers: 2, burst: 1, maxConcurrent: 2, maxOfPipeline: 2, documents });
    assert.deepEqual(
      started.map(({ atMs }) => atMs),
      [0, 0],
    );
  });

  it('starts nothing else while a suspect waits until all that run have ended', () => {
    const quota = new RefillingQuota(60_000, 9, () => 0);
    const scheduler = new DocumentScheduler<SchedulableDocument>(4, () => 0);
    const add = (key: string, runsAlone: boolean) =>
      scheduler.add(documentOf({ key, sellerId: key, runsAlone }, { quotaOf: () => quota }));
    add('long', false);
    const keys = () => scheduler.decide().start.map(({ key }) => key);
    assert.deepEqual(keys(), ['long']);
    add('suspect', true);
    add('other', false);
    assert.deepEqual(keys(), []);
    scheduler.finished('long');
    assert.deepEqual(keys(), ['suspect']);
    scheduler.finished('suspect');
    assert.deepEqual(keys(), ['other']);
  });

  it('starts nothing and releases everything of a run that is stopped', () => {
    const quota = new RefillingQuota(60_000, 5, () => 0);
    const scheduler = new DocumentScheduler<SchedulableDocument>(4, () => 0);
    const document = documentOf({ key: 'd1' }, { quotaOf: () => quota, isStopping: () => true });
    scheduler.add(document);
    const decision = scheduler.decide();
    assert.deepEqual(decision.start, []);
    assert.deepEqual(decision.defer, [{ document, delayMs: 0 }]);
  });

  it('takes back a document that waits, and none that runs', () => {
    const quota = new RefillingQuota(60_000, 1, () => 0);
    const scheduler = new DocumentScheduler<SchedulableDocument>(4, () => 0);
    const [runs, waits] = ['runs', 'waits'].map((key) => documentOf({ key }, { quotaOf: () => quota }));
    assert.ok(runs && waits);
    for (const each of [runs, waits]) scheduler.add(each);
    scheduler.decide();
    assert.deepEqual(
      [scheduler.remove(runs), scheduler.remove(waits), scheduler.remove(waits)],
      [false, true, false],
    );
  });

  it('counts calls in flight against the quota of their seller', () => {
    const quota = new RefillingQuota(60_000, 1, () => 0);
    const scheduler = new DocumentScheduler<SchedulableDocument>(4, () => 0);
    for (const key of ['d1', 'd2']) scheduler.add(documentOf({ key }, { quotaOf: () => quota }));
    const decision = scheduler.decide();
    assert.deepEqual(
      decision.start.map(({ key }) => key),
      ['d1'],
    );
    assert.ok(decision.wakeAtMs > 0 && decision.wakeAtMs <= 60_000);
  });
});
