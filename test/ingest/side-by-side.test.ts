import assert from 'node:assert/strict';
import fc from 'fast-check';
import type { PipelineContext } from '../../src/ingest/context.js';
import { drain } from '../../src/ingest/drain.js';
import { IngestRun } from '../../src/ingest/ingest-run.js';
import type { ReportJob } from '../../src/ingest/report-job.js';
import type { Queue, QueueMessage } from '../../src/source/types.js';
import { openFolderStore } from '../../src/store/folder-store.js';
import type { Load } from '../../src/warehouse/types.js';
import { ledgerKey } from '../../src/warehouse/types.js';
import { type SimulatedClock, simulateClock } from '../runtime/simulated-clock.js';
import { fakeContext, fakePipeline, fakeSeller } from './fake-context.js';
import { runs } from '../property-runs.js';

const sellerIds = ['A0', 'A1'];
const minuteMs = 60_000;

/** A report that a run comes across at some time: a drain by a message, a sweep by getReports. */
interface Finding {
  run: 'drain' | 'other drain' | 'sweep';
  atMs: number;
  report: number;
  /** Notifications may lack the document id. */
  hasDocumentId: boolean;
}

/** Runs that go on side by side over one Amazon, whose reports take a while. */
class Scene {
  readonly clock: SimulatedClock = simulateClock();
  readonly context: PipelineContext;
  /** How often each report was committed. */
  readonly commits = new Map<string, number>();
  readonly stop = new AbortController();
  /** Messages by what became of them. */
  readonly messages = { received: 0, acknowledged: 0, released: 0 };
  readonly startedAtMs = new Map<string, number>();
  private readonly processing = new Set<string>();
  private readonly calls = new Map<string, number>();

  constructor(private readonly burst: number) {
    this.context = fakeContext({
      clock: this.clock,
      // Load records are not stored: on disk it would take real time.
      lake: openFolderStore('/dev/null/lake'),
      config: {
        sellers: sellerIds.map((id) => fakeSeller({ id })),
        pipelines: [fakePipeline({ name: 'all' })],
      },
      documentQuota: (id) => this.quotaOf(id),
      sellingPartner: (sellerId) => ({ getReport: (reportId) => this.process(sellerId, reportId) }),
      warehouse: {
        commit: async (loads) => this.commit(loads),
        seen: async () => new Map(),
        // One that was not lost: it has an earlier load.
        loadFields: async () => [{ key: 'earlier' }] as never,
      },
    });
  }

  run(kind: Finding['run'], maxMinutes = 60): IngestRun {
    const { stop } = this;
    return new IngestRun(this.context, {
      maxConcurrent: 2,
      deadlineMs: this.clock.now() + maxMinutes * minuteMs,
      isDrain: kind !== 'sweep',
      stop: stop.signal,
      abort: stop.signal,
    });
  }

  job({ run, report, hasDocumentId }: Omit<Finding, 'atMs'>): ReportJob {
    const sellerId = sellerIds[report % sellerIds.length] as string;
    const reportId = `r${report}`;
    const documentId = hasDocumentId ? `d${report}` : undefined;
    const key = ledgerKey({ sellerId, reportId, documentId: documentId ?? null });
    return {
      key,
      report: {
        sellerId,
        reportType: 'GET_SIMULATED',
        status: 'DONE',
        reportId,
        documentId,
        pipeline: 'all',
        maxDocumentBytes: 1,
      },
      messages: run === 'sweep' ? [] : [this.message(`${run} ${reportId}`)],
    };
  }

  notification({ sellerId, reportId }: { sellerId: string; reportId: string }): QueueMessage {
    const report = { sellerId, reportId, reportType: 'GET_SIMULATED', processingStatus: 'DONE' };
    const payload = { reportProcessingFinishedNotification: report };
    const body = JSON.stringify({ notificationType: 'REPORT_PROCESSING_FINISHED', payload });
    return { ...this.message(reportId), body };
  }

  private message(messageId: string): QueueMessage {
    this.messages.received += 1;
    return {
      messageId,
      receiveCount: 1,
      body: '',
      ack: async () => {
        this.messages.acknowledged += 1;
      },
      release: async () => {
        this.messages.released += 1;
      },
    };
  }

