import type { PartsProgress } from '../../requests/parts-progress.js';
import { countryOf } from '../../schema/marketplaces.js';
import { pluralize } from '../../text/pluralize.js';

/** How far the windows of requests per item have come: a sentence for each. */
export function partsText(parts: PartsProgress[]): string {
  return parts.map((each) => `${sentence(each)}\n`).join('');
}

function sentence(each: PartsProgress): string {
  const { sellerId, reportType, marketplaceIds, total, done, days, perDay } = each;
  const places = marketplaceIds.map(countryOf).join(' ');
  const rest = days === undefined ? '' : `; about ${pluralize(days, 'day')} at ${perDay} reports a day`;
  return `${reportType} of ${sellerId}, ${places}: ${done} of ${pluralize(total, 'part')} of ${periodText(each)} done${rest}`;
}

/** The days of a window: `2026-11-15..21`, `2026-11-29..12-05`. */
function periodText({ dataStart = '', dataEnd = '' }: Pick<PartsProgress, 'dataStart' | 'dataEnd'>): string {
  const [from, to] = [dataStart.slice(0, 10), dataEnd.slice(0, 10)];
  if (from === to) return from;
  const shared = ['', from.slice(0, 5), from.slice(0, 8)].findLast((each) => to.startsWith(each)) ?? '';
  return `${from}..${to.slice(shared.length)}`;
}
