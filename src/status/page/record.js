import { valueText } from './chart-plan.js';
import { h, number } from './dom.js';

/** @import { ConsoleResult } from '../server/console.js' */

/**
 * Opens a row of a result with the whole text of each value; the arrows go to the other rows.
 *
 * @param {Pick<ConsoleResult, 'columns' | 'rows'>} result
 * @param {number} row
 * @param {number} [column] to begin with
 */
export function openRecord({ columns, rows }, row, column = 0) {
  let index = row;
  const title = h('h3', { id: 'record-title' });
  const values = h('dl', { tabindex: '0', 'aria-labelledby': 'record-title' });
  const [back, next] = [
    h('button', { 'aria-label': 'Row before', onclick: () => show(index - 1) }, '←'),
    h('button', { 'aria-label': 'Row after', onclick: () => show(index + 1) }, '→'),
  ];
  /** @type {HTMLDialogElement} */
  const dialog = h(
    'dialog',
    {
      class: 'record',
      'aria-labelledby': 'record-title',
      onclose: () => dialog.remove(),
      onclick(/** @type {MouseEvent} */ event) {
        // Beside the content is the dialog itself.
        if (event.target === dialog) dialog.close();
      },
      onkeydown(/** @type {KeyboardEvent} */ event) {
        if (event.key === 'ArrowLeft') show(index - 1);
        if (event.key === 'ArrowRight') show(index + 1);
      },
    },
    h(
      'div',
      { class: 'record-head' },
      title,
      back,
      next,
      h('button', { onclick: () => dialog.close() }, 'Close'),
    ),
    values,
  );

  /** @param {number} to */
  function show(to) {
    if (to < 0 || to >= rows.length) return;
    index = to;
    title.textContent = `Row ${number(index + 1)} of ${number(rows.length)}`;
    back.disabled = index === 0;
    next.disabled = index === rows.length - 1;
    values.replaceChildren(
      ...columns.flatMap(({ name, type }, place) => [
        h('dt', {}, name, ' ', h('span', { class: 'muted' }, type.toLowerCase())),
        h('dd', {}, wholeText(rows[index]?.[place])),
      ]),
    );
  }

  show(row);
  document.body.append(dialog);
  dialog.showModal();
  values.focus();
  values.querySelectorAll('dt')[column]?.scrollIntoView({ block: 'nearest' });
}

/** @param {unknown} value */
function wholeText(value) {
  if (value === null || value === undefined) return h('span', { class: 'null' }, 'NULL');
  return typeof value === 'object' ? JSON.stringify(value, undefined, 2) : valueText(value);
}
