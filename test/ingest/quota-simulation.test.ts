import assert from 'node:assert/strict';
import { setMaxListeners } from 'node:events';
import type { PipelineContext } from '../../src/ingest/context.js';
import { drain } from '../../src/ingest/drain.js';
import { Random } from '../../src/sandbox/random.js';
import { amazonsPlans, RateLimits } from '../../src/sandbox/rate-limits.js';
import {
  openQuotaPlan,
  type QuotaKey,
  quotaJson,
  type QuotaState,
} from '../../src/source/selling-partner/quota.js';
import { openSellingPartner } from '../../src/source/selling-partner/selling-partner.js';
import type { Queue, QueueMessage } from '../../src/source/types.js';
import type { LedgerRow, Warehouse } from '../../src/warehouse/types.js';
import { fakeContext, fakePipeline, fakeSeller } from './fake-context.js';
import { type SimulatedClock, simulateClock } from '../runtime/simulated-clock.js';
import { openFolderStore } from '../../src/store/folder-store.js';
import type { Pipeline } from '../../src/config/spec.js';

type QuotaStore = Parameters<typeof openQuotaPlan>[0]['state'];

const reportType = 'GET_SIMULATED';
const documentPlan = amazonsPlans.getReportDocument as { callsPerSecond: number; burst: number };

/** The quota that Amazon grants one of two applications: lower than in its documentation. */
const slowApplication = { clientId: 'slow', callsPerSecond: 0.0125 };

interface Plan {
  sellers: number;
  documentsEach: number;
  /** Sellers whose application has the lower quota. */
  slow?: number;
  order: 'mixed' | 'one seller after the other';
  /** Stops the program this long after its start, and starts it again. */
  restartAfterMinutes?: number;
}

/**
 * Drains a queue of this many documents with the real quota plan and scheduler, against Amazon's
 * rates and latencies of up to 1.5 s, on a simulated clock.
 */
async function simulate({ sellers, documentsEach, slow = 0, order, restartAfterMinutes }: Plan) {
  const clock = simulateClock();
  const random = new Random(7);
  const sellerIds = Array.from({ length: sellers }, (_, index) => `A${index}`);
  const clientOf = (id: string) =>
    sellerIds.indexOf(id) >= sellers - slow ? slowApplication.clientId : 'usual';
  const startMs = clock.now();

  const amazon = {
    usual: new RateLimits(amazonsPlans, clock.now),
    slow: new RateLimits(
      { ...amazonsPlans, getReportDocument: { ...documentPlan, ...slowApplication } },
      clock.now,
    ),
  };
  let refused = 0;
  const finishedMs = new Map<string, number[]>(sellerIds.map((id) => [id, []]));

  /** Amazon, as seen from its side of the network. */
  async function answer(to: string | URL | Request, init: RequestInit = {}): Promise<Response> {
    const url = String(to);
    await clock.sleep(20 + random.integer(0, 1480));
    const respond = (status: number, body: object, rate?: number) =>
      Response.json(body, {
        status,
        headers: rate ? { 'x-amzn-ratelimit-limit': String(rate) } : {},
      });
    if (url.endsWith('/token')) {
      const seller = new URLSearchParams(String(init.body)).get('refresh_token') ?? '';
      return respond(200, { access_token: seller, expires_in: 3600 });
    }
    const seller = (init.headers as Record<string, string>)['x-amz-access-token'] ?? '';
    const limits = amazon[clientOf(seller) as keyof typeof amazon];
    const operation = url.includes('/documents/') ? 'getReportDocument' : 'getReport';
    const rate = limits.rateOf(operation);
    if (!limits.take(seller, operation)) {
      refused += 1;
      return respond(429, {}, rate);
    }
    const reportId = url.split('/').at(-1) ?? '';
    if (operation === 'getReportDocument') {
      finishedMs.get(seller)?.push(clock.now());
      return respond(200, { url: 'https://documents.invalid/' }, rate);
    }
    const report = { reportId, reportType, processingStatus: 'DONE', createdTime: '2026-10-01T00:00:00Z' };
    return respond(200, { ...report, reportDocumentId: reportId }, rate);
  }

  const bodies = sellerIds.flatMap((sellerId) =>
    Array.from({ length: documentsEach }, (_, index) => ({ sellerId, reportId: `${sellerId}-${index}` })),
  );
  if (order === 'mixed') shuffle(bodies, random);
  const queue = simulateQueue(bodies);
  const stored: QuotaStore & { value: QuotaState } = {
    value: quotaJson.missing(),
    read: () => stored.value,
    async change(change) {
      stored.value = change(stored.value);
    },
  };
  const real = globalThis.fetch;
  globalThis.fetch = answer;
  try {
    const warehouse = simulateWarehouse();
    const abort = new AbortController();
    setMaxListeners(0, abort.signal);
    const run = (stop: AbortSignal) =>
      drain(
        pipeline(bodies.length),
        openContext({ clock, sellerIds, clientOf, stored, warehouse }),
        { stop, abort: abort.signal },
        queue,
        // On disk it would take real time.
        { crashes: () => 0, begin: async () => {}, end: async () => {} },
      );
    if (restartAfterMinutes !== undefined) {
      const stop = new AbortController();
      void clock.sleep(restartAfterMinutes * 60_000).then(() => stop.abort());
      await clock.runUntil(run(stop.signal));
    }
    const summary = await clock.runUntil(run(new AbortController().signal));
    return {
      refused,
      finishedMs,
      receives: queue.receives,
      startMs,
      deferred: summary.outcomes.deferred ?? 0,
    };
  } finally {
    globalThis.fetch = real;
  }
}

