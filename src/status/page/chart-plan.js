/** @import { ConsoleResult } from '../server/console.js' */

/** @typedef {ConsoleResult['columns'][number]} ResultColumn */
/**
 * @typedef {object} ChartItem
 * @property {string} label
 * @property {number | null} value null is not drawn
 * @property {string} text the tooltip, with every digit
 *
 * @typedef {ChartItem & { ms: number }} TimedItem `ms` since 1970
 *
 * @typedef {object} Series
 * @property {string} name empty if it is the only one
 * @property {TimedItem[]} items by time
 *
 * @typedef {object} Panel a chart with an axis of its own
 * @property {string} title the currency; empty if there is none
 * @property {Series[]} series of lines
 * @property {ChartItem[]} items of bars
 *
 * @typedef {object} ChartPlan
 * @property {'lines' | 'bars'} kind
 * @property {string} figure the column that is drawn
 * @property {string[]} figures all columns that can be drawn
 * @property {string} about what the chart shows
 * @property {Panel[]} panels at least one
 * @property {string[]} notes what is left out
 */

const maxBars = 40;
const maxSeries = 6;
const maxPoints = 400;
/** A column with more values than this does not make lines of its own. */
const maxNames = 24;

/** @param {ResultColumn | undefined} column */
export const isFigure = (column) =>
  /^(U?(TINY|SMALL|BIG|HUGE)?INT(EGER|\d+)?|DOUBLE|FLOAT\d*|REAL|(BIG)?NUMERIC|DECIMAL)\b/i.test(
    column?.type ?? '',
  );

/**
 * Decides how a result is drawn: times make lines, other labels make bars. Each currency has a
 * chart of its own, because amounts of two currencies on one axis say nothing. Undefined if the
 * result has no figure, no label, or a single row.
 *
 * @param {Pick<ConsoleResult, 'columns' | 'rows'>} result
 * @param {string} [wanted] the column to draw, by default the first with figures
 * @returns {ChartPlan | undefined}
 */
export function planChart({ columns, rows }, wanted) {
  const figures = columns.filter(isFigure);
  const figure = figures.find(({ name }) => name === wanted) ?? figures[0];
  const labels = columns.flatMap((column, index) =>
    isFigure(column) ? [] : [labelColumn(index, column, rows)],
  );
  if (!figure || labels.length === 0 || rows.length < 2) return undefined;
  const figureIndex = columns.indexOf(figure);
  const currency = labels.find(({ name, values }) => isCurrency(name, values));
  const time = labels.find(({ times }) => times !== undefined && new Set(times).size > 1);
  const others = labels.filter((label) => label !== currency && label !== time);
  /** @type {string[]} */
  const notes = [];
  const about = `${figure.name} by ${(time ?? others[0] ?? currency)?.name}`;
  const panels = splitBy(currency, rows.length).map(({ title, indexes }) => {
    /** @param {number} index */
    const itemOf = (index) => {
      const given = rows[index]?.[figureIndex] ?? null;
      return { value: given === null ? null : Number(given), text: given === null ? 'NULL' : String(given) };
    };
    if (time) return { title, items: [], series: linesOf(time, others, indexes, itemOf, notes) };
    const named = others.length > 0 ? others : labels;
    return { title, series: [], items: barsOf(named, indexes, itemOf, notes) };
  });
  const kind = time ? 'lines' : 'bars';
  return {
    kind,
    figure: figure.name,
    figures: figures.map(({ name }) => name),
    about,
    panels,
    notes: [...new Set(notes)],
  };
}

/**
 * @typedef {object} Label a column that is not a figure
 * @property {string} name
 * @property {string[]} values
 * @property {number[] | undefined} times in ms, if all values are times
 */

/**
 * @param {number} index
 * @param {ResultColumn} column
 * @param {unknown[][]} rows
 * @returns {Label}
 */
function labelColumn(index, { name, type }, rows) {
  const values = rows.map((row) => valueText(row[index]));
  // A month as text, such as 2026-06, is a time too.
  const isTime = /^(DATE|TIMESTAMP)/i.test(type) || values.every((each) => /^\d{4}-\d\d(-\d\d)?$/.test(each));
  const times = isTime ? values.map((each) => Date.parse(each)) : [];
  const isKnown = times.length > 0 && times.every((ms) => Number.isFinite(ms));
  return { name, values, times: isKnown ? times : undefined };
}

/** @param {unknown} value */
export function valueText(value) {
  if (value === null || value === undefined) return 'NULL';
  return typeof value === 'object' ? JSON.stringify(value) : String(value);
}

/**
 * @param {string} name
 * @param {string[]} values
 */
function isCurrency(name, values) {
  const known = values.filter((each) => each !== 'NULL');
  return /currency/i.test(name) && known.length > 0 && known.every((each) => /^[A-Z]{3}$/.test(each));
}

