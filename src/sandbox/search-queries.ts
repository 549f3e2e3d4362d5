import type { AskedReport, SandboxReport } from './amazon.js';
import type { Random } from './random.js';

/** The type whose reports are made for the items that their request names. */
export const searchQueryType = 'GET_BRAND_ANALYTICS_SEARCH_QUERY_PERFORMANCE_REPORT';

const maxCharacters = 200;
const maxItems = 18;
const reportsPerDay = 20;
const dayMs = 86_400_000;
const queries = ['water bottle', 'steel bottle', 'bottle 1 l', 'gym bottle', 'gift for runners'];

/**
 * Returns why Amazon refuses a request of the type; undefined for a good one, or for another type.
 * Source: Amazon's changelog of 2025-06-25, sellingPartnerSearchQueryPerformanceReport.json.
 */
export function searchQueryProblem({
  reportType,
  reportOptions,
}: Pick<AskedReport, 'reportType' | 'reportOptions'>): string | undefined {
  if (reportType !== searchQueryType) return undefined;
  const { asin = '', reportPeriod = '' } = reportOptions;
  if (!['WEEK', 'MONTH', 'QUARTER'].includes(reportPeriod)) return 'reportPeriod is required.';
  const items = asin.split(' ').filter((item) => item !== '');
  if (items.length === 0) return 'asin is required.';
  if (items.length > maxItems || asin.length > maxCharacters)
    return `asin takes at most ${maxItems} items and ${maxCharacters} characters.`;
  return undefined;
}

/**
 * Whether Amazon leaves a report in the queue, because it has begun 20 of the seller in the last
 * day. Source: issue 5240 of selling-partner-api-models.
 */
export function isQueuedForDay(
  { sellerId, reportType }: SandboxReport,
  reports: readonly SandboxReport[],
  nowMs: number,
): boolean {
  if (reportType !== searchQueryType) return false;
  const begun = reports.filter(
    (each) =>
      each.sellerId === sellerId &&
      each.reportType === searchQueryType &&
      nowMs - Date.parse(each.processingStartedAt ?? '') < dayMs,
  );
  return begun.length >= reportsPerDay;
}

/** Generates a report: two to four queries for each of its items, in Amazon's JSON. */
export function searchQueryReport(
  { reportType, reportOptions, marketplaceIds, dataStart = '', dataEnd = '' }: AskedReport,
  random: Random,
): object {
  const [startDate, endDate] = [dataStart, dataEnd].map((time) => time.slice(0, 10));
  const items = (reportOptions.asin ?? '').split(' ').filter((item) => item !== '');
  return {
    reportSpecification: {
      reportType,
      reportOptions,
      dataStartTime: startDate,
      dataEndTime: endDate,
      marketplaceIds,
    },
    dataByAsin: items.flatMap((asin) =>
      queries.slice(0, random.integer(2, 4)).map((searchQuery, index) => {
        const volume = random.integer(100, 9000);
        const clicks = random.integer(1, 90);
        return {
          startDate,
          endDate,
          asin,
          searchQueryData: { searchQuery, searchQueryScore: index + 1, searchQueryVolume: volume },
          ...funnelOf(volume, clicks),
        };
      }),
    ),
  };
}

/** Impressions, clicks, carts and purchases: of all items for a query, and of this one. */
function funnelOf(volume: number, clicks: number): object {
  const price = { amount: 19.99, currencyCode: 'USD' };
  const shipping = (kind: string, count: number) => ({
    [`totalSameDayShipping${kind}Count`]: Math.floor(count / 10),
    [`totalOneDayShipping${kind}Count`]: Math.floor(count / 4),
    [`totalTwoDayShipping${kind}Count`]: Math.floor(count / 2),
  });
  const step = (kind: string, total: number, own: number) => ({
    [`total${kind}Count`]: total,
    [`total${kind}Rate`]: Number((total / volume).toFixed(4)),
    [`asin${kind}Count`]: own,
    [`asin${kind}Share`]: Number((own / total).toFixed(4)),
    [`totalMedian${kind}Price`]: price,
    [`asinMedian${kind}Price`]: price,
    ...shipping(kind, total),
  });
  return {
    impressionData: {
      totalQueryImpressionCount: 20 * volume,
      asinImpressionCount: volume,
      asinImpressionShare: 0.05,
    },
    clickData: step('Click', 10 * clicks, clicks),
    cartAddData: step('CartAdd', 2 * clicks, Math.floor(clicks / 5)),
    purchaseData: step('Purchase', clicks, Math.floor(clicks / 10)),
  };
}
