import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { readConfig } from '../../src/config/read.js';
import { configOf, env, errorOf, folderWith, mistakesIn, pipeline, seller } from './world.js';

const usSeller = seller('    marketplaces: [US, MX]\n');
const settings = (request: string, more = '') =>
  `${usSeller}${pipeline(`${more}    request:\n      - ${request}\n`)}`;
const mistakes = (request: string, more = '') =>
  mistakesIn(settings(request, more)).map((line) =>
    line.replace(/^pipelines\.yaml:\d+:\d+ pipelines\[0\]\./, ''),
  );

const orders = 'reportType: GET_FLAT_FILE_ALL_ORDERS_DATA_BY_LAST_UPDATE_GENERAL';
const traffic = 'reportType: GET_SALES_AND_TRAFFIC_REPORT';
const queries = 'reportType: GET_BRAND_ANALYTICS_SEARCH_QUERY_PERFORMANCE_REPORT';
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
    `{ reportType: MARKETPLACE_ASIN_PAGE_VIEW_METRICS, ${cron}, window: 8 days, reportOptions: { productType: SHOES } }`,
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
  'a window of a report that shows the current state': [
    `{ reportType: GET_MERCHANT_LISTINGS_ALL_DATA, ${cron}, window: 1 day }`,
    [
      'request[0].window: each report of GET_MERCHANT_LISTINGS_ALL_DATA replaces the rows of the one before, so that only the newest window would stay; remove `window`, or write a schema with `load: { mode: merge }`',
    ],
  ],
  'days of a report with a row for each month': [
    `{ reportType: GET_SALES_AND_TRAFFIC_REPORT, ${cron}, window: 7 days, reportOptions: { dateGranularity: MONTH } }`,
    [
      'request[0].window: cuts a month into parts, but `dateGranularity: MONTH` has a row for each month, and each report would replace it by a part; write `window: 1 month`',
    ],
  ],
  'months of a report with a row for each week': [
    `{ reportType: GET_SALES_AND_TRAFFIC_REPORT, ${cron}, window: 1 month, reportOptions: { dateGranularity: WEEK } }`,
    [
      'request[0].window: cuts a week into parts, but `dateGranularity: WEEK` has a row for each week, and each report would replace it by a part; write `window: 1 week`',
    ],
  ],
  'a window beside another reportPeriod': [
    `{ reportType: GET_VENDOR_SALES_REPORT, ${cron}, window: 7 days, reportOptions: { reportPeriod: WEEK } }`,
    ['request[0].window: reportPeriod is one week: write `1 week`, or remove the window'],
  ],
  'a start in the future': [
    `{ ${orders}, ${cron}, window: 1 day, from: 2999-01-01 }`,
    ['request[0].from: 2999-01-01 is in the future; the first window must begin in the past'],
  ],
  'a start that is no date': [
    `{ ${orders}, ${cron}, window: 1 day, from: 31.12.2025 }`,
    ['request[0].from: expected a date such as 2026-10-01, found "31.12.2025"'],
  ],
  'a start on a day that does not exist': [
    `{ ${orders}, ${cron}, window: 1 day, from: 2026-13-01 }`,
    ['request[0].from: there is no such date'],
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
  'refreshes before the first request': [
    `{ ${orders}, ${cron}, window: 1 day, lag: 120 hours, refresh: [2 days, 5 days, 6 days] }`,
    [0, 1].map(
      (index) =>
        `request[0].refresh[${index}]: has no effect, because \`lag\` leaves the first request until 120 hours after the window: write a higher age, or a shorter \`lag\``,
    ),
  ],
  'refreshes of windows that Amazon no longer has': [
    `{ ${traffic}, ${cron}, window: 1 day, refresh: [3 days, 200 weeks] }`,
    [
      'request[0].refresh[1]: has no effect, because GET_SALES_AND_TRAFFIC_REPORT goes back only 2 years: write a lower age',
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
  'a type of the whole region for each of two marketplaces': [
    `{ ${orders}, ${cron}, marketplaces: [US] }\n      - { ${orders}, ${cron}, marketplaces: [MX] }`,
    ['request[1].reportType: is already requested by pipelines[0].request[0]'],
  ],
  'a type that ended and has a successor': [
    `{ reportType: GET_MERCHANT_LISTINGS_DEFECT_DATA, ${cron}, reportOptions: { custom: true } }`,
    [
      'request[0].reportType: Amazon has not made GET_MERCHANT_LISTINGS_DEFECT_DATA since 2022-06-15; it is replaced by GET_MERCHANTS_LISTINGS_FYP_REPORT; remove the request',
    ],
  ],
  'a type that ended without a successor': [
    `{ reportType: GET_FBA_SNS_FORECAST_DATA, ${cron} }`,
    [
      'request[0].reportType: Amazon has not made GET_FBA_SNS_FORECAST_DATA since 2025-12-11; remove the request',
    ],
  ],
  'a type that only Seller Central makes': [
    `{ reportType: GET_DATE_RANGE_FINANCIAL_HOLDS_DATA, ${cron} }`,
    [
      'request[0].reportType: Amazon accepts no requests for GET_DATE_RANGE_FINANCIAL_HOLDS_DATA; only a person can make it, in Seller Central: remove the request, and add `sweep` to the pipeline',
    ],
  ],
  'an option that the type does not have': [
    `{ ${traffic}, ${cron}, window: 1 day, reportOptions: { dateGranulrity: DAY } }`,
    [
      'request[0].reportOptions.dateGranulrity: GET_SALES_AND_TRAFFIC_REPORT has no such option; it has dateGranularity, asinGranularity; did you mean "dateGranularity"?',
    ],
  ],
  'an option that is like none of the type': [
    `{ ${traffic}, ${cron}, window: 1 day, reportOptions: { currency: EUR } }`,
    [
      'request[0].reportOptions.currency: GET_SALES_AND_TRAFFIC_REPORT has no such option; it has dateGranularity, asinGranularity; if Amazon has added it, name it in `request.options` of a schema of your own (docs/schemas.md)',
    ],
  ],
  'a value that the option does not have': [
    `{ ${traffic}, ${cron}, window: 1 day, reportOptions: { asinGranularity: CHLD } }`,
    [
      'request[0].reportOptions.asinGranularity: expected one of PARENT, CHILD, SKU, found "CHLD"; did you mean "CHILD"?',
    ],
  ],
  'options that Amazon requires': [
    `{ ${queries}, ${cron} }`,
    [
      'request[0].reportType: GET_BRAND_ANALYTICS_SEARCH_QUERY_PERFORMANCE_REPORT requires the option `reportPeriod`: one of WEEK, MONTH, QUARTER',
      'request[0].reportType: GET_BRAND_ANALYTICS_SEARCH_QUERY_PERFORMANCE_REPORT requires the option `asin`',
    ],
  ],
  'an option that Amazon requires beside others': [
    `{ ${queries}, ${cron}, window: 1 week, reportOptions: { reportPeriod: WEEK } }`,
    [
      'request[0].reportOptions: GET_BRAND_ANALYTICS_SEARCH_QUERY_PERFORMANCE_REPORT requires the option `asin`',
    ],
  ],
  'a period of one day in a type that has none': [
    `{ ${queries}, ${cron}, window: 1 day, reportOptions: { asin: B000000001 } }`,
    [
      'request[0].reportOptions: GET_BRAND_ANALYTICS_SEARCH_QUERY_PERFORMANCE_REPORT requires the option `reportPeriod`: one of WEEK, MONTH, QUARTER',
    ],
  ],
  'more items than an option takes': [
    `{ ${queries}, ${cron}, window: 1 week, reportOptions: { asin: ${Array(19).fill('B00000001').join(' ')} } }`,
    ['request[0].reportOptions.asin: Amazon takes at most 18 items, found 19'],
  ],
  'items for a type without such an option': [
    `{ ${traffic}, ${cron}, window: 1 day, perAsin: listings }`,
    [
      'request[0].perAsin: GET_SALES_AND_TRAFFIC_REPORT has no option for ASINs; requested per item, it needs `perItem`',
    ],
  ],
  'items for an option that the type does not have': [
    `{ ${queries}, ${cron}, reportOptions: { reportPeriod: WEEK, asin: B000000001 }, perItem: { option: asins, from: listings } }`,
    [
      'request[0].perItem.option: GET_BRAND_ANALYTICS_SEARCH_QUERY_PERFORMANCE_REPORT has no such option; it has reportPeriod, asin; did you mean "asin"?',
    ],
  ],
  'items beside the option that takes them': [
    `{ ${queries}, ${cron}, reportOptions: { reportPeriod: WEEK, asin: B000000001 }, perAsin: listings }`,
    ['request[0].reportOptions.asin: `perAsin` sets this option; remove it here, or remove `perAsin`'],
  ],
  'items in two ways': [
    `{ ${queries}, ${cron}, reportOptions: { reportPeriod: WEEK }, perAsin: listings, perItem: { option: asin, from: listings } }`,
    ['request[0].perItem: write either `perAsin` or `perItem`'],
  ],
  'items by a statement that writes': [
    `{ ${queries}, ${cron}, reportOptions: { reportPeriod: WEEK }, perAsin: { sql: DELETE FROM listings } }`,
    ['request[0].perAsin.sql: expected a SELECT statement; it can only read the warehouse'],
  ],
  'items of SQL with another ranking': [
    `{ ${queries}, ${cron}, reportOptions: { reportPeriod: WEEK }, perAsin: { sql: SELECT 1, rank: SELECT 2 } }`,
    [
      'request[0].perAsin: expected `from` or `sql`, and `rank` only with `from`: `sql` returns its items by rank',
    ],
  ],
  'items of a request without a window': [
    `{ reportType: GET_B2B_PRODUCT_OPPORTUNITIES_RECOMMENDED_FOR_YOU, ${cron}, perItem: { option: categories, from: [a] } }`,
    ['request[0].perItem: needs a `window`'],
  ],
  'more characters than an option takes': [
    `{ ${queries}, ${cron}, window: 1 week, reportOptions: { asin: ${'B'.repeat(201)} } }`,
    ['request[0].reportOptions.asin: Amazon takes at most 200 characters, found 201'],
  ],
};

const queue = 'https://sqs.us-east-1.amazonaws.com/123456789012/reports';

const tenMistakes = `pipelines:
  - name: one
    schedule: '0 * * * *'
    queue: ${queue}
    reportTypes: '*'
    request:
      - { reportType: GET_V2_SETTLEMENT_REPORT_DATA_XML, ${cron} }
      - { reportType: GET_FLAT_FILE_SALES_TAX_DATA, ${cron} }
      - { reportType: GET_ORDER_REPORT_DATA_TAX, ${cron} }
      - { reportType: GET_LEDGER_DETAILS_VIEW_DATA, ${cron}, window: 1 day }
      - { reportType: GET_BRAND_ANALYTICS_SEARCH_TERMS_REPORT, ${cron}, window: 1 week, reportOptions: { reportPeriods: WEEK } }
      - { reportType: GET_VENDOR_SALES_REPORT, ${cron}, window: 1 week, reportOptions: { distributorView: SORCING } }
      - { reportType: GET_FLAT_FILE_RETURNS_DATA_BY_RETURN_DATE, ${cron}, window: 61 days }
      - { reportType: GET_FBA_REIMBURSEMENTS_DATA, ${cron}, window: 1 day, marketplaces: [DE] }
      - { ${orders}, ${cron}, window: 2 weeks }
  - name: two
    schedule: '0 * * * *'
    queue: ${queue}
    reportTypes: GET_FBA_*
`;

describe('requests in pipelines.yaml', () => {
  for (const [name, [request, lines, more]] of Object.entries(cases)) {
    it(`are refused for ${name}`, () => assert.deepEqual(mistakes(request, more), lines));
  }

  it('need marketplaces, their own or those of the seller', () => {
    const text = `${seller()}${pipeline(`    request:\n      - { ${orders}, ${cron} }\n`)}`;
    assert.match(String(mistakesIn(text)), /for which marketplaces\?/);
    assert.equal(configOf(text.replace(' }', ', marketplaces: [US] }')).pipelines.length, 1);
  });

  it('take the period of the options from the window, if Amazon requires it', () => {
    const request = `{ ${queries}, ${cron}, window: 1 month, reportOptions: { asin: B000000001 } }`;
    assert.equal(configOf(settings(request)).pipelines.length, 1);
  });

  it('accept an option that a schema of the user adds to the type', () => {
    const folder = folderWith(
      settings(`{ ${traffic}, ${cron}, window: 1 day, reportOptions: { newOption: A } }`),
    );
    mkdirSync(join(folder, 'schemas'));
    const own = 'reportType: GET_SALES_AND_TRAFFIC_REPORT\nformat: json\n';
    writeFileSync(
      join(folder, 'schemas/own.yaml'),
      `${own}request: { options: { newOption: { values: [A] } } }\n`,
    );
    assert.equal(readConfig({ cwd: folder, env }).pipelines.length, 1);
  });

  it('are refused from the day on which the type ends, by a schema of the user too', () => {
    const folder = folderWith(settings(`{ reportType: GET_OWN_REPORT, ${cron} }`));
    mkdirSync(join(folder, 'schemas'));
    const writeEnd = (date: string) =>
      writeFileSync(
        join(folder, 'schemas/own.yaml'),
        `reportType: GET_OWN_REPORT\nformat: tsv\nrequest: { ended: ${date} }\n`,
      );
    writeEnd('2999-01-01');
    assert.equal(readConfig({ cwd: folder, env }).pipelines.length, 1);
    writeEnd('2020-02-29');
    assert.match(
      String(errorOf(() => readConfig({ cwd: folder, env })).details.problems),
      /Amazon has not made GET_OWN_REPORT since 2020-02-29; remove the request$/,
    );
  });

  it('each get the line and the reason of ten mistakes', () => {
    const lines = mistakesIn(`${usSeller}${tenMistakes}`);
    assert.deepEqual(
      lines.map((line) => line.replace(/^pipelines\.yaml:(\d+):\d+ pipelines\[(\d)\]\./, '$1 $2 ')),
      [
        '15 0 request[0].reportType: Amazon has not made GET_V2_SETTLEMENT_REPORT_DATA_XML since 2026-11-11; it is replaced by GET_V2_SETTLEMENT_REPORT_DATA_FLAT_FILE_V2; remove the request',
        '16 0 request[1].reportType: Amazon accepts no requests for GET_FLAT_FILE_SALES_TAX_DATA; only a person can make it, in Seller Central: remove the request, and add `sweep` to the pipeline',
        '17 0 request[2].reportType: Amazon accepts no requests for GET_ORDER_REPORT_DATA_TAX; write `schedule: amazon` and `period`',
        '18 0 request[3].reportType: unknown report type; if Amazon has it, write a schema for it (docs/schemas.md); did you mean "GET_LEDGER_DETAIL_VIEW_DATA"?',
        '19 0 request[4].reportOptions.reportPeriods: GET_BRAND_ANALYTICS_SEARCH_TERMS_REPORT has no such option; it has reportPeriod; did you mean "reportPeriod"?',
        '20 0 request[5].reportOptions: GET_VENDOR_SALES_REPORT requires the option `sellingProgram`: one of RETAIL, BUSINESS, FRESH',
        '20 0 request[5].reportOptions.distributorView: expected one of MANUFACTURING, SOURCING, found "SORCING"; did you mean "SOURCING"?',
        '21 0 request[6].window: longer than Amazon allows for GET_FLAT_FILE_RETURNS_DATA_BY_RETURN_DATE: at most 60 days',
        '22 0 request[7].marketplaces[0]: no seller of this request has the marketplace DE',
        '23 0 request[8].window: weeks, months, quarters and years are requested one at a time; write `1 week`, or `14 days`',
        '27 1 reportTypes: GET_FBA_* overlaps with * of pipeline one, which drains the same queue: a message goes to whichever receives it first; give each type to one of them, or use two queues',
      ],
    );
  });

  for (const [window, dateGranularity] of [
    ['1 day', 'DAY'],
    ['7 days', 'WEEK'],
    ['1 week', 'WEEK'],
    ['1 quarter', 'MONTH'],
  ])
    it(`accept a window of ${window} for rows by ${dateGranularity}`, () => {
      const options = `reportOptions: { dateGranularity: ${dateGranularity} }`;
      const request = `{ reportType: GET_SALES_AND_TRAFFIC_REPORT, ${cron}, window: ${window}, ${options} }`;
      assert.equal(configOf(settings(request)).pipelines[0]?.request.length, 1);
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
