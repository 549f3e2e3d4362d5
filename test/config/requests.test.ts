import assert from 'node:assert/strict';
import { configOf, mistakesIn, pipeline, seller } from './world.js';

const usSeller = seller('    marketplaces: [US]\n');
const settings = (request: string, more = '') =>
  `${usSeller}${pipeline(`${more}    request:\n      - ${request}\n`)}`;
const mistakes = (request: string, more = '') =>
  mistakesIn(settings(request, more)).map((line) =>
    line.replace(/^pipelines\.yaml:\d+:\d+ pipelines\[0\]\./, ''),
  );

const orders = 'reportType: GET_FLAT_FILE_ALL_ORDERS_DATA_BY_LAST_UPDATE_GENERAL';
const cron = "cron: '0 6 * * *'";

/** A request, and the lines about it. */
const cases: Record<string, [request: string, lines: string[], more?: string]> = {
  'an unknown type': [
    `{ reportType: GET_SALES_AND_TRAFIC_REPORT, ${cron} }`,
    [
      'request[0].reportType: unknown report type; if Amazon has it, write a schema for it (docs/schemas.md); did you mean "GET_SALES_AND_TRAFFIC_REPORT"?',
    ],
  ],
  'a type that Amazon makes by itself': [
    `{ reportType: GET_V2_SETTLEMENT_REPORT_DATA_FLAT_FILE_V2, ${cron} }`,
    [
      'request[0].reportType: Amazon accepts no requests for GET_V2_SETTLEMENT_REPORT_DATA_FLAT_FILE_V2; Amazon makes it by itself: remove the request, and add `sweep` to the pipeline',
    ],
  ],
  'a type that Amazon makes only on a schedule': [
    `{ reportType: GET_ORDER_REPORT_DATA_TAX, ${cron} }`,
    [
      'request[0].reportType: Amazon accepts no requests for GET_ORDER_REPORT_DATA_TAX; write `schedule: amazon` and `period`',
    ],
  ],
  'a schedule for a type that has none': [
    `{ ${orders}, schedule: amazon, period: P1D }`,
    [
      'request[0].schedule: Amazon does not make GET_FLAT_FILE_ALL_ORDERS_DATA_BY_LAST_UPDATE_GENERAL on a schedule; request it with `cron`',
    ],
  ],
  'a period that Amazon does not offer': [
    `{ reportType: GET_ORDER_REPORT_DATA_TAX, schedule: amazon, period: P5D }`,
    [
      'request[0].period: expected one of PT5M, PT15M, PT30M, PT1H, PT2H, PT4H, PT8H, PT12H, P1D, P2D, P3D, PT84H, P7D, P14D, P15D, P18D, P30D, P1M, found "P5D"; did you mean "P1D"?',
    ],
  ],
  'neither cron nor schedule': [
    `{ ${orders} }`,
    ['request[0].reportType: when is it requested? Add `cron`, or `schedule: amazon` with `period`'],
  ],
  'an invalid window': [
    `{ ${orders}, ${cron}, window: a day }`,
    [
      'request[0].window: expected a span of time such as `1 day`, in hours, days, weeks, months, quarters, years, found "a day"',
    ],
  ],
  'a window of several weeks': [
    `{ ${orders}, ${cron}, window: 2 weeks }`,
    [
      'request[0].window: weeks, months, quarters and years are requested one at a time; write `1 week`, or `14 days`',
    ],
  ],
  'a window longer than Amazon allows': [
    `{ reportType: MARKETPLACE_ASIN_PAGE_VIEW_METRICS, ${cron}, window: 8 days }`,
    ['request[0].window: longer than Amazon allows for MARKETPLACE_ASIN_PAGE_VIEW_METRICS: at most 7 days'],
  ],
  'a window of orders longer than a month': [
    `{ ${orders}, ${cron}, window: 32 days }`,
    [
      'request[0].window: longer than Amazon allows for GET_FLAT_FILE_ALL_ORDERS_DATA_BY_LAST_UPDATE_GENERAL: at most 31 days',
    ],
  ],
  'a window longer than a single day': [
    `{ reportType: GET_VENDOR_REAL_TIME_INVENTORY_REPORT, ${cron}, window: 36 hours }`,
    ['request[0].window: longer than Amazon allows for GET_VENDOR_REAL_TIME_INVENTORY_REPORT: at most 1 day'],
  ],
  'a window beside another reportPeriod': [
    `{ reportType: GET_VENDOR_SALES_REPORT, ${cron}, window: 7 days, reportOptions: { reportPeriod: WEEK } }`,
    ['request[0].window: reportPeriod is one week: write `1 week`, or remove the window'],
  ],
  'a start in the future': [
    `{ ${orders}, ${cron}, window: 1 day, from: 2999-01-01 }`,
    ['request[0].from: 2999-01-01 is in the future; the first window must begin in the past'],
  ],
  'a start without a window': [
    `{ ${orders}, ${cron}, from: 2026-01-01 }`,
    ['request[0].from: needs a `window`'],
  ],
  'a marketplace that no seller has': [
    `{ ${orders}, ${cron}, marketplaces: [CA] }`,
    ['request[0].marketplaces[0]: no seller of this request has the marketplace CA'],
  ],
  'an unknown seller': [
    `{ ${orders}, ${cron}, sellers: [A1SELER] }`,
    ['request[0].sellers[0]: no seller "A1SELER" in this file; did you mean "A1SELLER"?'],
  ],
  'a type that would not be loaded': [
    `{ ${orders}, ${cron} }`,
    [
      'request[0].reportType: is requested but would not be loaded; add GET_FLAT_FILE_ALL_ORDERS_DATA_BY_LAST_UPDATE_GENERAL to `reportTypes` of the pipeline',
    ],
    '    reportTypes: GET_FBA_*\n',
  ],
  'refreshes of a report without a window': [
    `{ reportType: GET_MERCHANT_LISTINGS_ALL_DATA, ${cron}, refresh: [3 days] }`,
    ['request[0].refresh: needs a `window`'],
  ],
  'refreshes in months': [
    `{ ${orders}, ${cron}, window: 1 day, refresh: [3 days, 1 month] }`,
    [
      'request[0].refresh[1]: expected a span of time such as `3 days`, in hours, days, weeks, found "1 month"',
    ],
  ],
  'refreshes of a type whose rows are appended': [
    `{ reportType: GET_XML_VAT_INVOICE_DATA_REPORT, ${cron}, window: 1 day, refresh: [3 days] }`,
    [
      'request[0].refresh: the rows of a second report of a window would be added to those of the first, because GET_XML_VAT_INVOICE_DATA_REPORT appends; remove `refresh`, or write a schema with `load: { mode: replace }` or `merge`',
    ],
  ],
  'a request given twice': [
    `{ ${orders}, ${cron} }\n      - { ${orders}, cron: '0 7 * * *' }`,
    ['request[1].reportType: is already requested by pipelines[0].request[0]'],
  ],
};

