import { EventEmitter } from 'node:events';
import { Readable } from 'node:stream';
import { gzipSync } from 'node:zlib';
import {
  type AmazonState,
  type AskedReport,
  emptyAmazon,
  type SandboxReport,
} from '../../src/sandbox/amazon.js';
import { openSandboxApi, operationOf, type SandboxApi } from '../../src/sandbox/api.js';
import { answerDownload, type DownloadAnswer } from '../../src/sandbox/downloads.js';
import { notificationBody } from '../../src/sandbox/notification-body.js';
import type { Random } from '../../src/sandbox/random.js';
import { amazonsPlans, type UsagePlan } from '../../src/sandbox/rate-limits.js';
import type { ReportStatus } from '../../src/source/types.js';
import type { EventLoop } from './event-loop.js';
import type { Network } from './network.js';
import type { SimulatedProcess } from './process.js';
import type { SimulatedQueue } from './queue.js';
import { documentText, type MadeRow, type MadeType, madeTypes } from './report-contents.js';

/** A report of the simulated Amazon, with the rows that its tables must get. */
export interface MadeReport {
  report: SandboxReport;
  type: MadeType;
  rows: MadeRow[];
  /** When Amazon announced it, if it did. */
  announcedMs: number | undefined;
}

export interface AmazonRates {
  /** How often a notification never comes, comes twice, or comes hours later. */
  lostNotifications: number;
  doubleNotifications: number;
  lateNotifications: number;
  /** How reports end other than DONE with rows. */
  cancelled: number;
  fatal: number;
  empty: number;
  /** How often a download breaks off. */
  brokenDownloads: number;
}

export const calmAmazon: AmazonRates = {
  lostNotifications: 0,
  doubleNotifications: 0,
  lateNotifications: 0,
  cancelled: 0.03,
  fatal: 0.02,
  empty: 0.05,
  brokenDownloads: 0,
};

/** Amazon's marketplaces of the sellers. */
export const marketplaces = ['ATVPDKIKX0DER', 'A2EUQ1WTGCTBG2'];

const minuteMs = 60_000;

/** Makes reports, announces them, and answers calls and downloads: the sandbox on virtual time. */
export class SimulatedAmazon {
  readonly reports = new Map<string, MadeReport>();
  rates: AmazonRates = calmAmazon;
  onAnswered = () => {};
  readonly plans: Record<string, UsagePlan> = structuredClone(amazonsPlans);

  readonly state: AmazonState;
  private readonly api: SandboxApi;
  private serial = 0;
  /** Reports that are not ended, and notifications that are not sent. */
  private pending = 0;

  constructor(
    private readonly loop: EventLoop,
    private readonly random: Random,
    private readonly network: Network,
    private readonly queue: SimulatedQueue,
    sellerIds: string[],
  ) {
    this.state = emptyAmazon({ random, now: () => Math.floor(loop.nowMs) });
    for (const sellerId of sellerIds) {
      const credentials = { clientId: 'client', clientSecret: 'secret', refreshToken: `Atzr|${sellerId}` };
      this.state.sellers.set(sellerId, { sellerId, region: 'na', marketplaces, credentials });
    }
    this.api = openSandboxApi(this.state, {
      plans: this.plans,
      tokenSeconds: 3600,
      urlSeconds: 300,
      addAsked: (asked) => this.accept(asked),
    });
  }

  /** Begins a report that Amazon makes by itself. */
  begin(sellerId: string, type: MadeType): void {
    const marketplaceIds = type.isOfMarketplace ? [this.random.pick(marketplaces)] : marketplaces;
    const report = this.add({ sellerId, reportType: type.reportType, marketplaceIds });
    this.endLater(report, type);
  }

  /** Whether nothing more comes by itself. */
  isQuiet(): boolean {
    return this.pending === 0;
  }

  private accept(asked: AskedReport): SandboxReport {
    const report = this.add(asked);
    report.asked = asked;
    const type = madeTypes.get(asked.reportType);
    if (type) this.endLater(report, type);
    return report;
  }

  private add({
    sellerId,
    reportType,
    marketplaceIds,
    dataStart,
    dataEnd,
  }: Omit<AskedReport, 'reportOptions'>): SandboxReport {
    this.serial += 1;
    const nowMs = Math.floor(this.loop.nowMs);
    const report: SandboxReport = {
      sellerId,
      reportType,
      reportId: `5${String(this.serial).padStart(10, '0')}`,
      status: 'IN_QUEUE',
      marketplaceIds,
      createdAt: new Date(nowMs).toISOString(),
      dataStart: dataStart ?? new Date(nowMs - 24 * 60 * minuteMs).toISOString(),
      dataEnd: dataEnd ?? new Date(nowMs).toISOString(),
      restricted: false,
    };
    this.state.reports.push(report);
    return report;
  }

  private endLater(report: SandboxReport, type: MadeType): void {
    this.pending += 1;
    this.loop.after(this.random.integer(1, 30) * minuteMs, () => {
      this.pending -= 1;
      this.end(report, type);
    });
  }

