import { ago, badge, byId, h, prose, show } from './dom.js';

/** @import { Problem, StatusSnapshot } from '../types.js' */

/**
 * Shows what keeps the program from working and what a person has to act on, each with the next
 * step. Before the first report, shows where reports come from.
 *
 * @param {StatusSnapshot} snapshot
 */
export function showProblems({ warehouse, commits, queues, sellers, notifications, pipelines }) {
  const problems = [
    ...problemOf('Warehouse', warehouse.problem),
    ...problemOf('Commits', commits.problem),
    ...problemOf('Copy for other tools', warehouse.published?.problem),
    ...queues.flatMap(({ name, problem }) => problemOf(`Queue ${name}`, problem)),
    ...sellers.flatMap(({ sellerId, name, credentials: { refused } }) =>
      problemOf(`Seller ${name ?? sellerId}`, refused),
    ),
    ...problemOf('Client secrets', notifications.problem),
    ...notifications.open.map(({ notificationType, path, keptAt }) => ({
      about: 'Notification of Amazon',
      code: notificationType,
      message: `kept in ${path}`,
      remedy: 'Act on it, let `sp-reports doctor` check the result, then delete the file.',
      since: keptAt,
    })),
  ];
  const isNew = problems.length === 0 && warehouse.readAt !== undefined && !warehouse.ledger;
  const nextAt = pipelines.flatMap(({ drain }) => drain.nextAt ?? []).sort()[0];
  show(byId('problems'), [problems, isNew, isNew && nextAt], () =>
    isNew ? welcome(nextAt) : problems.map(problemBox),
  );
}

/**
 * @param {string} about
 * @param {Problem | undefined} problem
 */
function problemOf(about, problem) {
  return problem ? [{ about, ...problem }] : [];
}

/** @param {Problem & { about: string }} problem */
function problemBox({ about, code, message, remedy, since }) {
  return h(
    'div',
    { class: 'problem', role: 'alert' },
    h(
      'p',
      {},
      h('strong', {}, about),
      ' ',
      badge('bad', code),
      h('span', { class: 'muted' }, ' since ', ago(since)),
    ),
    h('p', {}, message),
    remedy && h('p', { class: 'next' }, h('strong', {}, 'Next: '), prose(remedy)),
  );
}

/** @param {string | undefined} nextAt when the next drain is due */
function welcome(nextAt) {
  return h(
    'div',
    { class: 'card welcome' },
    h('h2', {}, 'Waiting for the first report'),
    h(
      'ul',
      {},
      h(
        'li',
        {},
        'Reports that Amazon finishes are loaded by themselves.',
        nextAt && [' The next drain is due ', ago(nextAt), '.'],
      ),
      h('li', {}, prose('`sp-reports sweep` loads reports that are finished already.')),
      h('li', {}, prose('`sp-reports load FILE` loads a document from disk.')),
      h('li', {}, prose('If nothing comes, `sp-reports doctor` finds out why.')),
    ),
  );
}
