import { barChart, chartWidth, ranking } from './charts.js';
import { openQuery } from './console.js';
import { everyDay } from './days.js';
import { badge, bodyOf, byId, firstOf, h, nothing, number, pluralize, short, show } from './dom.js';
import { fetchAnswer } from './server.js';

/** @import { DrawnPicture } from '../read-pictures.js' */
/** @import { StatusSnapshot } from '../types.js' */
/** @import { SellerNames } from './overview.js' */

/** @typedef {Record<string, unknown>} Row by column */

/** @type {{ readAt?: string, value?: DrawnPicture[] }} */
let last = {};
let isReading = false;

/** Days until stock is sold out: less than this needs action now, or soon. */
const supplyDays = { short: 14, low: 30 };

/**
 * Shows what sold, what is owed and what runs out, if the views are there.
 *
 * @param {StatusSnapshot} snapshot
 */
export async function showPictures({ warehouse, sellers }) {
  const isKnown = last.readAt !== undefined && last.readAt >= (warehouse.readAt ?? '');
  if (warehouse.ledger && !isKnown) {
    // The answer may take a while, and a browser has few connections.
    if (isReading) return;
    isReading = true;
    last = (await fetchAnswer('/api/pictures')).value ?? last;
    isReading = false;
  }
  const names = new Map(sellers.map(({ sellerId, name }) => [sellerId, name]));
  const found = new Map((last.value ?? []).map((each) => [each.name, each]));
  const sections = [
    {
      id: 'sold',
      parts: [
        { picture: found.get('sold'), draw: sold },
        { picture: found.get('profit'), draw: profit },
      ],
    },
    { id: 'owed', parts: [{ picture: found.get('owed'), draw: owed }] },
    { id: 'supply', parts: [{ picture: found.get('supply'), draw: supply }] },
  ];
  for (const { id, parts } of sections) {
    const some = parts.filter(({ picture }) => picture !== undefined);
    byId(id).hidden = some.length === 0;
    byId(`to-${id}`).hidden = some.length === 0;
    show(bodyOf(id), [some.map(({ picture }) => picture), [...names]], () =>
      some.map(({ picture, draw }) => (picture ? drawn(picture, (rows) => draw(rows, names)) : undefined)),
    );
  }
}

/**
 * @param {DrawnPicture} picture
 * @param {(rows: Row[]) => Node[]} draw
 */
function drawn({ sql, result, problem }, draw) {
  const rows = (result?.rows ?? []).map((row) =>
    Object.fromEntries((result?.columns ?? []).map(({ name }, index) => [name, row[index]])),
  );
  return h(
    'div',
    { class: 'picture' },
    ...(problem
      ? [
          h('p', {}, badge('warn', problem.code), ' ', problem.message),
          problem.remedy && h('p', { class: 'muted' }, problem.remedy),
        ]
      : draw(rows)),
    h('button', { class: 'quiet', onclick: () => openQuery(sql) }, 'Show as a query'),
  );
}

/** @param {Row[]} rows */
function sold(rows) {
  if (rows.length === 0) return [nothing('No orders in the reports that are loaded.')];
  const days = rows.map((row) => text(row.order_date).slice(0, 10));
  const today = days.toSorted().at(-1) ?? '';
  const groups = groupBy(rows, (row) => text(row.currency));
  const panels = groups.map(({ name, some }) => {
    const known = some.map((row) => ({ day: text(row.order_date).slice(0, 10), row }));
    const all = everyDay(known, today, (day) => ({ day, row: /** @type {Row} */ ({}) }));
    const items = all.map(({ day, row }) => ({
      label: day.slice(5),
      value: row.sales === undefined ? null : figure(row.sales),
      text:
        row.sales === undefined
          ? 'no orders'
          : `${money(row.sales, name)}, ${pluralize(figure(row.units), 'unit')}`,
    }));
    const [orders, units] = [sum(some, 'orders'), sum(some, 'units')];
    return h(
      'figure',
      {},
      h(
        'p',
        { class: 'headline' },
        h('strong', {}, money(sum(some, 'sales'), name)),
        ` ${pluralize(orders, 'order')}, ${pluralize(units, 'unit')} until ${today}`,
      ),
      barChart(items, {
        format: short,
        label: `Sales by day, ${name || 'without currency'}`,
        width: chartWidth(bodyOf('sold'), groups.length),
      }),
    );
  });
  return [firstOf('sold', panels, 4, (some) => h('div', { class: 'pair' }, ...some))];
}