  private end(report: SandboxReport, type: MadeType): void {
    const { random, rates, loop } = this;
    const made: MadeReport = { report, type, rows: [], announcedMs: undefined };
    report.status = this.endStatus();
    report.processingEndedAt = new Date(loop.nowMs).toISOString();
    if (report.status === 'DONE') {
      const count = random.chance(rates.empty) ? 0 : random.integer(1, 30);
      made.rows = Array.from({ length: count }, (_, index) =>
        type.makeRow(random, this.serial * 1000 + index),
      );
      this.giveDocument(report, documentText(type, made.rows, random));
    } else if (report.status === 'FATAL' && random.chance(0.5)) {
      this.giveDocument(report, JSON.stringify({ errorDetails: 'The requested data is unavailable.' }));
    }
    this.reports.set(keyOf(report), made);
    loop.note(`made ${keyOf(report)} ${report.status} ${made.rows.length}`);
    this.announce(made);
  }

  private endStatus(): ReportStatus {
    const drawn = this.random.next();
    if (drawn < this.rates.cancelled) return 'CANCELLED';
    return drawn < this.rates.cancelled + this.rates.fatal ? 'FATAL' : 'DONE';
  }

  private giveDocument(report: SandboxReport, text: string): void {
    const isGzipped = this.random.chance(0.8);
    const bytes = Buffer.from(text);
    report.documentId = `amzn1.spdoc.1.4.na.${this.random.uuid()}.${report.reportId}`;
    report.document = {
      bytes: isGzipped ? gzipSync(bytes) : bytes,
      contentType: 'text/plain; charset=UTF-8',
      compression: isGzipped ? 'GZIP' : undefined,
    };
  }

  private announce(made: MadeReport): void {
    const { random, rates, loop } = this;
    if (random.chance(rates.lostNotifications)) return;
    made.announcedMs = loop.nowMs;
    const shape = random.pick(['plain', 'plain', 'eventbridge', 'sns', 'old'] as const);
    const count = random.chance(rates.doubleNotifications) ? random.integer(2, 3) : 1;
    for (let sent = 0; sent < count; sent += 1) {
      const isLate = random.chance(rates.lateNotifications);
      const delayMs = isLate ? random.integer(1, 40) * 60 * minuteMs : random.integer(0, 20_000);
      this.pending += 1;
      loop.after(delayMs, () => {
        this.pending -= 1;
        // The id of the document is optional in a notification.
        const documentId = random.chance(0.1) ? undefined : made.report.documentId;
        const report = { ...made.report, documentId };
        const body = notificationBody(report, shape, random, Math.floor(loop.nowMs));
        this.queue.send(body, keyOf(made.report));
      });
    }
  }

  fetch(process: SimulatedProcess, url: string, init: RequestInit): Promise<Response> {
    const parsed = new URL(url);
    const method = init.method ?? 'GET';
    const operation = operationOf(method, parsed.pathname) ?? '';
    return this.network.send(process, operation === 'login' ? 'login' : 'amazon', {
      name: `${method} ${parsed.pathname}`,
      signal: init.signal,
      failure: (reason) =>
        reason === 'failing'
          ? new TypeError('fetch failed', {
              cause: Object.assign(new Error('reset'), { code: 'ECONNRESET' }),
            })
          : init.signal?.reason,
      handle: (answer) => {
        const headers = Object.fromEntries(
          Object.entries(init.headers ?? {}).map(([name, value]) => [name.toLowerCase(), value as string]),
        );
        const body = String(init.body ?? '');
        const answered = this.api.answer(operation, { method, url: parsed, headers, body });
        this.loop.note(`answered ${operation} ${answered.status}`);
        this.onAnswered();
        const rate = answered.callsPerSecond;
        answer(
          () =>
            new Response(JSON.stringify(answered.body), {
              status: answered.status,
              headers: rate === undefined ? {} : { 'x-amzn-RateLimit-Limit': String(rate) },
            }),
        );
      },
    });
  }

  /** `request` of `node:https`, for presigned URLs. */
  httpsRequest(process: SimulatedProcess) {
    return (
      url: string,
      { headers, signal }: { headers: Record<string, string>; signal: AbortSignal },
      onResponse: (response: Readable) => void,
    ) => {
      const request = Object.assign(new EventEmitter(), { end: () => {} });
      this.network
        .send<DownloadAnswer>(process, 'documents', {
          name: `GET ${new URL(url).pathname}`,
          signal,
          failure: (reason) => Object.assign(new Error(reason), { code: 'ECONNRESET' }),
          handle: (answer) => {
            const answered = answerDownload(new URL(url), headers, this.state);
            answer(() => answered);
          },
        })
        .then(
          (answered) => onResponse(this.response(process, answered)),
          (error: unknown) => request.emit('error', error),
        );
      return request;
    };
  }

  private response(process: SimulatedProcess, { status, headers, body }: DownloadAnswer): Readable {
    const { random, rates } = this;
    const isBroken = random.chance(rates.brokenDownloads);
    const sent = isBroken ? random.integer(0, body.length - 1) : body.length;
    const middle = random.integer(0, sent);
    const parts = [body.subarray(0, middle), body.subarray(middle, sent)].filter(({ length }) => length > 0);
    const response = new Readable({
      read() {
        process.setTimer(
          () => {
            const part = parts.shift();
            if (part || !isBroken) response.push(part ?? null);
            else response.destroy(Object.assign(new Error('aborted'), { code: 'ECONNRESET' }));
          },
          random.integer(1, 30),
          false,
        );
      },
    });
    const texts = Object.entries(headers).map(([name, value]) => [name, String(value)]);
    return Object.assign(response, { statusCode: status, headers: Object.fromEntries(texts) });
  }
}

/** The key that the ledger must have for a report. */
export function keyOf({ sellerId, documentId, reportId }: SandboxReport): string {
  return documentId ? `${sellerId}/${documentId}` : `${sellerId}/report/${reportId}`;
}