/** The documents of a seller cannot be loaded sooner: the burst at once, then one by one. */
const minMinutes = (documents: number, callsPerSecond = documentPlan.callsPerSecond) =>
  (documents - documentPlan.burst) / callsPerSecond / 60;

describe('quota planning on a simulated clock', () => {
  const last = (times: number[] = []) => Math.max(...times);

  for (const { order, sellers, documentsEach } of [
    { order: 'mixed', sellers: 50, documentsEach: 40 },
    { order: 'one seller after the other', sellers: 20, documentsEach: 30 },
  ] as const) {
    it(`finishes ${sellers * documentsEach} documents of ${sellers} sellers in the shortest possible time, ${order}, without a refused call`, async () => {
      const { refused, finishedMs, receives, startMs } = await simulate({
        sellers,
        documentsEach,
        order,
      });
      assert.equal(refused, 0);
      assert.deepEqual([...new Set(receives.values())], [1], 'no message came twice');
      for (const [seller, times] of finishedMs) {
        assert.equal(times.length, documentsEach, seller);
        const minutes = (last(times) - startMs) / 60_000;
        assert.ok(minutes <= minMinutes(documentsEach) * 1.05, `${seller}: ${minutes} minutes`);
      }
      // Half-way no seller is far ahead of another.
      const middleMs = startMs + (minMinutes(documentsEach) / 2) * 60_000;
      const done = [...finishedMs.values()].map((times) => times.filter((each) => each <= middleMs).length);
      assert.ok(Math.max(...done) - Math.min(...done) <= 15, done.join());
    });
  }

  it('continues after a restart as if there had been none, and learns that an application has a lower quota', async () => {
    const { refused, finishedMs, receives, startMs } = await simulate({
      sellers: 20,
      documentsEach: 60,
      slow: 10,
      order: 'mixed',
      restartAfterMinutes: 15.5,
    });
    assert.equal(refused, 0);
    // Those in flight when it was stopped were released.
    assert.ok([...receives.values()].every((count) => count <= 2));
    for (const [seller, times] of finishedMs) {
      assert.equal(times.length, 60, seller);
      const isSlow = Number(seller.slice(1)) >= 10;
      const minimum = minMinutes(60, isSlow ? slowApplication.callsPerSecond : undefined);
      const minutes = (last(times) - startMs) / 60_000;
      assert.ok(minutes <= minimum * 1.05, `${seller}: ${minutes} minutes, ${minimum} at least`);
    }
  });
});

