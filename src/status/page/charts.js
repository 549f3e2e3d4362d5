import { h, svg } from './dom.js';
import { axisSteps, scale, timeSteps } from './scales.js';

/** @import { ChartItem, Series } from './chart-plan.js' */

/**
 * @typedef {object} ChartOptions
 * @property {(value: number) => string} format of the steps of the axis
 * @property {string} label what the chart shows, for screen readers
 * @property {number} width in pixels, so that its text is as large as all other text
 */

/** As in charts.css. */
const [minPairWidth, pairGap] = [384, 20];
const size = { height: 200, left: 52, right: 12, top: 12, bottom: 24 };
/** A chart with few bars has wide gaps rather than wide bars. */
const maxBarWidth = 44;

/**
 * The width of one of some charts in a container; two of them share a row if there is room.
 *
 * @param {HTMLElement} container
 * @param {number} count
 */
export function chartWidth(container, count) {
  const width = Math.max(280, container.clientWidth);
  return count > 1 && width >= 2 * minPairWidth + pairGap ? Math.floor((width - pairGap) / 2) : width;
}

/**
 * Draws one bar for each item, side by side; bars of negative values go down from 0.
 *
 * @param {ChartItem[]} items
 * @param {ChartOptions} options
 */
export function barChart(items, { format, label, width: total }) {
  const { y, frame } = axisOf(items, total, format);
  const room = (total - size.left - size.right) / Math.max(1, items.length);
  const width = Math.min(maxBarWidth, room - Math.min(6, room * 0.2));
  const middle = (/** @type {number} */ index) => size.left + (index + 0.5) * room;
  // A label takes about 6 pixels for each character, and some space.
  const longest = Math.max(1, ...items.map((item) => item.label.length));
  const every = Math.ceil((longest * 6 + 14) / room);
  return picture(
    total,
    label,
    ...frame,
    ...items.map((item, index) => {
      const ends = [y(0), y(item.value ?? 0)];
      const isLoss = (item.value ?? 0) < 0;
      return svg(
        'rect',
        {
          class: isLoss ? 'bar loss' : 'bar',
          x: middle(index) - width / 2,
          y: Math.min(...ends),
          width: Math.max(1, width),
          height: Math.abs(y(item.value ?? 0) - y(0)),
          rx: 2,
        },
        svg('title', {}, `${item.label}: ${item.text}`),
      );
    }),
    // Counted from the last item, which is the newest.
    ...items.map(
      (item, index) => (items.length - 1 - index) % every === 0 && axisText(middle(index), item.label),
    ),
  );
}

/**
 * Draws lines over time. A line has a gap at a NULL; times that come several times are points
 * without a line.
 *
 * @param {Series[]} series
 * @param {ChartOptions} options
 */
export function lineChart(series, { format, label, width: total }) {
  const items = series.flatMap((each) => each.items);
  const { y, frame } = axisOf(items, total, format);
  const times = items.map(({ ms }) => ms);
  const [from, to] = [Math.min(...times), Math.max(...times)];
  const x = scale([from, to], size.left + 6, total - size.right - 6);
  const marks = timeSteps(from, to, Math.max(2, Math.floor((total - size.left) / 80)));
  return picture(
    total,
    label,
    ...frame,
    ...series.flatMap((each, index) => [
      ...parts(each.items).map((part) =>
        svg('polyline', {
          class: `line line-${index}`,
          points: part.map(({ ms, value }) => `${x(ms).toFixed(1)},${y(value ?? 0).toFixed(1)}`).join(' '),
        }),
      ),
      ...each.items
        .filter(({ value }) => value !== null)
        .map(({ ms, value, text }) =>
          svg(
            'circle',
            {
              class: `mark line-${index} ${items.length > 120 ? 'quiet' : ''}`,
              cx: x(ms).toFixed(1),
              cy: y(value ?? 0).toFixed(1),
              r: items.length > 60 ? 2.5 : 3,
            },
            svg('title', {}, text),
          ),
        ),
    ]),
    ...marks.map(({ ms, text }) => axisText(Math.min(total - 18, x(ms)), text)),
  );
}

