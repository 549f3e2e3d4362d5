import { pluralize } from '../../text/pluralize.js';
import type { KeyedProgress } from '../../requests/request-store.js';
import type { Condition } from './condition.js';

/** What the alarms need to know about a request. */
export type RequestState = Pick<KeyedProgress, 'key' | 'sellerId' | 'reportType' | 'abandoned' | 'outage'>;

/** Returns one condition for each outage, and one for each other request that was given up. */
export function requestConditions(requests: RequestState[]): Condition[] {
  return [...outages(requests), ...requests.flatMap((each) => (each.outage ? [] : abandonedRequest(each)))];
}

/**
 * During an outage, the alarm about it includes what was given up before: the state of these keys
 * is unknown.
 */
export function unknownRequestKeys(requests: RequestState[]): string[] {
  return requests.flatMap(({ key, outage }) => (outage ? abandonedKey(key) : []));
}

/** One for each report type: however many requests fail, somebody needs to know of it once. */
function outages(requests: RequestState[]): Condition[] {
  const failing = requests.filter(({ outage }) => outage);
  const types = new Set(failing.map(({ reportType }) => reportType));
  return [...types].map((type) =>
    outageCondition(
      type,
      failing.filter(({ reportType }) => reportType === type),
    ),
  );
}

function outageCondition(reportType: string, group: RequestState[]): Condition {
  const found = group.flatMap(({ outage }) => outage ?? []).sort((a, b) => (a.at < b.at ? -1 : 1));
  const begins = found.map(({ since }) => since).sort();
  const sellers = [...new Set(group.map(({ sellerId }) => sellerId))];
  const of = sellers.length === 1 ? sellers[0] : pluralize(sellers.length, 'seller');
  return {
    key: `outage/${reportType}`,
    kind: 'request',
    title: `All requests for ${reportType} of ${of} fail`,
    text: `The last failure: ${found.at(-1)?.found}. Windows are retried daily; what is missing is requested when Amazon makes these reports again. See \`sp-reports loads --status fatal\`.`,
    since: begins[0] ?? '',
    // If the whole type fails, one more seller is no news.
    mark: found.some(({ isOfType }) => isOfType) ? undefined : begins.at(-1),
  };
}

function abandonedRequest({ key, sellerId, reportType, abandoned }: RequestState): Condition[] {
  const last = abandoned.at(-1);
  if (!last) return [];
  const more = abandoned.length > 1 ? ` and ${abandoned.length - 1} more` : '';
  return [
    {
      key: abandonedKey(key),
      kind: 'request',
      title: `Requests for ${reportType} of ${sellerId} fail`,
      text: `${last.start}${more}: ${last.found}. \`sp-reports request --again\` retries it.`,
      since: abandoned[0]?.at ?? last.at,
      mark: last.at,
    },
  ];
}

function abandonedKey(key: string): string {
  return `request/${key}`;
}