/**
 * The rows of each currency, in the order in which they come.
 *
 * @param {Label | undefined} currency
 * @param {number} count
 */
function splitBy(currency, count) {
  /** @type {Map<string, number[]>} */
  const found = new Map();
  for (let index = 0; index < count; index += 1) {
    const title = currency?.values[index] ?? '';
    const indexes = found.get(title) ?? [];
    indexes.push(index);
    found.set(title, indexes);
  }
  return [...found].map(([title, indexes]) => ({
    title: title === 'NULL' ? 'without currency' : title,
    indexes,
  }));
}

/**
 * @param {Label} time
 * @param {Label[]} others
 * @param {number[]} indexes of rows
 * @param {(index: number) => Pick<ChartItem, 'value' | 'text'>} itemOf
 * @param {string[]} notes
 * @returns {Series[]}
 */
function linesOf(time, others, indexes, itemOf, notes) {
  const naming = others.filter((label) => {
    const count = new Set(indexes.map((index) => label.values[index])).size;
    return count > 1 && count <= maxNames;
  });
  /** @type {Map<string, TimedItem[]>} */
  const lines = new Map();
  for (const index of indexes) {
    const name = naming.map((label) => label.values[index]).join(' · ');
    const label = shortTime(time.values[index] ?? '');
    const { value, text } = itemOf(index);
    const item = {
      label,
      ms: time.times?.[index] ?? 0,
      value,
      text: [label, name, text].filter(Boolean).join(': '),
    };
    const items = lines.get(name) ?? [];
    items.push(item);
    lines.set(name, items);
  }
  const size = (/** @type {TimedItem[]} */ items) =>
    items.reduce((sum, { value }) => sum + Math.abs(value ?? 0), 0);
  const series = [...lines].map(([name, items]) => ({ name, items: items.toSorted((a, b) => a.ms - b.ms) }));
  if (series.length > maxSeries) notes.push(`The ${maxSeries} largest of ${series.length} lines.`);
  const largest = series.toSorted((a, b) => size(b.items) - size(a.items)).slice(0, maxSeries);
  if (largest.some(({ items }) => items.length > maxPoints)) notes.push(`The last ${maxPoints} times.`);
  return largest.map(({ name, items }) => ({ name, items: items.slice(-maxPoints) }));
}

/**
 * A midnight is shown as a day.
 *
 * @param {string} text
 */
function shortTime(text) {
  const [, day, time = '', seconds = ''] = /^(\d{4}-\d\d-\d\d)T(\d\d:\d\d)(:\d\d)/.exec(text) ?? [];
  if (day === undefined) return text;
  if (seconds !== ':00') return `${day} ${time}${seconds}`;
  return time === '00:00' ? day : `${day} ${time}`;
}

/**
 * @param {Label[]} labels
 * @param {number[]} indexes of rows
 * @param {(index: number) => Pick<ChartItem, 'value' | 'text'>} itemOf
 * @param {string[]} notes
 * @returns {ChartItem[]}
 */
function barsOf(labels, indexes, itemOf, notes) {
  const shown = indexes.slice(0, maxBars);
  if (shown.length < indexes.length) notes.push(`The first ${maxBars} of ${indexes.length} rows.`);
  const names = namesOf(labels, shown);
  return shown.map((index, place) => {
    const label = names[place] ?? '';
    const { value, text } = itemOf(index);
    return { label, value, text };
  });
}

/**
 * Labels that tell rows apart: the first column that differs between them, and as many further ones
 * as it takes. Rows that no column tells apart are counted.
 *
 * @param {Label[]} labels at least one
 * @param {number[]} indexes of rows
 */
function namesOf(labels, indexes) {
  const isApart = (/** @type {string[]} */ names) => new Set(names).size === names.length;
  const differing = labels.filter((label) => new Set(indexes.map((index) => label.values[index])).size > 1);
  const [first = labels[0], ...rest] = differing;
  let names = indexes.map((index) => first?.values[index] ?? '');
  for (const label of rest) {
    if (isApart(names)) break;
    const longer = indexes.map((index, place) => `${names[place]} · ${label.values[index]}`);
    if (new Set(longer).size > new Set(names).size) names = longer;
  }
  if (isApart(names)) return names;
  return numbered(names);
}

/**
 * Numbers the names that are the same.
 *
 * @param {string[]} names
 */
function numbered(names) {
  const taken = new Set(names);
  /** @type {Map<string, number>} */
  const met = new Map();
  return names.map((name) => {
    if (names.indexOf(name) === names.lastIndexOf(name)) return name;
    let number = met.get(name) ?? 1;
    while (taken.has(`${name} (${number})`)) number += 1;
    met.set(name, number + 1);
    return `${name} (${number})`;
  });
}
