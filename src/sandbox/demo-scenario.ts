import { gzipSync } from 'node:zlib';
import type { ReportRegion } from '../schema/types.js';
import type { SandboxReport } from './amazon.js';
import { germanMarket, japaneseMarket, type Market, ukMarket, usMarket } from './catalogue-of-goods.js';
import { dayMs } from './layout.js';
import { otherNotificationBody } from './notification-body.js';
import { generateDocument, restateOrders } from './report-generator.js';
import type { NewReport, Sandbox } from './sandbox.js';
import { openShops, type Shops } from './shops.js';

/** The invented sellers of the demo. */
export const demoSellers: { sellerId: string; name: string; region: ReportRegion; marketplaces: string[] }[] =
  [
    { sellerId: 'A1DEMOSELLERUS', name: 'Demo North America', region: 'na', marketplaces: ['ATVPDKIKX0DER'] },
    {
      sellerId: 'A2DEMOSELLEREU',
      name: 'Demo Europe',
      region: 'eu',
      marketplaces: ['A1F83G8C2ARO7P', 'A1PA6795UKMFR9'],
    },
    { sellerId: 'A3DEMOSELLERJP', name: 'Demo Japan', region: 'fe', marketplaces: ['A1VC38T7YXB528'] },
  ];

const [us, eu, jp] = ['A1DEMOSELLERUS', 'A2DEMOSELLEREU', 'A3DEMOSELLERJP'];
const hourMs = 3_600_000;
const lastUpdate = 'GET_FLAT_FILE_ALL_ORDERS_DATA_BY_LAST_UPDATE_GENERAL';
const settlementV2 = 'GET_V2_SETTLEMENT_REPORT_DATA_FLAT_FILE_V2';
const listings = 'GET_MERCHANT_LISTINGS_ALL_DATA';
const returns = 'GET_FBA_FULFILLMENT_CUSTOMER_RETURNS_DATA';

/** Opens the shops of the demo, the same each time. */
export const openDemoShops = (): Shops => openShops(20_261_101);

/**
 * Adds a day of reports to the sandbox, and their notifications to its queue, with the usual
 * problems: duplicate and foreign notifications, failed and empty reports, other charsets, a
 * damaged document, invalid values, a header that no schema knows. Their data period is the month
 * up to last midnight, and they were made within the last hour.
 */