  /** A report that Amazon cancelled, as getReport says: it takes a call and some time. */
  private async process(sellerId: string, reportId: string) {
    assert.ok(!this.processing.has(reportId), `${reportId} is processed by two runs at the same time`);
    assert.ok(this.quotaOf(sellerId).available() >= 1, 'a call was made without quota');
    this.calls.set(sellerId, (this.calls.get(sellerId) ?? 0) + 1);
    this.startedAtMs.set(reportId, this.clock.now());
    this.processing.add(reportId);
    await this.clock.sleep(3000);
    this.processing.delete(reportId);
    const documentId = reportId.replace('r', 'd');
    const status = 'CANCELLED' as const;
    const at = new Date(this.clock.now()).toISOString();
    return { reportId, reportType: 'GET_SIMULATED', status, documentId, marketplaceIds: [], createdAt: at };
  }

  private commit(loads: Load[]): string[] {
    for (const { entry } of loads) {
      const id = entry.reportId ?? '';
      this.commits.set(id, (this.commits.get(id) ?? 0) + 1);
    }
    return [];
  }

  /** One call a minute, after a burst. */
  private quotaOf(sellerId: string) {
    const { clock, burst, calls } = this;
    const sinceMs = Date.UTC(2026, 9, 1);
    const left = (atMs: number) => burst + (atMs - sinceMs) / minuteMs - (calls.get(sellerId) ?? 0);
    return {
      available: () => Math.max(0, Math.floor(left(clock.now()))),
      nextAvailableMs: (wanted = 1) =>
        clock.now() + Math.max(0, Math.ceil((wanted - left(clock.now())) * minuteMs)),
      possibleUntil: (epochMs: number) => Math.max(0, Math.floor(left(epochMs))),
    };
  }
}

const finding = fc.record<Finding>({
  run: fc.constantFrom('drain', 'other drain', 'sweep'),
  atMs: fc.integer({ min: 0, max: 20 * minuteMs }),
  report: fc.nat(5),
  hasDocumentId: fc.boolean(),
});

