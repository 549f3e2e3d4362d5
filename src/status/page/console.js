import { barChart, cut, lineChart } from './charts.js';
import { badge, bodyOf, pluralize, h, nothing, number, short } from './dom.js';
import { fetchAnswer } from './server.js';

/** @import { ConsoleResult } from '../server/console.js' */
/** @import { ChartItem, ChartOptions } from './charts.js' */

/** @type {Record<string, string>} */
const examples = {
  'Loads of today':
    'SELECT report_type, status, count(*) AS documents, sum(raw_bytes) AS bytes\nFROM _loads WHERE CAST(loaded_at AS DATE) = CURRENT_DATE GROUP BY ALL ORDER BY documents DESC',
  'Documents by day':
    'SELECT CAST(loaded_at AS DATE) AS day, count(*) AS documents\nFROM _loads GROUP BY day ORDER BY day',
  'Rejected values':
    'SELECT table_name, column_name, raw, reason, document_id\nFROM _rejects ORDER BY loaded_at DESC LIMIT 100',
  'Slowest documents':
    'SELECT document_id, report_type, duration_ms\nFROM _loads ORDER BY duration_ms DESC NULLS LAST LIMIT 20',
};

/** @type {'table' | 'chart'} */
let view = 'table';

/**
 * Opens the SQL console: a query, and its result as a table, or as a chart if it has a label and a
 * figure.
 */
export function openConsole() {
  const text = h('textarea', {
    id: 'sql',
    rows: '5',
    spellcheck: 'false',
    autocapitalize: 'off',
    autocomplete: 'off',
    'aria-label': 'SQL',
    'aria-describedby': 'query-about',
    onkeydown(/** @type {KeyboardEvent} */ event) {
      if (event.key === 'Enter' && (event.ctrlKey || event.metaKey)) {
        event.preventDefault();
        void run();
      }
    },
  });
  text.value = examples['Documents by day'] ?? '';
  const runButton = h('button', { id: 'run', class: 'strong', onclick: () => void run() }, 'Run');
  const cancelButton = h('button', { id: 'cancel', disabled: true, onclick: () => stop?.abort() }, 'Cancel');
  const chooser = h(
    'select',
    {
      'aria-label': 'Examples',
      onchange() {
        text.value = examples[chooser.value] ?? text.value;
        chooser.value = '';
        text.focus();
      },
    },
    h('option', { value: '' }, 'Examples'),
    ...Object.keys(examples).map((name) => h('option', {}, name)),
  );
  const status = h('span', { class: 'muted', role: 'status' }, 'Press Ctrl+Enter to run');
  const answer = h('div', { id: 'answer' });
  /** @type {AbortController | undefined} */
  let stop;
  bodyOf('query').replaceChildren(
    text,
    h('p', { class: 'actions' }, runButton, cancelButton, chooser, status),
    answer,
  );

  async function run() {
    stop?.abort();
    const mine = new AbortController();
    stop = mine;
    runButton.disabled = true;
    cancelButton.disabled = false;
    status.textContent = 'Running …';
    const { value, error } = await fetchAnswer('/api/query', { sql: text.value }, mine.signal);
    if (stop !== mine) return;
    stop = undefined;
    runButton.disabled = false;
    cancelButton.disabled = true;
    if (error) {
      status.textContent = '';
      const isCancelled = error.code === 'CANCELLED';
      answer.replaceChildren(
        isCancelled
          ? nothing('Cancelled.')
          : h(
              'div',
              { class: 'problem' },
              badge('bad', error.code),
              // The message may point at a position in the query.
              h('p', { class: 'code' }, error.message),
              error.remedy && h('p', { class: 'muted' }, error.remedy),
            ),
      );
      return;
    }
    const rows = pluralize(value.rows.length, 'row');
    status.textContent = `${value.isCut ? `the first ${rows}; there are more` : rows}, ${number(value.milliseconds)} ms`;
    showAnswer(answer, value);
  }
}

/**
 * @param {HTMLElement} container
 * @param {Pick<ConsoleResult, 'columns' | 'rows'>} result
 */
function showAnswer(container, { columns, rows }) {
  const chart = chartOf(columns, rows);
  const shown = chart && view === 'chart' ? chart() : answerTable(columns, rows);
  const choice = (/** @type {typeof view} */ name, /** @type {string} */ text) =>
    h(
      'button',
      {
        id: `view-${name}`,
        'aria-pressed': String(view === name),
        onclick() {
          view = name;
          showAnswer(container, { columns, rows });
          document.getElementById(`view-${name}`)?.focus();
        },
      },
      text,
    );
  container.replaceChildren(
    ...(chart
      ? [
          h(
            'div',
            { class: 'choice', role: 'group', 'aria-label': 'Shown as' },
            choice('table', 'Table'),
            choice('chart', 'Chart'),
          ),
        ]
      : []),
    shown,
  );
}

