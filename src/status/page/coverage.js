import { bodyOf, firstOf, h, nothing, pluralize, show, table } from './dom.js';
import { sellerCell } from './overview.js';

/** @import { StatusSnapshot } from '../types.js' */
/** @import { SellerNames } from './overview.js' */

/** @typedef {StatusSnapshot['coverage'][number]} Coverage */
/** @typedef {Coverage['periods'][number]} Period */
/** @typedef {Period['state']} State */

/** A phone shows the last half of them. */
const shownDays = 60;
const dayMs = 86_400_000;

/**
 * How a day is drawn, from the state that most needs attention to the one that needs none.
 *
 * @type {{ kind: string, states: State[], text: string }[]}
 */
const kinds = [
  { kind: 'missing', states: ['missing', 'abandoned'], text: 'missing or abandoned' },
  { kind: 'retrying', states: ['retrying'], text: 'failed, to be retried' },
  { kind: 'coming', states: ['due', 'requested'], text: 'due or requested' },
  { kind: 'gone', states: ['out of reach'], text: 'no longer at Amazon' },
  { kind: 'settling', states: ['settling', 'refreshing'], text: 'loaded, will be refreshed' },
  { kind: 'none', states: ['no data'], text: 'no data' },
  { kind: 'loaded', states: ['loaded'], text: 'loaded' },
];

/**
 * Shows for each table and seller which days are loaded, and what is known of the others.
 *
 * @param {StatusSnapshot} snapshot
 */
export function showCoverage({ coverage, sellers, at }) {
  const names = new Map(sellers.map(({ sellerId, name }) => [sellerId, name]));
  show(bodyOf('coverage'), [coverage, at.slice(0, 10)], () => {
    if (coverage.length === 0) return nothing('No report with a period has been loaded or requested yet.');
    return [
      legend(coverage),
      firstOf('coverage', coverage, 12, (some) => strips(some, names, Date.parse(at))),
    ];
  });
}

/** @param {Coverage[]} coverages */
function legend(coverages) {
  const states = new Set(coverages.flatMap(({ periods }) => periods.map(({ state }) => state)));
  return h(
    'p',
    { class: 'legend' },
    ...kinds
      .filter((each) => each.states.some((state) => states.has(state)))
      .map(({ kind, text }) => h('span', {}, h('i', { class: `day ${kind}` }), text)),
  );
}

/**
 * @param {Coverage[]} coverages
 * @param {SellerNames} names
 * @param {number} nowMs
 */
function strips(coverages, names, nowMs) {
  return table(
    'Coverage',
    [
      {
        title: 'Table',
        wrap: true,
        cell: ({ tables, reportType }) => [
          h('code', {}, tables.join(', ')),
          h('p', { class: 'muted' }, reportType),
        ],
      },
      { title: 'Seller', cell: (row) => sellerCell(row, names) },
      {
        title: 'Days',
        strip: true,
        cell: ({ periods }) => {
          const days = daysOf(periods, nowMs);
          return [strip(days), h('p', { class: 'muted' }, summaryOf(days))];
        },
      },
    ],
    coverages,
  );
}

/**
 * @typedef {object} Day
 * @property {string} date
 * @property {Period | undefined} period the one that most needs attention; none before the first
 * and after the last
 */

/**
 * @param {Period[]} periods
 * @param {number} nowMs
 * @returns {Day[]}
 */
function daysOf(periods, nowMs) {
  const firstMs = (Math.floor(nowMs / dayMs) - shownDays) * dayMs;
  return Array.from({ length: shownDays }, (_, index) => {
    const from = new Date(firstMs + index * dayMs).toISOString();
    const to = new Date(firstMs + (index + 1) * dayMs).toISOString();
    const [period] = periods
      .filter((each) => each.from < to && each.to > from)
      .sort((a, b) => kindOf(a) - kindOf(b));
    return { date: from.slice(0, 10), period };
  });
}

/**
 * The position in `kinds`.
 *
 * @param {Period} period
 */
function kindOf({ state }) {
  return kinds.findIndex(({ states }) => states.includes(state));
}

/** @param {Day[]} days */
function strip(days) {
  return h(
    'div',
    { class: 'strip', role: 'img', 'aria-label': summaryOf(days) },
    ...days.map(({ date, period }) => {
      const reason = period?.reason ? `: ${period.reason}` : '';
      const title = `${date}: ${period ? `${period.state}${reason}` : 'nothing known'}`;
      return h('i', { class: `day ${(period && kinds[kindOf(period)]?.kind) ?? 'unknown'}`, title });
    }),
  );
}

/**
 * Counts the days that are not loaded, by what is known of them.
 *
 * @param {Day[]} days
 */
function summaryOf(days) {
  const counts = kinds.flatMap(({ kind, text }, index) => {
    const count = days.filter(({ period }) => period && kindOf(period) === index).length;
    const isGap = !['loaded', 'settling', 'none'].includes(kind);
    return isGap && count > 0 ? [`${pluralize(count, 'day')} ${text}`] : [];
  });
  return counts.length > 0 ? counts.join(', ') : 'No gaps';
}
