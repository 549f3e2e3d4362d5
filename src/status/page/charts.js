import { svg } from './dom.js';

/**
 * @typedef {object} ChartItem
 * @property {string} label below the item
 * @property {number} value
 * @property {string} text the tooltip
 *
 * @typedef {object} ChartOptions
 * @property {(value: number) => string} format of the steps of the axis
 * @property {string} label what the chart shows, for screen readers
 * @property {boolean} [isHalf] whether two charts share a row
 *
 * @callback Draw
 * @param {(index: number) => number} x the left edge of an item
 * @param {(value: number) => number} y
 * @param {number} width of an item
 * @returns {SVGElement[]}
 */

const size = { height: 200, left: 52, right: 8, top: 12, bottom: 24 };

/**
 * The width of a chart in pixels, so that its text is as large as all other text.
 *
 * @param {boolean} isHalf
 */
function roomFor(isHalf) {
  const page = Math.min(1216, document.documentElement.clientWidth) - 60;
  return isHalf && page > 800 ? Math.floor(page / 2) - 30 : page;
}

/**
 * Returns the steps of an axis from 0 to a round number above the greatest value.
 *
 * @param {number} greatest
 * @returns {[number, ...number[]]} ascending
 */
export function axisSteps(greatest) {
  if (!(greatest > 0)) return [0, 1];
  const power = 10 ** Math.floor(Math.log10(greatest));
  const step =
    [0.25, 0.5, 1, 2, 2.5].map((each) => each * power).find((each) => greatest / each <= 4) ?? power * 2.5;
  /** @type {[number, ...number[]]} */
  const steps = [0];
  for (let last = 0; last < greatest; ) {
    last += step;
    steps.push(last);
  }
  return steps;
}

/**
 * Draws one bar for each item, side by side.
 *
 * @param {ChartItem[]} items
 * @param {ChartOptions} options
 */
export function barChart(items, options) {
  return chart(items, options, (x, y, width) =>
    items.map(({ value, text }, index) => {
      const top = y(Math.max(0, value));
      const gap = Math.min(6, width * 0.2);
      return svg(
        'rect',
        {
          class: 'bar',
          x: x(index) + gap / 2,
          y: top,
          width: Math.max(1, width - gap),
          height: Math.max(0, y(0) - top),
          rx: 2,
        },
        svg('title', {}, text),
      );
    }),
  );
}

/**
 * Draws one line over all items.
 *
 * @param {ChartItem[]} items
 * @param {ChartOptions} options
 */
export function lineChart(items, options) {
  return chart(items, options, (x, y, width) => {
    const middle = (/** @type {number} */ index) => x(index) + width / 2;
    const points = items.map(({ value }, index) => `${middle(index).toFixed(1)},${y(value).toFixed(1)}`);
    const marks = items.length > 60 ? [] : items;
    return [
      svg('polyline', { class: 'line', points: points.join(' ') }),
      ...marks.map(({ value, text }, index) =>
        svg('circle', { class: 'mark', cx: middle(index), cy: y(value), r: 3 }, svg('title', {}, text)),
      ),
    ];
  });
}

/**
 * Draws the axes; `draw` adds the items.
 *
 * @param {ChartItem[]} items
 * @param {ChartOptions} options
 * @param {Draw} draw
 */
function chart(items, { format, label, isHalf = false }, draw) {
  const total = roomFor(isHalf);
  const values = items.map(({ value }) => value);
  const steps = axisSteps(Math.max(0, ...values));
  const low = Math.min(0, ...values);
  const high = steps.at(-1) ?? 1;
  const inner = { width: total - size.left - size.right, height: size.height - size.top - size.bottom };
  const width = inner.width / Math.max(1, items.length);
  const x = (/** @type {number} */ index) => size.left + index * width;
  const y = (/** @type {number} */ value) =>
    size.top + inner.height * (1 - (value - low) / (high - low || 1));
  const every = Math.ceil(items.length / Math.max(2, Math.floor(inner.width / 70)));
  return svg(
    'svg',
    { class: 'chart', viewBox: `0 0 ${total} ${size.height}`, role: 'img', 'aria-label': label },
    ...steps.map((step) => [
      svg('line', { class: 'grid', x1: size.left, x2: total - size.right, y1: y(step), y2: y(step) }),
      svg('text', { class: 'axis', x: size.left - 6, y: y(step) + 4, 'text-anchor': 'end' }, format(step)),
    ]),
    ...draw(x, y, width),
    ...items.map(
      (item, index) =>
        index % every === 0 &&
        svg(
          'text',
          { class: 'axis', x: x(index) + width / 2, y: size.height - 6, 'text-anchor': 'middle' },
          cut(item.label, 10),
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
  const greatest = Math.max(1, ...values);
  const points = values.map((value, index) => {
    const x = values.length === 1 ? width : (index / (values.length - 1)) * width;
    return `${x.toFixed(1)},${(height - 2 - (value / greatest) * (height - 4)).toFixed(1)}`;
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

/**
 * Shortens a text to at most `maxLength` characters.
 *
 * @param {string} text
 * @param {number} maxLength
 */
export function cut(text, maxLength) {
  return text.length > maxLength ? `${text.slice(0, maxLength - 1)}…` : text;
}
