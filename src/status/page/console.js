import { showAnswer } from './answer.js';
import { completeIn } from './complete-editor.js';
import { badge, bodyOf, byId, h, nothing, number, pluralize, prose } from './dom.js';
import { exampleOf, programExamples } from './examples.js';
import { clearHistory, readHistory, rememberQuery } from './query-history.js';
import { quoted, showRelations } from './relations.js';
import { fetchAnswer } from './server.js';

/** @import { PageError } from '../server/page-api.js' */
/** @import { StatusSnapshot } from '../types.js' */

const text = h('textarea', {
  id: 'sql',
  rows: '7',
  spellcheck: 'false',
  autocapitalize: 'off',
  autocomplete: 'off',
  'aria-label': 'SQL',
  'aria-describedby': 'query-about',
});
const runButton = h('button', { id: 'run', class: 'strong', onclick: () => void run() }, 'Run');
const cancelButton = h('button', { id: 'cancel', disabled: true, onclick: () => stop?.abort() }, 'Cancel');
const chooser = h('select', { 'aria-label': 'Examples', onchange: chooseExample });
const status = h('span', { class: 'muted', role: 'status' }, 'Press Ctrl+Enter to run');
const history = h('details', { id: 'history', ontoggle: showHistory }, h('summary', {}, 'History'), h('div'));
const oldNote = h('p', { class: 'old-note' }, 'The answer of the query before, until the new one is there:');
const answer = h('div', { id: 'answer' });
const list = h('div', { class: 'relation-list' });
const editor = { insert, replace };
/** @type {AbortController | undefined} */
let stop;
/** @type {Map<string, string>} */
const examples = new Map(Object.entries(programExamples));

/**
 * Opens the SQL console: a query with examples, completion and history, and its answer as a table
 * or a chart.
 */
export function openConsole() {
  text.value = programExamples['Documents by day'] ?? '';
  oldNote.hidden = true;
  showExamples([]);
  const completions = completeIn(text);
  text.addEventListener('keydown', (event) => {
    if (event.key !== 'Enter' || !(event.ctrlKey || event.metaKey)) return;
    event.preventDefault();
    void run();
  });
  // Whoever uses this browser next is not to read the queries.
  byId('logout').addEventListener('submit', clearHistory);
  const isWide = window.matchMedia('(min-width: 62rem)').matches;
  bodyOf('query').replaceChildren(
    h(
      'div',
      { class: 'console' },
      h('details', { class: 'relations', open: isWide }, h('summary', {}, 'Tables and views'), list),
      h(
        'div',
        {},
        h('div', { class: 'editor' }, text, completions),
        h('div', { class: 'actions' }, runButton, cancelButton, chooser, history, status),
        oldNote,
        answer,
      ),
    ),
  );
}

/**
 * Lists the tables and views that there are.
 *
 * @param {StatusSnapshot} snapshot
 */
export async function showConsole(snapshot) {
  const found = await showRelations(snapshot, list, editor);
  if (found) showExamples(found.filter(({ isView }) => isView).map(({ name }) => name));
}

/**
 * Brings a query into the editor, to be read and run.
 *
 * @param {string} sql
 */
export function openQuery(sql) {
  replace(sql);
  byId('query').scrollIntoView();
}

/** @param {string[]} views */
function showExamples(views) {
  for (const name of views) examples.set(name, exampleOf(quoted(name)));
  const options = (/** @type {string[]} */ names) => names.map((name) => h('option', {}, name));
  chooser.replaceChildren(
    h('option', { value: '' }, 'Examples'),
    ...(views.length > 0 ? [h('optgroup', { label: 'Views' }, ...options(views))] : []),
    h('optgroup', { label: 'Loads' }, ...options(Object.keys(programExamples))),
  );
}

function chooseExample() {
  replace(examples.get(chooser.value) ?? text.value);
  chooser.value = '';
}

/** @param {string} name */
function insert(name) {
  text.setRangeText(name, text.selectionStart, text.selectionEnd, 'end');
  text.focus();
}

/** @param {string} sql */
function replace(sql) {
  text.value = sql;
  text.focus();
}

function showHistory() {
  if (!history.open) return;
  const queries = readHistory();
  history.lastElementChild?.replaceChildren(
    ...(queries.length === 0
      ? [nothing('No queries yet. Those that you run are remembered in this browser only.')]
      : queries.map((sql) =>
          h(
            'button',
            {
              class: 'past',
              onclick() {
                history.open = false;
                replace(sql);
              },
            },
            h('code', {}, sql),
          ),
        )),
    ...(queries.length > 0
      ? [
          h(
            'button',
            {
              class: 'quiet',
              onclick() {
                clearHistory();
                showHistory();
              },
            },
            'Forget these queries',
          ),
        ]
      : []),
  );
}

async function run() {
  stop?.abort();
  const mine = new AbortController();
  stop = mine;
  runButton.disabled = true;
  cancelButton.disabled = false;
  status.textContent = 'Running …';
  // The answer before stays readable, and is not taken for the new one.
  oldNote.hidden = !answer.hasChildNodes();
  answer.classList.add('old');
  answer.ariaBusy = 'true';
  rememberQuery(text.value);
  const { value, error } = await fetchAnswer('/api/query', { sql: text.value }, mine.signal);
  if (stop !== mine) return;
  stop = undefined;
  runButton.disabled = false;
  cancelButton.disabled = true;
  oldNote.hidden = true;
  answer.classList.remove('old');
  answer.ariaBusy = null;
  if (error) {
    status.textContent = '';
    answer.replaceChildren(error.code === 'CANCELLED' ? nothing('Cancelled.') : failure(error));
    return;
  }
  const rows = pluralize(value.rows.length, 'row');
  status.textContent = `${value.isCut ? `the first ${rows}; there are more` : rows}, ${number(value.milliseconds)} ms`;
  showAnswer(answer, value);
}

/** @param {PageError} error */
function failure({ code, message, remedy }) {
  return h(
    'div',
    { class: 'problem' },
    badge('bad', code),
    // The message may point at a position in the query.
    h('p', { class: 'code' }, message),
    remedy && h('p', { class: 'muted' }, prose(remedy)),
  );
}