function openContext({
  clock,
  sellerIds,
  clientOf,
  stored,
  warehouse,
}: {
  clock: SimulatedClock;
  sellerIds: string[];
  clientOf: (id: string) => string;
  stored: QuotaStore;
  warehouse: Partial<Warehouse>;
}): PipelineContext {
  const quota = openQuotaPlan({ state: stored, clock });
  const partners = new Map(
    sellerIds.map((id) => {
      const credentials = { clientId: clientOf(id), clientSecret: 'secret', refreshToken: id };
      const api = openSellingPartner({ seller: { id, region: 'na', credentials }, quota });
      const sellingPartner = {
        ...api,
        // Both calls of a document, without its download: the test is not about its bytes.
        async getReport(reportId: string, call: Parameters<typeof api.getReport>[1]) {
          const report = await api.getReport(reportId, call);
          await api.getReportDocument(reportId, { ...call, restricted: false });
          return { ...report, status: 'CANCELLED' as const };
        },
      };
      return [id, sellingPartner];
    }),
  );
  const quotas = new Map(
    sellerIds.map((sellerId) => {
      const key: QuotaKey = { clientId: clientOf(sellerId), sellerId, operation: 'getReportDocument' };
      const documentQuota = {
        available: () => quota.available(key),
        nextAvailableMs: () => quota.nextAvailableMs(key),
        possibleUntil: (epochMs: number) => quota.possibleUntil(key, epochMs),
      };
      return [sellerId, documentQuota];
    }),
  );
  return fakeContext({
    config: {
      state: '/dev/null/state',
      pipelines: [pipeline(1)],
      sellers: sellerIds.map((id) => fakeSeller({ id })),
    },
    // Load records are not stored.
    lake: openFolderStore('/dev/null/lake'),
    raw: openFolderStore('/dev/null/raw'),
    warehouse,
    sellingPartner: (id: string) => partners.get(id),
    documentQuota: (id) => {
      const documentQuota = quotas.get(id);
      assert.ok(documentQuota);
      return documentQuota;
    },
    clock,
  });
}

function pipeline(maxDocuments: number): Pipeline {
  return fakePipeline({
    name: 'simulated',
    queue: 'https://queue.invalid/1/simulated',
    reportTypes: ['*'],
    limits: {
      ...fakePipeline().limits,
      maxDocuments,
      maxMinutes: 1440,
      concurrency: 16,
      waitTimeSeconds: 0,
      maxDocumentBytes: 1,
    },
  });
}

function simulateQueue(reports: { sellerId: string; reportId: string }[]) {
  const waiting = reports.map((each) => ({ ...each, receiveCount: 0 }));
  const receives = new Map<string, number>();
  const queue: Queue & { receives: Map<string, number> } = {
    url: 'https://queue.invalid/1/simulated',
    receives,
    hasRedrivePolicy: async () => true,
    async receive({ maxMessages }) {
      return waiting.splice(0, maxMessages).map((each): QueueMessage => {
        const received = { ...each, receiveCount: each.receiveCount + 1 };
        receives.set(each.reportId, received.receiveCount);
        return {
          messageId: each.reportId,
          receiveCount: received.receiveCount,
          body: JSON.stringify({
            notificationType: 'REPORT_PROCESSING_FINISHED',
            payload: {
              reportProcessingFinishedNotification: {
                sellerId: each.sellerId,
                reportId: each.reportId,
                reportDocumentId: each.reportId,
                reportType,
                processingStatus: 'DONE',
              },
            },
          }),
          ack: async () => {},
          release: async () => void waiting.push(received),
        };
      });
    },
    close: async () => {},
  };
  return queue;
}

/** Keeps the ledger, and nothing else. */
function simulateWarehouse(): Partial<Warehouse> {
  const ledger = new Map<string, LedgerRow>();
  return {
    checkWritable: async () => {},
    seen: async (keys) =>
      new Map(
        keys.flatMap((key) => {
          const row = ledger.get(key);
          return row ? [[key, row] as const] : [];
        }),
      ),
    // One that was not lost: it has an earlier load.
    loadFields: async () => [{ key: 'earlier' }] as never,
    async commit(loads) {
      for (const { entry } of loads) ledger.set(entry.key, { ...entry, loadedAt: '' });
      return [];
    },
  };
}

function shuffle<T>(items: T[], random: Random): void {
  for (let at = items.length - 1; at > 0; at -= 1) {
    const other = random.integer(0, at);
    [items[at], items[other]] = [items[other] as T, items[at] as T];
  }
}
