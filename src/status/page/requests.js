import { ago, badge, bodyOf, count, firstOf, h, nothing, number, show, table } from './dom.js';
import { sellerName } from './overview.js';

/** The requests of pipelines, and their progress. */
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

/** Number of abandoned windows of all requests. */
export function abandonedWindows({ pipelines }) {
  return pipelines
    .flatMap(({ request }) => request?.requests ?? [])
    .reduce((sum, each) => sum + each.givenUp, 0);
}

function byUrgency(a, b) {
  const urgency = ({ problem, waiting }) => (problem ? 2 : waiting > 0 ? 1 : 0);
  return urgency(b) - urgency(a);
}

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
      {
        title: 'Seller',
        cell: ({ sellerId, marketplaceIds }) => [
          sellerName(sellerId, names),
          h(
            'p',
            { class: 'muted', title: marketplaceIds.join(', ') },
            count(marketplaceIds.length, 'marketplace'),
          ),
        ],
      },
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
        cell: ({ lastAskedAt, cron }) =>
          lastAskedAt ? ago(lastAskedAt) : cron && h('span', { class: 'muted' }, 'never'),
      },
      {
        title: 'State',
        wide: true,
        cell: ({ problem, ...request }) => [
          stateText(request),
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

/** Nothing is known about reports that Amazon makes on a schedule of its own. */
function stateText({ cron, underway, waiting, givenUp }) {
  if (cron === undefined) return '';
  const counts = [
    underway > 0 && `${number(underway)} in flight`,
    waiting > 0 && `${number(waiting)} to retry`,
    givenUp > 0 && `${number(givenUp)} abandoned`,
  ];
  return counts.filter(Boolean).join(', ') || 'up to date';
}

function optionsOf(options) {
  return Object.entries(options).map(([name, value]) => `${name}=${value}`);
}