/** @type {(rows: Row[], names: SellerNames) => Node[]} */
function profit(rows, names) {
  if (rows.length === 0) return [];
  const hasCosts = rows.some((row) => figure(row.has_costs) > 0);
  const panels = groupBy(rows, (row) => text(row.currency)).map(({ name, some }) => {
    const known = some.filter(({ profit }) => profit !== null);
    const items = known.map((row) => ({
      label: skuLabel(row, known, names),
      value: figure(row.profit),
      text: money(row.profit, name),
    }));
    const missing = figure(some[0]?.skus_without_cost);
    return h(
      'figure',
      {},
      h('figcaption', {}, name),
      items.length > 0 && ranking(items, `Profit by SKU, ${name}`),
      missing > 0 &&
        h(
          'p',
          { class: 'muted' },
          `Without ${pluralize(missing, 'SKU')}: ${missing === 1 ? 'its cost is' : 'their costs are'} not known. `,
          'The view missing_costs lists what is missing.',
        ),
    );
  });
  const about = 'in all settlements that are loaded: the most profitable SKUs, and those that lost the most.';
  return [
    h('h3', {}, hasCosts ? 'Profit by SKU' : 'Profit by SKU, before the cost of goods'),
    hasCosts
      ? h('p', { class: 'about' }, `After Amazon's fees and the cost of goods, ${about}`)
      : h(
          'p',
          { class: 'about' },
          `After Amazon's fees, ${about} Goods count as if they had cost nothing. Add your costs to the settings, `,
          'for example ',
          h('code', {}, 'costs: costs.csv'),
          ', to see the profit. If they are there, the view missing_costs says what they lack.',
        ),
    firstOf('profit', panels, 4, (some) => h('div', { class: 'pair' }, ...some)),
  ];
}

/** @type {(rows: Row[], names: SellerNames) => Node[]} */
function owed(rows, names) {
  if (rows.length === 0) return [nothing('Nothing, by the events and reimbursements that are loaded.')];
  const panels = groupBy(rows, (row) => text(row.currency)).map(({ name, some }) => {
    const hasValue = name !== '';
    const shown = some.slice(0, 10);
    const items = shown.map((row) => ({
      label: `${skuLabel(row, shown, names)}, ${row.cause}`,
      value: figure(hasValue ? row.estimate : row.units_owed),
      text: [hasValue && money(row.estimate, name), pluralize(figure(row.units_owed), 'unit')]
        .filter(Boolean)
        .join(', '),
    }));
    const units = pluralize(sum(some, 'units_owed'), 'unit');
    return h(
      'figure',
      {},
      hasValue
        ? h('p', { class: 'headline' }, h('strong', {}, money(sum(some, 'estimate'), name)), ` for ${units}`)
        : h(
            'p',
            { class: 'headline' },
            h('strong', {}, units),
            ' that Amazon never paid for, so that no price is known',
          ),
      ranking(items, `Owed by Amazon, ${name || 'without a price'}`),
      some.length > shown.length &&
        h('p', { class: 'muted' }, `and ${number(some.length - shown.length)} more`),
    );
  });
  return panels;
}

/** @type {(rows: Row[], names: SellerNames) => Node[]} */
function supply(rows, names) {
  if (rows.length === 0) return [nothing('No SKU with stock at Amazon was shipped in the last 90 days.')];
  const soon = rows.filter((row) => figure(row.days_left) < supplyDays.short).length;
  const items = rows.map((row) => {
    const days = figure(row.days_left);
    const inbound = figure(row.inbound);
    return {
      label: skuLabel(row, rows, names),
      value: days,
      text: `${pluralize(Math.floor(days), 'day')}: ${number(figure(row.available))} left${inbound > 0 ? `, ${number(inbound)} inbound` : ''}`,
      kind: days < supplyDays.short ? 'bad' : days < supplyDays.low ? 'warn' : undefined,
    };
  });
  return [
    h(
      'p',
      { class: 'headline' },
      h('strong', {}, number(soon)),
      ` ${soon === 1 ? 'SKU lasts' : 'SKUs last'} less than ${supplyDays.short} days`,
    ),
    ranking(items, 'Days until stock is sold'),
  ];
}

/**
 * The SKU, with what tells it apart from others of the same name: marketplace, then seller.
 *
 * @param {Row} row
 * @param {Row[]} rows
 * @param {SellerNames} names
 */
function skuLabel(row, rows, names) {
  const same = rows.filter(({ sku, cause }) => sku === row.sku && cause === row.cause);
  const differs = (/** @type {string} */ column) => new Set(same.map((each) => each[column])).size > 1;
  const seller = text(row.seller_id);
  return [
    text(row.sku) || 'without SKU',
    differs('marketplace') && text(row.marketplace),
    differs('seller_id') && (names.get(seller) ?? seller),
  ]
    .filter(Boolean)
    .join(' · ');
}

/**
 * @param {Row[]} rows
 * @param {(row: Row) => string} nameOf
 */
function groupBy(rows, nameOf) {
  /** @type {Map<string, Row[]>} */
  const groups = new Map();
  for (const row of rows) {
    const some = groups.get(nameOf(row)) ?? [];
    some.push(row);
    groups.set(nameOf(row), some);
  }
  return [...groups].map(([name, some]) => ({ name, some })).sort((a, b) => b.some.length - a.some.length);
}

/** @param {unknown} value */
const text = (value) => (value === null || value === undefined ? '' : String(value));

/** @param {unknown} value */
const figure = (value) => Number(value ?? 0);

/**
 * @param {Row[]} rows
 * @param {string} column
 */
const sum = (rows, column) => rows.reduce((total, row) => total + figure(row[column]), 0);

/**
 * @param {unknown} value
 * @param {string} currency empty if it is not known
 */
function money(value, currency) {
  const amount = figure(value);
  if (!/^[A-Z]{3}$/.test(currency)) return number(amount);
  return new Intl.NumberFormat('en', { style: 'currency', currency }).format(amount);
}
