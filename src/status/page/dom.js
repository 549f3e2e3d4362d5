/**
 * @typedef {Node | string | false | null | undefined} Leaf a falsy leaf is left out
 * @typedef {Leaf | Leaf[] | Leaf[][]} Child
 *
 * @typedef {string | number | boolean | null | undefined} AttributeValue
 * @typedef {(event: any) => unknown} Listener
 * @typedef {{ [name: `on${string}`]: Listener }} Listeners
 * @typedef {Listeners & { [name: string]: AttributeValue | Listener }} Attributes
 */

/**
 * Makes an element. Children are always text or nodes: nothing here parses HTML. `on…` attributes
 * are listeners, `--…` are CSS properties.
 *
 * @template {keyof HTMLElementTagNameMap} Tag
 * @param {Tag} tag
 * @param {Attributes} [attributes]
 * @param {Child[]} children
 */
export function h(tag, attributes = {}, ...children) {
  return fill(document.createElement(tag), attributes, children);
}

/**
 * Makes an SVG element, as `h` makes one of HTML.
 *
 * @template {keyof SVGElementTagNameMap} Tag
 * @param {Tag} tag
 * @param {Attributes} [attributes]
 * @param {Child[]} children
 */
export function svg(tag, attributes = {}, ...children) {
  return fill(document.createElementNS('http://www.w3.org/2000/svg', tag), attributes, children);
}

/**
 * @template {HTMLElement | SVGElement} Element
 * @param {Element} element
 * @param {Attributes} attributes
 * @param {Child[]} children
 * @returns {Element}
 */
function fill(element, attributes, children) {
  for (const [name, value] of Object.entries(attributes)) {
    if (value === undefined || value === null || value === false) continue;
    if (typeof value === 'function') element.addEventListener(name.slice(2), value);
    else if (name.startsWith('--')) element.style.setProperty(name, String(value));
    else element.setAttribute(name, value === true ? '' : String(value));
  }
  for (const child of children.flat(2))
    if (child !== undefined && child !== null && child !== false) element.append(child);
  return element;
}

/** @type {Map<Element, string>} */
const shown = new Map();

/**
 * Replaces the content of a container if its data changed since the last call. Focus and scroll
 * positions are kept.
 *
 * @param {HTMLElement} container
 * @param {unknown} data
 * @param {() => Leaf | Leaf[]} make
 */
export function show(container, data, make) {
  const text = JSON.stringify(data) ?? '';
  if (shown.get(container) === text) return;
  shown.set(container, text);
  const scrolled = scrollBoxes(container).map((box) => ({
    label: box.ariaLabel,
    left: box.scrollLeft,
    top: box.scrollTop,
  }));
  const focused = container.contains(document.activeElement) ? document.activeElement?.id : undefined;
  container.replaceChildren(...fill(document.createElement('div'), {}, [make()]).childNodes);
  for (const box of scrollBoxes(container)) {
    const before = scrolled.find(({ label }) => label === box.ariaLabel);
    // The first time, a box with data-from="end" shows its end, which is the newest.
    const first = box.dataset.from === 'end' ? box.scrollWidth : 0;
    box.scrollTo(before?.left ?? first, before?.top ?? 0);
  }
  if (focused) document.getElementById(focused)?.focus({ preventScroll: true });
}

/**
 * @param {Element} container
 * @returns {HTMLElement[]}
 */
function scrollBoxes(container) {
  return [...container.querySelectorAll('.scroll')].filter((box) => box instanceof HTMLElement);
}

/**
 * Returns an element of index.html. Errors: one that is not there.
 *
 * @param {string} id
 * @returns {HTMLElement}
 */
export function byId(id) {
  return found(document.getElementById(id), id);
}

/**
 * Returns the body of a section of index.html.
 *
 * @param {string} id
 * @returns {HTMLElement}
 */
export function bodyOf(id) {
  return found(document.querySelector(`#${id} .body`), id);
}

/**
 * @param {Element | null} element
 * @param {string} id
 */
function found(element, id) {
  if (element instanceof HTMLElement) return element;
  throw new Error(`the page has no #${id}`);
}

/**
 * @template Row
 * @typedef {object} Column
 * @property {string} title
 * @property {(row: Row) => Child} cell
 * @property {boolean} [number] for figures
 * @property {boolean} [wide] for text of several lines
 * @property {boolean} [strip] for a strip of days, which takes the whole width of a phone
 * @property {boolean} [wrap] for long names
 * @property {boolean} [phone] false if a phone does not show it
 */

/**
 * Makes a table in a box that scrolls sideways; on a phone each row is a block. Roles are written
 * out because a block has none.
 *
 * @template Row
 * @param {string} label
 * @param {Column<Row>[]} columns
 * @param {Row[]} rows
 */