/**
 * The parts of a line between its NULLs; none if times repeat, because a line would connect rows
 * that do not follow each other.
 *
 * @param {Series['items']} items
 */
function parts(items) {
  if (new Set(items.map(({ ms }) => ms)).size < items.length) return [];
  /** @type {Series['items'][]} */
  const found = [[]];
  for (const item of items) {
    if (item.value === null) found.push([]);
    else found.at(-1)?.push(item);
  }
  return found.filter((part) => part.length > 1);
}

/**
 * The axis of values, with 0 drawn stronger.
 *
 * @param {Pick<ChartItem, 'value'>[]} items
 * @param {number} total the width
 * @param {(value: number) => string} format
 */
function axisOf(items, total, format) {
  const values = items.map(({ value }) => value ?? 0);
  const steps = axisSteps(Math.min(0, ...values), Math.max(0, ...values));
  const y = scale(steps, size.height - size.bottom, size.top);
  const frame = steps.flatMap((step) => [
    svg('line', {
      class: step === 0 ? 'ground' : 'grid',
      x1: size.left,
      x2: total - size.right,
      y1: y(step),
      y2: y(step),
    }),
    svg('text', { class: 'axis', x: size.left - 6, y: y(step) + 4, 'text-anchor': 'end' }, format(step)),
  ]);
  return { y, frame };
}

/**
 * @param {number} x
 * @param {string} text
 */
function axisText(x, text) {
  return svg('text', { class: 'axis', x, y: size.height - 6, 'text-anchor': 'middle' }, text);
}

/**
 * @param {number} width
 * @param {string} label for screen readers
 * @param {(SVGElement | false)[]} parts
 */
function picture(width, label, ...parts) {
  return svg(
    'svg',
    { class: 'chart', viewBox: `0 0 ${width} ${size.height}`, role: 'img', 'aria-label': label },
    parts,
  );
}

/**
 * Draws bars below each other, each with its whole label. All start at the same 0: bars of negative
 * values go to the left. `kind` marks an item as `warn` or `bad`.
 *
 * @param {(ChartItem & { kind?: string })[]} items
 * @param {string} label for screen readers
 */
export function ranking(items, label) {
  const values = items.map(({ value }) => value ?? 0);
  const [low, high] = [Math.min(0, ...values), Math.max(0, ...values)];
  const share = (/** @type {number} */ value) => (high > low ? (value / (high - low)).toFixed(4) : '0');
  return h(
    'ol',
    { class: 'ranking', 'aria-label': label },
    ...items.map(({ label: name, value, text, kind = '' }) =>
      h(
        'li',
        {},
        h('span', { class: 'name' }, name),
        h(
          'span',
          { class: 'track', 'aria-hidden': 'true' },
          value !== null &&
            h('span', {
              class: `bar ${(value ?? 0) < 0 ? 'loss' : kind}`,
              '--from': share(Math.min(0, value ?? 0) - low),
              '--share': share(Math.abs(value ?? 0)),
            }),
        ),
        h('span', { class: 'number' }, text),
      ),
    ),
  );
}

/**
 * Draws a small line without axes.
 *
 * @param {number[]} values
 * @param {string} label for screen readers
 */
export function sparkline(values, label) {
  const width = 160;
  const height = 32;
  const y = scale([Math.min(0, ...values), Math.max(1, ...values)], height - 2, 2);
  const points = values.map((value, index) => {
    const x = values.length === 1 ? width : (index / (values.length - 1)) * width;
    return `${x.toFixed(1)},${y(value).toFixed(1)}`;
  });
  return svg(
    'svg',
    {
      class: 'spark',
      viewBox: `0 0 ${width} ${height}`,
      role: 'img',
      'aria-label': label,
      preserveAspectRatio: 'none',
    },
    svg('polyline', { class: 'line', points: points.join(' ') }),
  );
}
