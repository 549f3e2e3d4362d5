import { complete, usedRelations } from './completion.js';
import { h } from './dom.js';
import { columnsOf, names, quoted } from './relations.js';

/**
 * Adds completion to an editor: a list below the caret while a word is typed, or on Ctrl+Space. Tab
 * takes the marked name; arrows move the mark, after which Enter takes it too; Escape closes the
 * list.
 *
 * @param {HTMLTextAreaElement} text
 * @returns {HTMLElement} the list, which belongs beside the editor
 */
export function completeIn(text) {
  const list = h('ul', { id: 'completions', class: 'completions', role: 'listbox', 'aria-label': 'Names' });
  list.hidden = true;
  /** @type {string[]} */
  let found = [];
  let from = 0;
  let marked = 0;
  let isMoved = false;
  /** Whether the last thing that the user did was to type. */
  let isTyping = false;

  function close() {
    isTyping = false;
    if (list.hidden) return;
    list.hidden = true;
    for (const name of ['role', 'aria-multiline', 'aria-expanded', 'aria-controls', 'aria-activedescendant'])
      text.removeAttribute(name);
  }

  function draw() {
    list.replaceChildren(
      ...found.map((name, index) =>
        h(
          'li',
          {
            id: `completion-${index}`,
            role: 'option',
            'aria-selected': String(index === marked),
            onpointerdown(/** @type {PointerEvent} */ event) {
              // Keeps the focus in the editor.
              event.preventDefault();
              take(index);
            },
          },
          name,
        ),
      ),
    );
    list.children[marked]?.scrollIntoView({ block: 'nearest' });
    text.setAttribute('aria-activedescendant', `completion-${marked}`);
  }

  function open() {
    // A text area by itself has no list.
    for (const [name, value] of Object.entries({
      role: 'combobox',
      'aria-multiline': 'true',
      'aria-expanded': 'true',
      'aria-controls': list.id,
    }))
      text.setAttribute(name, value);
    list.hidden = false;
    draw();
    const { left, top } = placeOf(text, from);
    list.style.setProperty('--left', `${Math.max(0, Math.min(left, text.clientWidth - list.offsetWidth))}px`);
    list.style.setProperty('--top', `${top}px`);
  }

  /** @param {boolean} isAsked */
  function suggest(isAsked) {
    if (text.selectionStart !== text.selectionEnd) return close();
    const completion = complete(text.value, text.selectionStart, names, { isAsked });
    ({ from, names: found } = completion);
    marked = 0;
    isMoved = false;
    if (found.length > 0) open();
    else close();
    isTyping = true;
  }

  /** @param {number} index */
  function take(index) {
    const name = found[index];
    if (name === undefined) return;
    text.setRangeText(quoted(name), from, text.selectionStart, 'end');
    close();
    learn();
  }

  /** Reads the columns of the tables that the query names, and suggests those that come late. */
  function learn() {
    for (const { relation } of usedRelations(text.value, names.relations)) {
      if (names.columns.has(relation)) continue;
      columnsOf(relation).then(
        () => isTyping && !isMoved && suggest(false),
        () => {},
      );
    }
  }

  /** @param {number} by */
  function move(by) {
    marked = (marked + by + found.length) % found.length;
    isMoved = true;
    draw();
  }

  text.addEventListener('input', () => {
    learn();
    suggest(false);
  });
  text.addEventListener('blur', close);
  text.addEventListener('click', close);
  text.addEventListener('keydown', (event) => {
    if (event.key === ' ' && event.ctrlKey) {
      event.preventDefault();
      learn();
      return suggest(true);
    }
    if (list.hidden || event.ctrlKey || event.metaKey || event.altKey) return close();
    if (event.key === 'ArrowDown') move(1);
    else if (event.key === 'ArrowUp') move(-1);
    else if (event.key === 'Escape') close();
    else if ((event.key === 'Tab' && !event.shiftKey) || (event.key === 'Enter' && isMoved)) take(marked);
    else {
      if (['ArrowLeft', 'ArrowRight', 'Home', 'End', 'Enter', 'Tab'].includes(event.key)) close();
      return;
    }
    event.preventDefault();
  });
  return list;
}

/**
 * Where a character of an editor is, in pixels from the editor's corner to below the character.
 *
 * @param {HTMLTextAreaElement} text
 * @param {number} index
 */
function placeOf(text, index) {
  const style = getComputedStyle(text);
  const mirror = h('div', { class: 'mirror', 'aria-hidden': 'true' }, text.value.slice(0, index));
  const mark = h('span', {}, text.value.slice(index) || '.');
  mirror.append(mark);
  for (const name of ['font', 'line-height', 'padding', 'border-width', 'width'])
    mirror.style.setProperty(name, style.getPropertyValue(name));
  text.after(mirror);
  const lineHeight = Number.parseFloat(style.lineHeight) || 20;
  const place = { left: mark.offsetLeft, top: mark.offsetTop - text.scrollTop + lineHeight + 2 };
  mirror.remove();
  return place;
}
