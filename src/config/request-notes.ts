import { countryOf } from '../schema/marketplaces.js';
import { requestFacts } from '../schema/request-facts.js';
import { minutesText } from '../schema/request-facts-text.js';
import type { ReportSchemas, RequestFacts } from '../schema/types.js';
import { beforeMs, spanText } from '../yaml/span.js';
import { shortestGapMinutes } from './cron.js';
import { requestMarketplaces } from './request-marketplaces.js';
import { windowOf } from './request-spec.js';
import type { Config, Pipeline } from './spec.js';

/**
 * Returns a sentence for each request of a pipeline that is made, or answered, in another way than
 * it is written, because of what is known about its report type. `nowMs` is in epoch milliseconds.
 */
export function requestNotes(
  { name, request: requests }: Pick<Pipeline, 'name' | 'request'>,
  { sellers }: Pick<Config, 'sellers'>,
  schemas: ReportSchemas,
  nowMs: number,
): string[] {
  return requests.flatMap((request) => {
    const { reportType, perMarketplace, from } = request;
    const facts = requestFacts(schemas, reportType);
    const about = `pipeline ${name}: ${reportType}`;
    const notes: string[] = [];
    for (const seller of sellers.filter(({ id }) => request.sellers?.includes(id) ?? true)) {
      const ids = requestMarketplaces(request, seller);
      const countries = ids.map(countryOf).join(', ');
      const places = `${countries} of ${seller.id}`;
      if (ids.length < 2) continue;
      if (facts.marketplaces === 'one' && !perMarketplace)
        notes.push(`${about} covers one marketplace per report; it is requested separately for ${places}`);
      if (facts.marketplaces === 'ignored' && perMarketplace)
        notes.push(
          `${about} covers the whole region in each report; it is requested once for ${places}, as one report per marketplace would repeat every row`,
        );
    }
    const { oldestStart, ended, generatedEveryMinutes = 0 } = facts;
    if (request.cron && !windowOf(request) && shortestGapMinutes(request.cron) < generatedEveryMinutes)
      notes.push(
        `${about} has new content at most every ${minutesText(generatedEveryMinutes)}; a request in between is cancelled, or returns the same content again`,
      );
    if (request.cron && !windowOf(request) && hasPeriod(facts))
      notes.push(
        `${about} is about a period, which Amazon chooses, as the request has no \`window\`; whatever it leaves out is missing. Write \`window: 1 day\`, for example`,
      );
    const oldestMs = oldestStart ? beforeMs(nowMs, oldestStart) : Number.NEGATIVE_INFINITY;
    if (oldestStart && from && windowOf(request) && Date.parse(from) < oldestMs) {
      const oldest = new Date(oldestMs).toISOString().slice(0, 10);
      notes.push(
        `${about} goes back ${spanText(oldestStart)}; its first window begins on or after ${oldest}, not on ${from}`,
      );
    }
    if (ended && Date.parse(ended) > nowMs) notes.push(`${about} ends on ${ended}`);
    return notes;
  });
}

/** Whether the reports are known to be about a period, and not about the current state. */
function hasPeriod({ settlesAfter, restatedFor, maxWindow, oldestStart }: RequestFacts): boolean {
  return [settlesAfter, restatedFor, maxWindow, oldestStart].some((fact) => fact !== undefined);
}
