import { ago, badge, bodyOf, pluralize, duration, firstOf, h, number, show, table } from './dom.js';
import { sparkline } from './charts.js';
import { lateText, outcomesText, stateOf } from './timeline.js';

/** @import { ClientSecretSnapshot, PipelineSnapshot, QueueSnapshot } from '../types.js' */
/** @import { SellerSnapshot, StatusSnapshot } from '../types.js' */

const words = { good: 'good', warn: 'partly', bad: 'failed', running: 'running' };

/**
 * Shows queues, pipelines and sellers.
 *
 * @param {StatusSnapshot} snapshot
 */
export function showQueues({ queues, pipelines, sellers }) {
  const data = {
    queues: queues.map(({ oldestMessage, readAt: _, ...rest }) => ({
      ...rest,
      oldest: oldestMessage?.sentAt,
    })),
    pipelines,
    sellers,
  };
  show(bodyOf('queues'), data, () => [
    h('div', { class: 'cards' }, ...queues.map(queueCard)),
    firstOf('sellers', sellers.toSorted(byNeed), 12, (some) =>
      h('div', { class: 'cards' }, ...some.map(sellerCard)),
    ),
    h('h3', {}, 'Pipelines'),
    pipelinesTable(pipelines),
  ]);
}

/**
 * Sorts sellers with a problem first.
 *
 * @param {SellerSnapshot} a
 * @param {SellerSnapshot} b
 */
function byNeed(a, b) {
  const need = (/** @type {SellerSnapshot} */ { credentials, quota }) =>
    credentials.refused ? 3 : credentials.clientSecret?.isDue ? 2 : quota.available < 1 ? 1 : 0;
  return need(b) - need(a);
}

/** @param {QueueSnapshot} queue */
function queueCard({ name, url, messages, history, oldestMessage, problem }) {
  const depths = history.map((each) => each.visible + each.delayed);
  return h(
    'article',
    { class: 'mini' },
    h('h3', { title: url }, h('span', { class: 'kind' }, 'queue'), name),
    messages
      ? h(
          'p',
          { class: 'figures' },
          h('strong', {}, number(messages.visible)),
          ` waiting, ${number(messages.inFlight)} in flight, ${number(messages.delayed)} delayed`,
        )
      : h('p', {}, problem ? badge('bad', problem.code) : 'not read yet'),
    depths.length > 1 && sparkline(depths, `Messages waiting over the last day, now ${depths.at(-1)}`),
    h(
      'p',
      { class: 'muted' },
      oldestMessage
        ? ['Oldest message left by the last drain: sent ', ago(oldestMessage.sentAt)]
        : 'The last drain left no messages.',
    ),
  );
}

/** @param {SellerSnapshot} seller */
function sellerCard({ sellerId, name, region, marketplaces, quota, credentials }) {
  const state = credentials.refused
    ? badge('bad', 'login refused')
    : credentials.acceptedAt
      ? badge('good', 'login accepted')
      : badge('plain', 'not logged in yet');
  return h(
    'article',
    { class: 'mini' },
    h('h3', {}, h('span', { class: 'kind' }, 'seller'), name ?? sellerId),
    h(
      'p',
      { class: 'figures' },
      h('strong', {}, String(quota.available)),
      ` of ${quota.burst} documents now`,
      quota.available < 1 && [', next ', ago(quota.nextAvailableAt)],
    ),
    h('span', {
      class: `meter quota ${quota.available < 1 ? 'warn' : ''}`,
      'aria-hidden': 'true',
      '--share': Math.min(1, quota.available / quota.burst).toFixed(3),
    }),
    h(
      'p',
      { class: 'muted' },
      state,
      ` ${name ? `${sellerId}, ` : ''}${region}, ${pluralize(marketplaces.length, 'marketplace')}`,
    ),
    credentials.clientSecret && clientSecretLine(credentials.clientSecret),
  );
}

/** @param {ClientSecretSnapshot} secret */
function clientSecretLine({ firstSeenAt, expiresAt, isAnnounced, isDue }) {
  return h(
    'p',
    { class: 'muted' },
    'Client secret: first seen ',
    ago(firstSeenAt),
    ', expires ',
    isDue ? badge('warn', expiresAt.slice(0, 10)) : expiresAt.slice(0, 10),
    !isAnnounced && ' at the latest',
  );
}

/** @param {PipelineSnapshot[]} pipelines */
function pipelinesTable(pipelines) {
  const rows = pipelines.flatMap(({ name, timezone, drain, sweep, request }) => [
    { name, timezone, kind: 'drain', ...drain },
    ...(sweep ? [{ name, timezone, kind: 'sweep', ...sweep }] : []),
    ...(request ? [{ name, timezone, kind: 'request', ...request }] : []),
  ]);
  return table(
    'Pipelines',
    [
      {
        title: 'Pipeline',
        cell: ({ name, kind }) => [h('code', {}, name), ' ', h('span', { class: 'muted' }, kind)],
      },
      {
        title: 'Schedule',
        cell: ({ schedules, timezone, kind }) => [
          ...schedules.flatMap((schedule) => [h('code', {}, schedule), ' ']),
          h('span', { class: 'muted' }, timezone, kind === 'request' && ', and with each drain'),
        ],
      },
      { title: 'Next', cell: ({ nextAt }) => nextAt && ago(nextAt) },
      {
        title: 'Last run',
        cell: ({ last }) =>
          last
            ? [
                ago(last.endedAt),
                `${lateText(last)}, took ${duration((Date.parse(last.endedAt) - Date.parse(last.startedAt)) / 1000)}`,
              ]
            : h('span', { class: 'muted' }, 'none since the start'),
      },
      {
        title: 'Result',
        wide: true,
        cell: ({ last }) =>
          last && [
            badge(stateOf(last), words[stateOf(last)]),
            ` ${outcomesText(last)}`,
            ...last.failures.map(({ code, message }) =>
              h('p', { class: 'reason' }, badge('warn', code), ` ${message}`),
            ),
          ],
      },
    ],
    rows,
  );
}
