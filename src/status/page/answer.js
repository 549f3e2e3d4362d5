import { chartWidth, lineChart, ranking } from './charts.js';
import { isFigure, planChart, valueText } from './chart-plan.js';
import { csvText } from './csv.js';
import { h, nothing, short } from './dom.js';
import { openRecord } from './record.js';

/** @import { ConsoleResult } from '../server/console.js' */
/** @import { ChartPlan, Panel } from './chart-plan.js' */

/** @typedef {Pick<ConsoleResult, 'columns' | 'rows' | 'isCut'>} Answer */

/**
 * How answers are shown, until the user chooses otherwise.
 *
 * @type {'table' | 'chart'}
 */
let view = 'table';
/** Longer values are shown in part; they open. */
const maxCellLength = 80;

/**
 * Shows an answer as a table, or as a chart if it has a label and a figure.
 *
 * @param {HTMLElement} container
 * @param {Answer} answer
 * @param {string} [figure] the column to draw
 */
export function showAnswer(container, answer, figure) {
  const plan = planChart(answer, figure);
  const isChart = plan !== undefined && view === 'chart';
  const choice = (/** @type {typeof view} */ name, /** @type {string} */ text) =>
    h(
      'button',
      {
        id: `view-${name}`,
        'aria-pressed': String(view === name),
        onclick() {
          view = name;
          showAnswer(container, answer, figure);
          document.getElementById(`view-${name}`)?.focus();
        },
      },
      text,
    );
  container.replaceChildren(
    h(
      'div',
      { class: 'actions' },
      plan &&
        h(
          'div',
          { class: 'choice', role: 'group', 'aria-label': 'Shown as' },
          choice('table', 'Table'),
          choice('chart', 'Chart'),
        ),
      isChart &&
        plan.figures.length > 1 &&
        figureChooser(plan, (name) => showAnswer(container, answer, name)),
      answer.columns.length > 0 &&
        h(
          'button',
          { class: 'quiet', title: csvHint(answer), onclick: () => download(csvText(answer)) },
          'Download CSV',
        ),
    ),
    isChart ? chartsOf(plan, chartWidth(container, plan.panels.length)) : answerTable(answer),
  );
}

/** @param {Answer} answer */
const csvHint = ({ isCut }) =>
  isCut ? 'The rows that are shown; sp-reports query --format csv writes all of them' : undefined;

/** @param {string} text */
function download(text) {
  const url = URL.createObjectURL(new Blob([text], { type: 'text/csv' }));
  const time = new Date().toISOString().slice(0, 16).replace(':', '-');
  h('a', { href: url, download: `query-${time}.csv` }).click();
  URL.revokeObjectURL(url);
}

/**
 * @param {ChartPlan} plan
 * @param {(name: string) => void} choose
 */
function figureChooser({ figures, figure }, choose) {
  const chooser = h(
    'select',
    {
      id: 'figure',
      'aria-label': 'Figure',
      onchange() {
        choose(chooser.value);
        document.getElementById('figure')?.focus();
      },
    },
    ...figures.map((name) => h('option', { selected: name === figure }, name)),
  );
  return chooser;
}

/**
 * @param {ChartPlan} plan
 * @param {number} width of a chart
 */
function chartsOf(plan, width) {
  const charts = plan.panels.map((panel) => panelOf(panel, plan, width));
  return h(
    'div',
    {},
    h('div', { class: charts.length > 1 ? 'pair' : undefined }, ...charts),
    ...plan.notes.map((note) => h('p', { class: 'muted' }, note)),
  );
}

/**
 * @param {Panel} panel
 * @param {ChartPlan} plan
 * @param {number} width
 */
function panelOf({ title, series, items }, { kind, about }, width) {
  const label = title ? `${about}, ${title}` : about;
  return h(
    'figure',
    {},
    h('figcaption', {}, label),
    kind === 'lines' ? lineChart(series, { format: short, label, width }) : ranking(items, label),
    series.length > 1 &&
      h(
        'p',
        { class: 'legend' },
        ...series.map(({ name }, index) => h('span', { class: `key key-line line-${index}` }, name)),
      ),
  );
}

/** @param {Answer} answer */
function answerTable(answer) {
  const { columns, rows } = answer;
  if (columns.length === 0) return nothing('No columns.');
  const classOf = (/** @type {number} */ index) => (isFigure(columns[index]) ? 'number' : undefined);
  return h(
    'div',
    {
      class: 'scroll answer',
      role: 'region',
      'aria-label': 'Result',
      tabindex: '0',
      onclick(/** @type {MouseEvent} */ { target }) {
        const opened = target instanceof Element && target.closest('button');
        if (!(opened instanceof HTMLElement)) return;
        openRecord(answer, Number(opened.dataset.row), Number(opened.dataset.column ?? 0));
      },
    },
    h(
      'table',
      {},
      h(
        'thead',
        {},
        h(
          'tr',
          {},
          h('td', {}),
          ...columns.map(({ name, type }, index) =>
            h('th', { scope: 'col', class: classOf(index), title: type }, name),
          ),
        ),
      ),
      h(
        'tbody',
        {},
        ...rows.map((row, place) =>
          h(
            'tr',
            {},
            h(
              'td',
              {},
              h('button', { class: 'row', 'data-row': place, 'aria-label': `Open row ${place + 1}` }, '⤢'),
            ),
            ...row.map((value, index) => h('td', { class: classOf(index) }, cellOf(value, place, index))),
          ),
        ),
      ),
    ),
    rows.length === 0 && nothing('No rows.'),
  );
}

/**
 * @param {unknown} value
 * @param {number} row
 * @param {number} column
 */
function cellOf(value, row, column) {
  if (value === null || value === undefined) return h('span', { class: 'null' }, 'NULL');
  const text = valueText(value);
  if (text.length <= maxCellLength && !text.includes('\n')) return text;
  return h(
    'button',
    { class: 'cell', 'data-row': row, 'data-column': column },
    `${text.slice(0, maxCellLength)}…`,
  );
}
