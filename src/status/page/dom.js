/** Makes an element. Text is always text: nothing here reads HTML. `on…` are listeners, `class` and the like attributes. */
export function h(tag, attributes = {}, ...children) {
  return fill(document.createElement(tag), attributes, children);
}

/** The same in SVG. */
export function svg(tag, attributes = {}, ...children) {
  return fill(document.createElementNS('http://www.w3.org/2000/svg', tag), attributes, children);
}

function fill(element, attributes, children) {
  for (const [name, value] of Object.entries(attributes)) {
    if (value === undefined || value === null || value === false) continue;
    if (name.startsWith('on')) element.addEventListener(name.slice(2), value);
    else if (name.startsWith('--')) element.style.setProperty(name, value);
    else element.setAttribute(name, value === true ? '' : value);
  }
  element.append(
    ...children.flat(2).filter((child) => child !== undefined && child !== null && child !== false),
  );
  return element;
}

const shown = new Map();

/** Puts what `make` gives into a place, where its data changed since the last time. Focus and scrolling stay as they were. */
export function show(place, data, make) {
  const text = JSON.stringify(data) ?? '';
  if (shown.get(place) === text) return;
  shown.set(place, text);
  const scrolled = [...place.querySelectorAll('.scroll')].map((box) => [
    box.ariaLabel,
    box.scrollLeft,
    box.scrollTop,
  ]);
  const focused = place.contains(document.activeElement) ? document.activeElement.id : '';
  place.replaceChildren(...[make()].flat());
  for (const box of place.querySelectorAll('.scroll')) {
    const [, left, top] = scrolled.find(([label]) => label === box.ariaLabel) ?? [];
    // What is drawn first shows its end where it asks for that: the newest.
    box.scrollTo(left ?? (box.dataset.from === 'end' ? box.scrollWidth : 0), top ?? 0);
  }
  if (focused) document.getElementById(focused)?.focus({ preventScroll: true });
}

/** The body of a section. */
export function bodyOf(id) {
  return document.querySelector(`#${id} .body`);
}

/**
 * A table in a box of its own that scrolls sideways; on a phone each row is a block. A column: its title, what a row shows there, `number`
 * for figures, `wide` for text of several lines, `wrap` for long names, `phone: false` where a phone goes without. Roles are written out, as a block has none.
 */
export function table(label, columns, rows) {
  const classOf = ({ number: isNumber, wide, wrap, phone }) => {
    const names = [
      isNumber && 'number',
      wide && 'wide',
      wrap && 'wrap',
      phone === false && 'no-phone',
    ].filter(Boolean);
    return names.join(' ') || undefined;
  };
  const head = (column) =>
    h('th', { scope: 'col', role: 'columnheader', class: classOf(column) }, column.title);
  const cell = (column, row) =>
    h('td', { role: 'cell', class: classOf(column), 'data-title': column.title }, column.cell(row) ?? '');
  const line = (...cells) => h('tr', { role: 'row' }, ...cells);
  return h(
    'div',
    { class: 'scroll', role: 'region', 'aria-label': label, tabindex: '0' },
    h(
      'table',
      { class: 'stacked', role: 'table' },
      h('thead', { role: 'rowgroup' }, line(...columns.map(head))),
      h(
        'tbody',
        { role: 'rowgroup' },
        ...rows.map((row) => line(...columns.map((column) => cell(column, row)))),
      ),
    ),
  );
}

/** Lists that were opened stay open when they are drawn anew. */
const opened = new Set();

/** The first rows, and a button for the rest. */
export function firstOf(name, rows, most, make) {
  if (rows.length <= most || opened.has(name)) return make(rows);
  const place = h('div', {}, make(rows.slice(0, most)));
  const open = () => {
    opened.add(name);
    place.replaceChildren(make(rows));
    place.querySelector('.scroll')?.focus();
  };
  place.append(h('button', { class: 'quiet', onclick: open }, `Show all ${number(rows.length)}`));
  return place;
}

export const nothing = (text) => h('p', { class: 'nothing' }, text);

export function badge(kind, text) {
  return h('span', { class: `badge ${kind}` }, text);
}

/** A number of things: 1 row, 2 rows. */
export function pluralize(value, thing) {
  return `${number(value)} ${thing}${value === 1 ? '' : 's'}`;
}

/** A whole number with its thousands apart. Numbers as text keep all their digits. */
export function number(value) {
  return typeof value === 'number' ? value.toLocaleString('en') : value;
}

const units = ['B', 'kB', 'MB', 'GB', 'TB'];

export function bytes(value) {
  let size = Number(value);
  let unit = 0;
  for (; size >= 1000 && unit < units.length - 1; unit += 1) size /= 1000;
  return `${size >= 100 || unit === 0 ? Math.round(size) : size.toFixed(1)} ${units[unit]}`;
}

/** A figure in few characters: 1.2k, 34M. */
export function short(value) {
  return new Intl.NumberFormat('en', { notation: 'compact', maximumFractionDigits: 1 }).format(value);
}

export function duration(seconds) {
  if (seconds < 1) return `${Math.round(seconds * 1000)} ms`;
  if (seconds < 90) return `${Math.round(seconds)} s`;
  if (seconds < 90 * 60) return `${Math.round(seconds / 60)} min`;
  if (seconds < 36 * 3600) return `${Math.round(seconds / 3600)} h`;
  return `${Math.round(seconds / 86_400)} d`;
}

/** A time as it is from now, which goes on by itself; the time of the clock is its title. */
export function ago(iso) {
  return h('time', { datetime: iso, title: clockTime(iso), class: 'ago' }, agoText(iso));
}

export function agoText(iso) {
  const seconds = (Date.now() - Date.parse(iso)) / 1000;
  if (seconds < -1) return `in ${duration(-seconds)}`;
  return seconds < 2 ? 'now' : `${duration(seconds)} ago`;
}

export function clockTime(iso) {
  return `${iso.slice(0, 10)} ${iso.slice(11, 19)} UTC`;
}

setInterval(() => {
  for (const time of document.querySelectorAll('time.ago')) {
    const text = agoText(time.dateTime);
    if (time.textContent !== text) time.textContent = text;
  }
}, 5000);
