import { barChart, chartWidth } from './charts.js';
import { everyDay } from './days.js';
import {
  ago,
  badge,
  bodyOf,
  byId,
  bytes,
  pluralize,
  duration,
  firstOf,
  h,
  nothing,
  number,
  short,
  show,
  table,
} from './dom.js';

/** @import { LedgerSnapshot, StatusSnapshot, TableFreshness } from '../types.js' */

/** @typedef {Map<string, string | undefined>} SellerNames by seller id */
/** @typedef {LedgerSnapshot['days'][number]} Day */

/**
 * Shows key figures, freshness, and rows by day.
 *
 * @param {StatusSnapshot} snapshot
 */
export function showOverview(snapshot) {
  showTiles(snapshot);
  showFreshness(snapshot);
  showDays(snapshot);
}

/**
 * Counts all documents in quarantine.
 *
 * @param {Pick<StatusSnapshot, 'warehouse'>} snapshot
 */
export function inQuarantine({ warehouse }) {
  const documents = (warehouse.ledger?.documents ?? []).filter(({ status }) => status === 'quarantined');
  return documents.reduce((sum, each) => sum + each.documents, 0);
}

/**
 * The shown documents with warnings that were loaded in the last week, for which alarms last.
 *
 * @param {Pick<StatusSnapshot, 'warehouse'>} snapshot
 */
export function warnedLately({ warehouse }) {
  const weekMs = 7 * 86_400_000;
  const warned = warehouse.ledger?.warned ?? [];
  return warned.filter(({ loadedAt }) => Date.now() - Date.parse(loadedAt) < weekMs);
}

/** @param {StatusSnapshot} snapshot */
function showTiles({ warehouse, tables, queues, sellers }) {
  const { days = [] } = warehouse.ledger ?? {};
  const [today] = days;
  const stale = tables.filter(({ isStale }) => isStale).length;
  const quarantined = inQuarantine({ warehouse });
  const withWarnings = warehouse.ledger?.withWarnings ?? 0;
  const lately = warnedLately({ warehouse }).length;
  const known = queues.flatMap(({ messages }) => messages ?? []);
  const waiting = known.reduce((sum, { visible, delayed }) => sum + visible + delayed, 0);
  const inFlight = known.reduce((sum, messages) => sum + messages.inFlight, 0);
  const quota = sellers.map((seller) => seller.quota.available);
  const names = new Set(tables.map(({ table: name }) => name)).size;
  const on = today && (today.day === new Date().toISOString().slice(0, 10) ? 'today' : `on ${today.day}`);
  const tiles = [
    {
      title: 'Tables',
      value: number(names),
      note: stale > 0 ? `${stale} stale` : 'none stale',
      kind: stale > 0 ? 'warn' : 'good',
    },
    { title: 'Rows', value: today ? short(today.rows) : '0', note: on ?? 'nothing loaded yet' },
    {
      title: 'Documents',
      value: today ? number(today.documents) : '0',
      note: today ? `${bytes(today.rawBytes)} ${on}` : 'nothing loaded yet',
    },
    {
      title: 'Waiting',
      value: known.length > 0 ? number(waiting) : '–',
      note: `${number(inFlight)} in flight`,
    },
    {
      title: 'Quota left',
      value: quota.length > 0 ? number(Math.min(...quota)) : '–',
      note: quota.length > 1 ? 'lowest of all sellers' : 'documents now',
    },
    {
      title: 'Quarantine',
      value: number(quarantined),
      note: quarantined > 0 ? 'see the reasons' : 'empty',
      kind: quarantined > 0 ? 'bad' : 'good',
    },
    {
      title: 'Warnings',
      value: number(withWarnings),
      note: withWarnings === 0 ? 'none' : `${number(lately)} this week`,
      kind: lately > 0 ? 'warn' : 'good',
    },
  ];
  show(byId('tiles'), tiles, () =>
    tiles.map(({ title, value, note, kind = '' }) =>
      h(
        'div',
        { class: `tile ${kind}` },
        h('p', { class: 'title' }, title),
        h('p', { class: 'value' }, String(value)),
        h('p', { class: 'note' }, note),
      ),
    ),
  );
}