export function table(label, columns, rows) {
  /** @param {Column<Row>} column */
  const classOf = ({ number: isNumber, wide, strip, wrap, phone }) => {
    const names = [
      isNumber && 'number',
      wide && 'wide',
      strip && 'strip-cell',
      wrap && 'wrap',
      phone === false && 'no-phone',
    ].filter(Boolean);
    return names.join(' ') || undefined;
  };
  /** @param {Column<Row>} column */
  const head = (column) =>
    h('th', { scope: 'col', role: 'columnheader', class: classOf(column) }, column.title);
  /** @type {(column: Column<Row>, row: Row) => Node} */
  const cell = (column, row) =>
    h('td', { role: 'cell', class: classOf(column), 'data-title': column.title }, column.cell(row) ?? '');
  /** @param {Node[]} cells */
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

/**
 * Lists that were opened stay open when they are drawn again.
 *
 * @type {Set<string>}
 */
const opened = new Set();

/**
 * Shows the first rows, and a button for the rest.
 *
 * @template Row
 * @param {string} name of the list
 * @param {Row[]} rows
 * @param {number} maxRows
 * @param {(rows: Row[]) => Node} make
 * @returns {Node}
 */
export function firstOf(name, rows, maxRows, make) {
  if (rows.length <= maxRows || opened.has(name)) return make(rows);
  const container = h('div', {}, make(rows.slice(0, maxRows)));
  const open = () => {
    opened.add(name);
    container.replaceChildren(make(rows));
    scrollBoxes(container)[0]?.focus();
  };
  container.append(h('button', { class: 'quiet', onclick: open }, `Show all ${number(rows.length)}`));
  return container;
}

/** @param {string} text */
export const nothing = (text) => h('p', { class: 'nothing' }, text);

/**
 * @param {string} kind
 * @param {string} text
 */
export function badge(kind, text) {
  return h('span', { class: `badge ${kind}` }, text);
}

/**
 * A text of the program, with what is in backticks as code.
 *
 * @param {string} text
 */
export function prose(text) {
  return text.split('`').map((part, index) => (index % 2 === 1 ? h('code', {}, part) : part));
}

/**
 * `1 row`, `2 rows`.
 *
 * @param {number} value
 * @param {string} thing
 */
export function pluralize(value, thing) {
  return `${number(value)} ${thing}${value === 1 ? '' : 's'}`;
}

/**
 * Formats a whole number with separators between thousands. A number as text keeps all its digits.
 *
 * @param {number | string} value
 */
export function number(value) {
  return typeof value === 'number' ? value.toLocaleString('en') : value;
}

const units = ['B', 'kB', 'MB', 'GB', 'TB'];

/** @param {number | string} value */
export function bytes(value) {
  let size = Number(value);
  let unit = 0;
  for (; size >= 1000 && unit < units.length - 1; unit += 1) size /= 1000;
  return `${size >= 100 || unit === 0 ? Math.round(size) : size.toFixed(1)} ${units[unit]}`;
}

/**
 * Formats a figure in few characters: 1.2k, 34M.
 *
 * @param {number} value
 */
export function short(value) {
  return new Intl.NumberFormat('en', { notation: 'compact', maximumFractionDigits: 1 }).format(value);
}

/** @param {number} seconds */
export function duration(seconds) {
  if (seconds < 1) return `${Math.round(seconds * 1000)} ms`;
  if (seconds < 90) return `${Math.round(seconds)} s`;
  if (seconds < 90 * 60) return `${Math.round(seconds / 60)} min`;
  if (seconds < 36 * 3600) return `${Math.round(seconds / 3600)} h`;
  return `${Math.round(seconds / 86_400)} d`;
}

/**
 * Shows how long ago a time is, and keeps that up to date; the tooltip has the time itself.
 *
 * @param {string} iso
 */
export function ago(iso) {
  return h('time', { datetime: iso, title: clockTime(iso), class: 'ago' }, agoText(iso));
}

/** @param {string} iso */
export function agoText(iso) {
  const seconds = (Date.now() - Date.parse(iso)) / 1000;
  if (seconds < -1) return `in ${duration(-seconds)}`;
  return seconds < 2 ? 'now' : `${duration(seconds)} ago`;
}

/** @param {string} iso */
export function clockTime(iso) {
  return `${iso.slice(0, 10)} ${iso.slice(11, 19)} UTC`;
}

setInterval(() => {
  for (const time of document.getElementsByTagName('time')) {
    if (!time.classList.contains('ago')) continue;
    const text = agoText(time.dateTime);
    if (time.textContent !== text) time.textContent = text;
  }
}, 5000);
