import { ago, badge, bodyOf, pluralize, firstOf, h, nothing, number, show, table } from './dom.js';
import { sellerCell } from './overview.js';

/** @import { RequestSnapshot, StatusSnapshot } from '../types.js' */
/** @import { SellerNames } from './overview.js' */

/** @typedef {RequestSnapshot & { pipeline: string, timezone: string }} RequestRow */

/**
 * Shows the requests of all pipelines and their progress.
 *
 * @param {StatusSnapshot} snapshot
 */
export function showRequests({ pipelines, sellers }) {
  const rows = pipelines.flatMap(({ name, timezone, request }) =>
    (request?.requests ?? []).map((each) => ({ ...each, pipeline: name, timezone })),
  );
  const names = new Map(sellers.map(({ sellerId, name }) => [sellerId, name]));
  show(bodyOf('requests'), rows, () => {
    if (rows.length === 0) return nothing('No pipeline requests reports from Amazon.');
    return firstOf('requests', rows.toSorted(byUrgency), 12, (some) => requestsTable(some, names));
  });
}

/**
 * Counts the abandoned windows of all requests.
 *
 * @param {StatusSnapshot} snapshot
 */
export function abandonedWindows({ pipelines }) {
  return pipelines
    .flatMap(({ request }) => request?.requests ?? [])
    .reduce((sum, each) => sum + each.abandoned, 0);
}

/**
 * @param {RequestRow} a
 * @param {RequestRow} b
 */
function byUrgency(a, b) {
  const urgency = (/** @type {RequestRow} */ { problem, backingOff }) =>
    problem ? 2 : backingOff > 0 ? 1 : 0;
  return urgency(b) - urgency(a);
}

/**
 * @param {RequestRow[]} rows
 * @param {SellerNames} names
 */
function requestsTable(rows, names) {
  return table(
    'Requests',
    [
      {
        title: 'Request',
        wrap: true,
        cell: ({ reportType, reportOptions, pipeline }) => [
          h('code', {}, reportType),
          h('p', { class: 'muted' }, [pipeline, ...optionsOf(reportOptions)].join(', ')),
        ],
      },
      { title: 'Seller', cell: (row) => sellerCell(row, names) },
      {
        title: 'When',
        cell: ({ cron, period, timezone }) => [
          h('code', {}, cron ?? period),
          h('p', { class: 'muted' }, cron === undefined ? "Amazon's own schedule" : timezone),
        ],
      },
      { title: 'Next', cell: ({ nextAt }) => nextAt && ago(nextAt) },
      {
        title: 'Last requested',
        cell: ({ lastRequestedAt, cron }) =>
          lastRequestedAt ? ago(lastRequestedAt) : cron && h('span', { class: 'muted' }, 'never'),
      },
      {
        title: 'State',
        wide: true,
        cell: ({ problem, ...request }) => [
          stateText(request),
          request.parts && h('p', { class: 'muted' }, partsText(request.parts)),
          problem &&
            h(
              'p',
              { class: 'reason' },
              badge('bad', problem.code),
              ` ${problem.message} · since `,
              ago(problem.since),
            ),
        ],
      },
    ],
    rows,
  );
}

/**
 * Says how many windows are open. Windows that Amazon makes on its own schedule are unknown.
 *
 * @param {Pick<RequestSnapshot, 'cron' | 'inFlight' | 'backingOff' | 'abandoned'>} request
 */
function stateText({ cron, inFlight, backingOff, abandoned }) {
  if (cron === undefined) return '';
  const counts = [
    inFlight > 0 && `${number(inFlight)} in flight`,
    backingOff > 0 && `${number(backingOff)} to retry`,
    abandoned > 0 && `${number(abandoned)} abandoned`,
  ];
  return counts.filter(Boolean).join(', ') || 'up to date';
}

/**
 * Says how far the newest window has come that is divided into parts.
 *
 * @param {NonNullable<RequestSnapshot['parts']>} parts
 */
function partsText({ dataStart = '', dataEnd = '', done, total, windows }) {
  const period = `${dataStart.slice(0, 10)} to ${dataEnd.slice(0, 10)}`;
  const others = windows > 1 ? `, and ${pluralize(windows - 1, 'other window')}` : '';
  return `${number(done)} of ${pluralize(total, 'part')} of ${period} done${others}`;
}

/** @param {RequestSnapshot['reportOptions']} options */
function optionsOf(options) {
  return Object.entries(options).map(([name, value]) => `${name}=${value}`);
}