describe('requests in pipelines.yaml', () => {
  for (const [name, [request, lines, more]] of Object.entries(cases)) {
    it(`are refused for ${name}`, () => assert.deepEqual(mistakes(request, more), lines));
  }

  it('need marketplaces, their own or those of the seller', () => {
    const text = `${seller()}${pipeline(`    request:\n      - { ${orders}, ${cron} }\n`)}`;
    assert.match(String(mistakesIn(text)), /for which marketplaces\?/);
    assert.equal(configOf(text.replace(' }', ', marketplaces: [US] }')).pipelines.length, 1);
  });

  it('accept options as texts, as Amazon does, and a window as people write it', () => {
    const request = `{ ${orders}, ${cron}, window: 6 Hours, lag: 1 day, refresh: [3 days, 2 Weeks], reportOptions: { ShowSalesChannel: true, n: 5 } }`;
    const [read] = configOf(settings(request)).pipelines[0]?.request ?? [];
    assert.deepEqual(
      [read?.window, read?.lag, read?.refresh, read?.reportOptions],
      [
        { count: 6, unit: 'hour' },
        { count: 1, unit: 'day' },
        [
          { count: 3, unit: 'day' },
          { count: 2, unit: 'week' },
        ],
        { ShowSalesChannel: 'true', n: '5' },
      ],
    );
  });
});