describe('runs of one process', () => {
  it('that go on side by side process and commit each report once, and end each message', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(finding, { minLength: 1, maxLength: 20 }),
        fc.integer({ min: 1, max: 3 }),
        async (findings, burst) => {
          const scene = new Scene(burst);
          const kinds = ['drain', 'other drain', 'sweep'] as const;
          const ends = kinds.map(async (kind) => {
            const run = scene.run(kind);
            const own = findings.filter((each) => each.run === kind).toSorted((a, b) => a.atMs - b.atMs);
            const sinceMs = scene.clock.now();
            for (const each of own) {
              await scene.clock.sleep(Math.max(0, sinceMs + each.atMs - scene.clock.now()));
              run.add(scene.job(each));
            }
            return run.finish();
          });
          const summaries = await scene.clock.runUntil(Promise.all(ends));
          const reports = new Set(findings.map(({ report }) => `r${report}`));
          assert.deepEqual([...scene.commits.keys()].toSorted(), [...reports].toSorted());
          assert.deepEqual(new Set(scene.commits.values()), new Set([1]));
          const { received, acknowledged, released } = scene.messages;
          assert.deepEqual([acknowledged, released], [received, 0]);
          const counted = summaries.flatMap(({ outcomes }) => Object.values(outcomes));
          assert.equal(
            counted.reduce((sum, count) => sum + count, 0),
            findings.length,
          );
        },
      ),
      { numRuns: runs(60) },
    );
  });

  it('let a drain take over a report that waits for quota in a sweep', async () => {
    const scene = new Scene(1);
    const [sweep, drain] = [scene.run('sweep'), scene.run('drain')];
    const found = { run: 'sweep', hasDocumentId: true } as const;
    // All of one seller, which has one call now and one each minute.
    for (const report of [0, 2, 4]) sweep.add(scene.job({ ...found, report }));
    drain.add(scene.job({ ...found, run: 'drain', report: 4 }));
    const [ofDrain, ofSweep] = await scene.clock.runUntil(Promise.all([drain.finish(), sweep.finish()]));
    assert.deepEqual(ofDrain.outcomes, { cancelled: 1 });
    assert.deepEqual(ofSweep.outcomes, { cancelled: 2, duplicate: 1 });
    const order = [...scene.startedAtMs.entries()].toSorted((a, b) => a[1] - b[1]).map(([id]) => id);
    assert.deepEqual(order, ['r0', 'r4', 'r2']);
    assert.equal(scene.messages.acknowledged, 1);
  });

  it('and a reload work on a report one after the other, and no message is lost', async () => {
    const scene = new Scene(5);
    const { clock, context } = scene;
    const [drain, later] = [scene.run('drain'), scene.run('other drain')];
    const announced = { run: 'drain', hasDocumentId: true, report: 0 } as const;
    /** Knows the report by its id only, and calls Amazon, who fails if a run does the same. */
    const reload = (report: number) =>
      context.shared.alone(scene.job({ run: 'sweep', hasDocumentId: false, report }), async (hasWaited) => {
        await context.sellingPartner('A0')?.getReport(`r${report}`, {});
        return hasWaited;
      });
    drain.add(scene.job(announced));
    const waited = await clock.runUntil(Promise.all([reload(0), reload(0), drain.finish()]));
    assert.deepEqual(waited.slice(0, 2), [true, true]);
    const reloaded = reload(0);
    later.add(scene.job(announced));
    const [hasWaited, { outcomes }] = await clock.runUntil(Promise.all([reloaded, later.finish()]));
    assert.equal(hasWaited, false);
    assert.deepEqual(outcomes, { duplicate: 1 });
    assert.deepEqual(scene.messages, { received: 2, acknowledged: 1, released: 1 });
  });

  it('let a reload take over a report that waits for quota in a sweep', async () => {
    const scene = new Scene(1);
    const sweep = scene.run('sweep');
    const found = { run: 'sweep', hasDocumentId: true } as const;
    for (const report of [0, 2]) sweep.add(scene.job({ ...found, report }));
    const beganMs = scene.clock.now();
    await scene.clock.runUntil(
      scene.context.shared.alone(scene.job({ ...found, report: 2 }), async () => {}),
    );
    assert.ok(scene.clock.now() - beganMs < 1000, 'it waited for the sweep');
    const { outcomes } = await scene.clock.runUntil(sweep.finish());
    assert.deepEqual(outcomes, { cancelled: 1, duplicate: 1 });
  });

  it('give back what waits at once when they are stopped after another run has ended', async () => {
    const scene = new Scene(1);
    const { clock, stop } = scene;
    const [short, long] = [scene.run('other drain'), scene.run('drain')];
    for (const report of [0, 2]) long.add(scene.job({ run: 'drain', hasDocumentId: true, report }));
    short.add(scene.job({ run: 'other drain', hasDocumentId: true, report: 1 }));
    await clock.runUntil(short.finish());
    const stoppedMs = clock.now();
    stop.abort();
    const { outcomes } = await clock.runUntil(long.finish());
    assert.deepEqual(outcomes, { cancelled: 1, deferred: 1 });
    assert.ok(clock.now() - stoppedMs < 1000, 'it waited for quota after the stop');
  });

  it('that drain a queue receive again at the next tick, while reports of one seller wait for quota', async () => {
    const scene = new Scene(1);
    const { clock, context, stop } = scene;
    const pipeline = fakePipeline({ name: 'all' });
    const waiting: QueueMessage[] = [];
    const announce = (report: number) =>
      waiting.push(scene.notification({ sellerId: sellerIds[report % 2] as string, reportId: `r${report}` }));
    for (const report of [0, 2, 4]) announce(report);
    const queue: Queue = {
      url: pipeline.queue,
      hasRedrivePolicy: async () => true,
      receive: async ({ maxMessages }) => waiting.splice(0, maxMessages),
      close: async () => {},
    };
    const journal = { crashes: () => 0, begin: async () => {}, end: async () => {} };
    const signals = { stop: stop.signal, abort: stop.signal };
    const beganMs = clock.now();
    const draining = drain(pipeline, context, signals, queue, journal);
    await clock.runUntil(clock.sleep(30_000));
    announce(1);
    context.shared.receiveAgain(pipeline.queue);
    const { outcomes } = await clock.runUntil(draining);
    assert.deepEqual(outcomes, { cancelled: 4 });
    const startedAfterMs = (id: string) => (scene.startedAtMs.get(id) ?? 0) - beganMs;
    assert.ok(startedAfterMs('r1') < 35_000, 'the other seller waits');
    assert.ok(startedAfterMs('r4') >= minuteMs, 'the quota of the first seller allows no more');
    assert.equal(context.shared.hasTick(pipeline.queue), false);
    assert.equal(scene.messages.acknowledged, 4);
  });

  it('give back what waits for another run that is stopped, and end', async () => {
    const scene = new Scene(1);
    const [sweep, drain] = [scene.run('sweep'), scene.run('drain')];
    for (const report of [0, 2, 4]) {
      sweep.add(scene.job({ run: 'sweep', hasDocumentId: false, report }));
      drain.add(scene.job({ run: 'drain', hasDocumentId: true, report }));
    }
    scene.stop.abort();
    const [ofDrain, ofSweep] = await scene.clock.runUntil(Promise.all([drain.finish(), sweep.finish()]));
    assert.equal(scene.messages.acknowledged + scene.messages.released, 3);
    assert.ok((ofDrain.outcomes.deferred ?? 0) + (ofSweep.outcomes.deferred ?? 0) >= 2);
  });
});
