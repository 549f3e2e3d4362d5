import { gzipSync } from 'node:zlib';
import type { AmazonState, AskedReport, SandboxReport } from './amazon.js';
import { germanMarket, japaneseMarket, type Market, ukMarket, usMarket } from './catalogue-of-goods.js';
import { generateDocument, generatedTypes, type ReportPlan } from './report-generator.js';
import { isQueuedForDay, searchQueryReport, searchQueryType } from './search-queries.js';
import { dueBySchedule, type Making } from './report-requests.js';

/** Decides the result of requested reports. */
export type Make = (asked: AskedReport) => Making;

/**
 * Advances every requested report by one step: from the queue to in progress, from there to its
 * end. Adds the reports of due schedules to the queue. Returns the reports that ended.
 */
export function stepReports(
  state: AmazonState,
  make: Make,
  add: (asked: AskedReport) => SandboxReport,
): SandboxReport[] {
  const now = () => new Date(state.now()).toISOString();
  const ended: SandboxReport[] = [];
  for (const report of state.reports) {
    if (!report.asked) continue;
    if (report.status === 'IN_QUEUE') {
      if (isQueuedForDay(report, state.reports, state.now())) continue;
      report.status = 'IN_PROGRESS';
      report.processingStartedAt = now();
    } else if (report.status === 'IN_PROGRESS') {
      end(report, make(report.asked), state);
      report.processingEndedAt = now();
      ended.push(report);
    }
  }
  for (const { reportScheduleId, ...asked } of dueBySchedule(state)) {
    add(asked).reportScheduleId = reportScheduleId;
  }
  return ended;
}

function end(report: SandboxReport, { status, body, contentType }: Making, { random }: AmazonState): void {
  report.status = status;
  if (!body) return;
  report.documentId = `amzn1.spdoc.1.4.${random.uuid()}.T${random.letters(13)}.2651`;
  report.document = {
    bytes: gzipSync(body),
    contentType: contentType ?? 'text/plain; charset=UTF-8',
    compression: 'GZIP',
  };
}

/**
 * Returns a function that generates a report if the sandbox supports its type, from the products
 * and orders of the market if there are any. Other reports have no data.
 */
export function makeUp(
  { random, now }: Pick<AmazonState, 'random' | 'now'>,
  shopOf: (market: Market) => Pick<ReportPlan, 'products' | 'orderItems'> = () => ({}),
): Make {
  return (asked) => {
    const { reportType, marketplaceIds, dataStart, dataEnd } = asked;
    if (reportType === searchQueryType) {
      const body = Buffer.from(JSON.stringify(searchQueryReport(asked, random)));
      return { status: 'DONE', body, contentType: 'application/json' };
    }
    if (!generatedTypes().includes(reportType)) return { status: 'CANCELLED' };
    const others = [ukMarket, germanMarket, japaneseMarket];
    const market = others.find(({ marketplaceId }) => marketplaceIds.includes(marketplaceId)) ?? usMarket;
    const to = new Date(dataEnd ?? now());
    const from = new Date(dataStart ?? to.getTime() - 86_400_000);
    const plan = { ...shopOf(market), market, rows: 50, from, to, random };
    const { bytes, contentType } = generateDocument(reportType, plan);
    return { status: 'DONE', body: bytes, contentType };
  };
}
