import { h, nothing } from './dom.js';
import { quoteName } from './completion.js';
import { exampleOf } from './examples.js';
import { fetchAnswer } from './server.js';

/** @import { NamedRelation } from '../relations.js' */
/** @import { StatusSnapshot } from '../types.js' */
/** @import { ResultColumn } from './chart-plan.js' */
/** @import { Names } from './completion.js' */

/**
 * @typedef {object} Editor what a click in the list does
 * @property {(text: string) => void} insert puts a name where the caret is
 * @property {(sql: string) => void} replace replaces the query
 */

/** Columns that were read, or are being read, by relation. */
const columns = /** @type {Map<string, Promise<ResultColumn[]>>} */ (new Map());
/** @type {Names} */
export const names = { relations: [], columns: new Map() };
let quote = '"';
/** What the list was made from. */
let shownFor = '';
let isReading = false;

/**
 * Reads the tables and views again if there are other ones, and lists them.
 *
 * @param {StatusSnapshot} snapshot
 * @param {HTMLElement} container
 * @param {Editor} editor
 * @returns {Promise<NamedRelation[] | undefined>} undefined if nothing changed
 */
export async function showRelations({ tables, warehouse }, container, editor) {
  const found = JSON.stringify([
    warehouse.ledger !== undefined,
    ...tables.map((each) => [each.table, each.rows > 0]),
  ]);
  if (found === shownFor || isReading) return undefined;
  isReading = true;
  const { value } = await fetchAnswer('/api/relations');
  isReading = false;
  if (!value) return undefined;
  shownFor = found;
  quote = warehouse.type === 'bigquery' ? '`' : '"';
  columns.clear();
  names.relations = value.map(({ name }) => name);
  names.columns.clear();
  const groups = [
    { title: 'Views', some: value.filter(({ isView }) => isView) },
    { title: 'Tables', some: value.filter(({ isView }) => !isView) },
  ].filter(({ some }) => some.length > 0);
  container.replaceChildren(
    ...(groups.length === 0 ? [nothing('Nothing has been loaded yet.')] : []),
    ...groups.flatMap(({ title, some }) => [
      h('h3', {}, title),
      ...some.map((each) => relationItem(each, editor)),
    ]),
  );
  return value;
}

/** @param {string} name */
export const quoted = (name) => quoteName(name, quote);

/**
 * Reads the columns of a table or view, once. Errors: those of the query.
 *
 * @param {string} name
 * @returns {Promise<ResultColumn[]>}
 */
export function columnsOf(name) {
  const known = columns.get(name);
  if (known) return known;
  const reading = fetchAnswer('/api/query', { sql: `SELECT * FROM ${quoted(name)} WHERE FALSE` }).then(
    ({ value, error }) => {
      if (error) {
        columns.delete(name);
        throw new Error(error.message);
      }
      names.columns.set(
        name,
        value.columns.map((column) => column.name),
      );
      return value.columns;
    },
  );
  columns.set(name, reading);
  return reading;
}

/**
 * @param {NamedRelation} relation
 * @param {Editor} editor
 */
function relationItem({ name, description, columns: about }, editor) {
  const list = h('div', { class: 'columns' });
  const item = h(
    'details',
    {
      name: 'relation',
      async ontoggle() {
        if (!item.open || list.hasChildNodes()) return;
        list.replaceChildren(nothing('Reading …'));
        const found = await columnsOf(name).catch((/** @type {Error} */ error) => error);
        list.replaceChildren(
          ...(found instanceof Error
            ? [nothing(found.message)]
            : found.map((column) => columnButton(column, about[column.name], editor))),
        );
      },
    },
    h('summary', {}, h('code', {}, name)),
    h('p', { class: 'muted' }, description),
    h(
      'button',
      {
        class: 'quiet',
        'aria-label': `Example for ${name}`,
        onclick: () => editor.replace(exampleOf(quoted(name))),
      },
      'Example',
    ),
    h(
      'button',
      { class: 'quiet', 'aria-label': `Insert ${name}`, onclick: () => editor.insert(quoted(name)) },
      'Insert',
    ),
    list,
  );
  return item;
}

/**
 * @param {ResultColumn} column
 * @param {string | undefined} description
 * @param {Editor} editor
 */
function columnButton({ name, type }, description, editor) {
  return h(
    'button',
    { class: 'column', title: description, onclick: () => editor.insert(quoted(name)) },
    h('code', {}, name),
    h('span', { class: 'muted' }, type.toLowerCase()),
  );
}