export async function fillDemo(sandbox: Sandbox, shops = openDemoShops()): Promise<SandboxReport[]> {
  for (const seller of demoSellers) sandbox.addSeller(seller);
  await sandbox.subscribeSellers();
  const { random } = shops;
  const nowMs = sandbox.state.now();
  const lastMidnightMs = Math.floor(nowMs / dayMs) * dayMs;
  /** Days of the month; the 31st starts at last midnight. */
  const day = (number: number) => new Date(lastMidnightMs - (31 - number) * dayMs);
  const reports: SandboxReport[] = [];

  const generated = (reportType: string, market: Market, rows: number, from = 1, to = 31) =>
    generateDocument(reportType, { ...shops.of(market), rows, from: day(from), to: day(to), random });
  const text = (reportType: string, market: Market, rows: number, from: number, to: number) =>
    generated(reportType, market, rows, from, to).text;
  const add = (report: NewReport & { from?: number; to?: number }): SandboxReport => {
    const { from = 1, to = 31, ...rest } = report;
    const firstMadeMs = to === 31 ? nowMs - hourMs : day(to).getTime();
    const createdAt = new Date(firstMadeMs + reports.length * 60_000);
    const added = sandbox.addReport({ dataStart: day(from), dataEnd: day(to), createdAt, ...rest });
    reports.push(added);
    return added;
  };
  const made = (
    sellerId: string | undefined,
    reportType: string,
    market: Market,
    rows: number,
    from = 1,
    to = 31,
  ) => {
    const { bytes, contentType } = generated(reportType, market, rows, from, to);
    return add({
      sellerId: sellerId ?? '',
      reportType,
      body: bytes,
      contentType,
      from,
      to,
      marketplaceIds: [market.marketplaceId],
    });
  };

  // North America.
  shops.sell(usMarket, 2000, day(1), day(15));
  shops.sell(usMarket, 1500, day(15), day(31));
  const firstOrders = text(lastUpdate, usMarket, 0, 1, 15);
  const [header = ''] = firstOrders.split('\r\n');
  add({ sellerId: us ?? '', reportType: lastUpdate, body: Buffer.from(firstOrders), to: 15 });
  // The second document repeats orders of the first one in a newer state, and has a new column.
  const restated = restateOrders(firstOrders, 150, day(16));
  const moreOrders = text(lastUpdate, usMarket, 0, 15, 31).trimEnd().split('\r\n').slice(1);
  const widerOrders = [...restated, ...moreOrders].map((line) => `${line}\t${random.chance(0.1)}`);
  const secondOrders = [`${header}\tis-pickup-order`, ...widerOrders, ''].join('\r\n');
  const restating = add({
    sellerId: us ?? '',
    reportType: lastUpdate,
    body: Buffer.from(secondOrders),
    from: 15,
  });
  made(us, 'GET_FLAT_FILE_ALL_ORDERS_DATA_BY_ORDER_DATE_GENERAL', usMarket, 0, 15, 31);
  made(us, settlementV2, usMarket, 1600, 1, 15);
  made(us, settlementV2, usMarket, 1200, 15, 29);
  made(us, listings, usMarket, 400);
  made(us, 'GET_FBA_MYI_UNSUPPRESSED_INVENTORY_DATA', usMarket, 12);
  made(us, 'GET_FBA_INVENTORY_PLANNING_DATA', usMarket, 12);
  made(us, 'GET_SALES_AND_TRAFFIC_REPORT', usMarket, 12);
  made(us, 'GET_LEDGER_SUMMARY_VIEW_DATA', usMarket, 360);
  made(us, 'GET_LEDGER_DETAIL_VIEW_DATA', usMarket, 900);
  made(us, 'GET_FBA_REIMBURSEMENTS_DATA', usMarket, 80);
  made(us, 'GET_FBA_RECOMMENDED_REMOVAL_DATA', usMarket, 12);
  const badReturns = text(returns, usMarket, 90, 1, 31)
    .replace('\t1\tLBA4\t', '\t1,5x\tLBA4\t')
    .replace('\t1\tONT8\t', '\tone\tONT8\t');
  // A tab inside a text shifts the cells after it; the comment shows that there is one cell too
  // many.
  const surplusCell = badReturns.replace(
    /Unit returned to inventory\t(\w+\tSaid)/,
    'Unit returned\tto inventory\t$1',
  );
  add({
    sellerId: us ?? '',
    reportType: returns,
    body: Buffer.from(surplusCell),
    marketplaceIds: [usMarket.marketplaceId],
  });

  // Europe: Windows-1252, decimal comma, a restricted type.
  made(eu, listings, ukMarket, 200);
  // Amazon sometimes omits the charset.
  add({
    sellerId: eu ?? '',
    reportType: listings,
    body: generated(listings, germanMarket, 150).bytes,
    contentType: 'text/plain',
    marketplaceIds: [germanMarket.marketplaceId],
  });
  made(eu, settlementV2, germanMarket, 900, 1, 15);
  made(eu, 'GET_V2_SETTLEMENT_REPORT_DATA_FLAT_FILE', ukMarket, 800, 1, 15);
  made(eu, 'GET_FLAT_FILE_ORDER_REPORT_DATA_SHIPPING', germanMarket, 80);
  made(eu, 'GET_FBA_STORAGE_FEE_CHARGES_DATA', germanMarket, 40);
  made(eu, 'GET_AMAZON_FULFILLED_SHIPMENTS_DATA_GENERAL', ukMarket, 250);
  const fatalText = JSON.stringify({
    errorDetails: 'The requested data is unavailable. Please try a different date range.',
  });
  add({
    sellerId: eu ?? '',
    reportType: 'GET_LEDGER_SUMMARY_VIEW_DATA',
    status: 'FATAL',
    body: Buffer.from(fatalText),
  });
  add({ sellerId: eu ?? '', reportType: 'GET_FBA_REIMBURSEMENTS_DATA', status: 'CANCELLED' });

  // Japan: Shift_JIS, empty reports, a document cut short.
  made(jp, listings, japaneseMarket, 120);
  const emptyReturns = Buffer.from(`${text(returns, japaneseMarket, 0, 1, 31).trimEnd()}\n`);
  add({ sellerId: jp ?? '', reportType: returns, body: emptyReturns });
  add({ sellerId: jp ?? '', reportType: 'GET_FBA_REIMBURSEMENTS_DATA', body: Buffer.alloc(0) });
  const whole = gzipSync(Buffer.from(text('GET_LEDGER_DETAIL_VIEW_DATA', japaneseMarket, 300, 1, 31)));
  const cut = whole.subarray(0, Math.floor(whole.length * 0.6));
  add({ sellerId: jp ?? '', reportType: 'GET_LEDGER_DETAIL_VIEW_DATA', body: cut, gzip: false });

  // Standard queues do not preserve order, and the newer orders arrive before the older ones.
  await sandbox.notify(restating);
  const shapes = ['plain', 'eventbridge', 'plain', 'sns', 'old'] as const;
  for (const [index, report] of reports.entries())
    await sandbox.notify(report, shapes[index % shapes.length]);
  for (const report of reports.slice(3, 6)) await sandbox.notify(report);
  const stranger = { ...restating, sellerId: 'A9UNKNOWNSELLER', reportId: '599990000001' };
  await sandbox.notify(stranger);
  await sandbox.sendBody(otherNotificationBody(us ?? '', random, nowMs));
  await sandbox.sendBody('hello');
  return reports;
}