/** @typedef {ConsoleResult['columns'][number]} ResultColumn */

const isFigure = (/** @type {ResultColumn | undefined} */ column) =>
  /^(U?(TINY|SMALL|BIG|HUGE)?INT(EGER)?|INT64|DOUBLE|FLOAT(64)?|REAL|(BIG)?NUMERIC|DECIMAL)\b/i.test(
    column?.type ?? '',
  );
const isTime = (/** @type {ResultColumn} */ { type }) => /^(DATE|TIMESTAMP)/i.test(type);

/**
 * @param {ConsoleResult['columns']} columns
 * @param {unknown[][]} rows
 */
function answerTable(columns, rows) {
  if (columns.length === 0) return nothing('No columns.');
  return h(
    'div',
    { class: 'scroll answer', role: 'region', 'aria-label': 'Result', tabindex: '0' },
    h(
      'table',
      {},
      h(
        'thead',
        {},
        h(
          'tr',
          {},
          ...columns.map((column) =>
            h(
              'th',
              { scope: 'col', class: isFigure(column) ? 'number' : undefined, title: column.type },
              column.name,
            ),
          ),
        ),
      ),
      h(
        'tbody',
        {},
        ...rows.map((row) =>
          h(
            'tr',
            {},
            ...row.map((value, index) =>
              h('td', { class: isFigure(columns[index]) ? 'number' : undefined }, cellOf(value)),
            ),
          ),
        ),
      ),
    ),
  );
}

/** @param {unknown} value */
function cellOf(value) {
  if (value === null || value === undefined) return h('span', { class: 'null' }, 'NULL');
  return typeof value === 'object' ? JSON.stringify(value) : String(value);
}

/**
 * Returns a function that draws the first label column and the first column of figures; times make
 * a line. Undefined if the result does not have both.
 *
 * @param {ConsoleResult['columns']} columns
 * @param {unknown[][]} rows
 */
function chartOf(columns, rows) {
  const label = columns.find((column) => !isFigure(column));
  const figure = columns.find(isFigure);
  if (!label || !figure || rows.length < 2) return undefined;
  const [labelIndex, figureIndex] = [columns.indexOf(label), columns.indexOf(figure)];
  const maxRows = isTime(label) ? 400 : 40;
  const items = rows.slice(0, maxRows).map((row) => {
    const [name, value] = [labelText(row[labelIndex], label), row[figureIndex]];
    return { label: name, value: Number(value ?? 0) || 0, text: `${name}: ${value ?? 'NULL'}` };
  });
  const options = { format: short, label: `${figure.name} by ${label.name}` };
  return () =>
    h(
      'figure',
      {},
      h('figcaption', {}, `${options.label}${rows.length > maxRows ? `, the first ${maxRows} rows` : ''}`),
      isTime(label)
        ? lineChart(items, options)
        : items.length > 8
          ? ranking(items, options)
          : barChart(items, options),
    );
}

/**
 * @param {unknown} value
 * @param {ResultColumn} column
 */
function labelText(value, column) {
  if (value === null) return 'NULL';
  const text = typeof value === 'object' ? JSON.stringify(value) : String(value);
  return /^DATE$/i.test(column.type)
    ? text.slice(5, 10)
    : isTime(column)
      ? text.slice(5, 16).replace('T', ' ')
      : text;
}

/**
 * Draws bars that lie below each other, which makes many labels easier to read.
 *
 * @param {ChartItem[]} items
 * @param {Pick<ChartOptions, 'label'>} options
 */
function ranking(items, { label }) {
  const greatest = Math.max(1e-9, ...items.map(({ value }) => Math.abs(value)));
  return h(
    'ol',
    { class: 'ranking', 'aria-label': label },
    ...items.map(({ label: name, value, text }) =>
      h(
        'li',
        { title: text },
        h('span', { class: 'name' }, cut(name, 40)),
        h('span', {
          class: 'meter',
          'aria-hidden': 'true',
          '--share': (Math.abs(value) / greatest).toFixed(4),
        }),
        h('span', { class: 'number' }, text.slice(name.length + 2)),
      ),
    ),
  );
}