/** @param {StatusSnapshot} snapshot */
function showFreshness({ tables, sellers }) {
  const names = new Map(sellers.map(({ sellerId, name }) => [sellerId, name]));
  // An age grows all the time, which is no reason to draw again.
  const data = tables.map(({ ageSeconds: _, ...rest }) => rest);
  show(bodyOf('freshness'), data, () => {
    if (tables.length === 0) return nothing('Nothing has been loaded yet.');
    return firstOf('freshness', tables, 12, (rows) =>
      table(
        'Freshness of tables',
        [
          {
            title: 'Table',
            cell: (row) => [h('code', {}, row.table), row.isStale && badge('warn', 'stale')],
          },
          { title: 'Seller', cell: ({ sellerId }) => sellerName(sellerId, names) },
          { title: 'Newest report', cell: (row) => [ago(row.lastMadeAt), lateness(row)] },
          {
            title: 'Usual interval',
            cell: ({ usualIntervalSeconds: seconds }) =>
              seconds === undefined ? h('span', { class: 'muted' }, 'not known yet') : duration(seconds),
          },
          {
            title: 'Data until',
            phone: false,
            cell: ({ lastDataEnd }) => (lastDataEnd ? lastDataEnd.slice(0, 10) : ''),
          },
          { title: 'Reports', number: true, phone: false, cell: ({ documents }) => number(documents) },
          { title: 'Rows', number: true, cell: ({ rows: count }) => number(count) },
        ],
        rows,
      ),
    );
  });
}

/**
 * @param {string | null} sellerId
 * @param {SellerNames} names
 */
export function sellerName(sellerId, names) {
  const name = sellerId === null ? undefined : names.get(sellerId);
  if (!name) return h('span', {}, sellerId ?? '–');
  return h('span', { title: sellerId }, name);
}

/**
 * A seller, and how many of its marketplaces are meant; the tooltip has them.
 *
 * @param {{ sellerId: string, marketplaceIds: string[] }} about
 * @param {SellerNames} names
 */
export function sellerCell({ sellerId, marketplaceIds }, names) {
  const count = pluralize(marketplaceIds.length, 'marketplace');
  return [sellerName(sellerId, names), h('p', { class: 'muted', title: marketplaceIds.join(', ') }, count)];
}

/**
 * Shows the age as a share of the age at which the table is stale.
 *
 * @param {TableFreshness} freshness
 */
function lateness({ ageSeconds, usualIntervalSeconds, isStale }) {
  if (usualIntervalSeconds === undefined) return undefined;
  const share = Math.min(1, ageSeconds / (3 * usualIntervalSeconds + 3600));
  return h('span', {
    class: `meter ${isStale ? 'warn' : ''}`,
    'aria-hidden': 'true',
    '--share': share.toFixed(3),
  });
}

/** @param {StatusSnapshot} snapshot */
function showDays({ warehouse, at }) {
  const known = warehouse.ledger?.days ?? [];
  const days = everyDay(known, at.slice(0, 10), (day) => ({ day, documents: 0, rows: 0, rawBytes: 0 }));
  show(bodyOf('days'), days, () => {
    if (known.length === 0) return nothing('Nothing has been loaded yet.');
    /**
     * @param {(day: Day) => number} value
     * @param {(day: Day) => string} text
     */
    const bars = (value, text) =>
      days.map((each) => ({
        label: each.day.slice(5),
        value: value(each),
        text: text(each),
      }));
    return h(
      'div',
      { class: 'pair' },
      h(
        'figure',
        {},
        h('figcaption', {}, 'Rows'),
        barChart(
          bars(
            (day) => day.rows,
            (day) => `${pluralize(day.rows, 'row')} of ${pluralize(day.documents, 'document')}`,
          ),
          { format: short, label: 'Rows by day', width: chartWidth(bodyOf('days'), 2) },
        ),
      ),
      h(
        'figure',
        {},
        h('figcaption', {}, 'Bytes as downloaded'),
        barChart(
          bars(
            (day) => day.rawBytes,
            (day) => bytes(day.rawBytes),
          ),
          { format: bytes, label: 'Bytes by day', width: chartWidth(bodyOf('days'), 2) },
        ),
      ),
    );
  });
}
