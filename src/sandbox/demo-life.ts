import { systemClock } from '../runtime/clock.js';
import { germanMarket, japaneseMarket, type Market, ukMarket, usMarket } from './catalogue-of-goods.js';
import { demoSellers } from './demo-scenario.js';
import { dayMs } from './layout.js';
import { generateDocument } from './report-generator.js';
import type { Sandbox } from './sandbox.js';
import type { Shops } from './shops.js';

/**
 * The reports that finish by themselves, one after the other. Sellers alternate, so that the quota
 * of each one suffices.
 */
interface Turn {
  seller: number;
  market: Market;
  reportType: string;
  rows: number;
  /** Whether it has no notification, so that only a sweep finds it. */
  isSilent?: boolean;
}

const [us, eu, jp] = [0, 1, 2];
const turns: Turn[] = [
  {
    seller: us,
    market: usMarket,
    reportType: 'GET_FLAT_FILE_ALL_ORDERS_DATA_BY_LAST_UPDATE_GENERAL',
    rows: 20,
  },
  { seller: eu, market: ukMarket, reportType: 'GET_AMAZON_FULFILLED_SHIPMENTS_DATA_GENERAL', rows: 15 },
  { seller: jp, market: japaneseMarket, reportType: 'GET_MERCHANT_LISTINGS_ALL_DATA', rows: 120 },
  { seller: us, market: usMarket, reportType: 'GET_FBA_FULFILLMENT_CUSTOMER_RETURNS_DATA', rows: 2 },
  { seller: eu, market: germanMarket, reportType: 'GET_MERCHANT_LISTINGS_ALL_DATA', rows: 150 },
  {
    seller: jp,
    market: japaneseMarket,
    reportType: 'GET_V2_SETTLEMENT_REPORT_DATA_FLAT_FILE_V2',
    rows: 60,
    isSilent: true,
  },
];

export interface DemoPace {
  /** The time between two reports that finish by themselves. */
  reportEveryMs: number;
  /** The time between two steps of requested reports; a report takes two steps. */
  stepEveryMs: number;
}

/**
 * A report every 25 s. For each seller that is somewhat less than the one document per minute that
 * Amazon allows.
 */
const usualPace: DemoPace = { reportEveryMs: 25_000, stepEveryMs: 5000 };

/**
 * Keeps the simulated Amazon going: reports finish now and then, and requested reports are made.
 * Ends with the signal.
 */
export async function goOn(
  sandbox: Sandbox,
  shops: Shops,
  signal: AbortSignal,
  { reportEveryMs, stepEveryMs }: DemoPace = usualPace,
): Promise<void> {
  const midnightMs = Math.floor(sandbox.state.now() / dayMs) * dayMs;
  /** For each turn, the end of the data period of its last report. */
  const toldUntilMs = turns.map(() => midnightMs);
  await Promise.all([every(stepEveryMs, () => sandbox.stepReports()), every(reportEveryMs, finishOne)]);

  async function finishOne(round: number): Promise<void> {
    const index = round % turns.length;
    const { seller, market, reportType, rows, isSilent } = turns[index] as Turn;
    const [from, to] = [new Date(toldUntilMs[index] ?? midnightMs), new Date(sandbox.state.now())];
    toldUntilMs[index] = to.getTime();
    if (reportType.includes('ALL_ORDERS')) shops.sell(market, rows, from, to);
    const plan = { ...shops.of(market), rows, from, to, random: shops.random };
    const { bytes, contentType } = generateDocument(reportType, plan);
    const report = sandbox.addReport({
      sellerId: demoSellers[seller]?.sellerId ?? '',
      reportType,
      body: bytes,
      contentType,
      marketplaceIds: [market.marketplaceId],
      dataStart: from,
      dataEnd: to,
    });
    if (!isSilent) await sandbox.notify(report);
  }

  async function every(ms: number, act: (round: number) => Promise<unknown>): Promise<void> {
    for (let round = 0; !signal.aborted; round += 1) {
      await act(round);
      await systemClock.sleep(ms, signal).catch(() => {});
    }
  }
}
