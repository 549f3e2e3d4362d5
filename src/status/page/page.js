import { openConsole, showConsole } from './console.js';
import { showCoverage } from './coverage.js';
import { ago, byId, h, number, pluralize, show } from './dom.js';
import { inQuarantine, showOverview, warnedLately } from './overview.js';
import { showPictures } from './pictures.js';
import { showProblems } from './problems.js';
import { openQuarantine, showQuarantine } from './quarantine.js';
import { showQueues } from './queues.js';
import { abandonedWindows, showRequests } from './requests.js';
import { fetchAnswer } from './server.js';
import { showWarnings } from './warnings.js';
import { showTimeline } from './timeline.js';

/** @import { PageSnapshot } from '../server/page-api.js' */

/** Frequent requests are cheap: the server reads nothing again if nothing has changed. */
const everyMs = 10_000;
/** @type {ReturnType<typeof setTimeout> | undefined} */
let timer;

async function refresh() {
  clearTimeout(timer);
  const { value: snapshot, error } = await fetchAnswer('/api/status');
  if (snapshot) showSnapshot(snapshot);
  else showState('bad', error.message);
  if (!document.hidden) timer = setTimeout(refresh, everyMs);
}

/** @param {PageSnapshot} snapshot */
function showSnapshot(snapshot) {
  showProblems(snapshot);
  showOverview(snapshot);
  showCoverage(snapshot);
  showTimeline(snapshot);
  showQueues(snapshot);
  showRequests(snapshot);
  showQuarantine(snapshot);
  showWarnings(snapshot);
  void showPictures(snapshot);
  void showConsole(snapshot);
  const running = snapshot.runs.filter(({ endedAt }) => !endedAt);
  const problems = [
    snapshot.warehouse.problem,
    snapshot.commits.problem,
    snapshot.warehouse.published?.problem,
    ...snapshot.queues.map(({ problem }) => problem),
    ...snapshot.sellers.map(({ credentials }) => credentials.refused),
  ].filter(Boolean);
  const stale = snapshot.tables.filter(({ isStale }) => isStale).length;
  const quarantined = inQuarantine(snapshot);
  const abandoned = abandonedWindows(snapshot);
  const warned = warnedLately(snapshot).length;
  const dueSecrets = snapshot.sellers.filter(({ credentials }) => credentials.clientSecret?.isDue).length;
  const toDo = [
    snapshot.notifications.open.length > 0 &&
      `${pluralize(snapshot.notifications.open.length, 'notification')} of Amazon to act on`,
    dueSecrets > 0 && `${pluralize(dueSecrets, 'seller')} whose client secret expires soon`,
    stale > 0 && pluralize(stale, 'stale table'),
    quarantined > 0 && `${number(quarantined)} in quarantine`,
    warned > 0 && `${pluralize(warned, 'new document')} with warnings`,
    abandoned > 0 && `${pluralize(abandoned, 'abandoned request window')}`,
  ].filter(Boolean);
  if (problems.length > 0) showState('bad', pluralize(problems.length, 'problem'));
  else if (running.length > 0)
    showState(
      'running',
      `${running.map(({ kind, pipeline }) => `${kind} of ${pipeline}`).join(', ')} running`,
    );
  else if (toDo.length > 0) showState('warn', someOf(toDo));
  else if (snapshot.warehouse.ledger) showState('good', 'Running, all is well');
  else showState('good', 'Running, nothing loaded yet');
  byId('logout').hidden = !snapshot.hasToken;
  const { warehouse, version, startedAt, consoleLimits } = snapshot;
  const { published } = warehouse;
  show(byId('footer'), [warehouse.readAt, warehouse.name, published, version, startedAt], () => [
    h(
      'p',
      {},
      `sp-reports ${version}, started `,
      ago(startedAt),
      `. Warehouse: ${warehouse.name}`,
      warehouse.readAt ? [', read ', ago(warehouse.readAt)] : ', not read yet',
      published && `. Copy: ${published.path}`,
      published && (published.at ? [', made ', ago(published.at)] : ', not made yet'),
      '.',
    ),
  ]);
  byId('query-about').textContent =
    `Read-only SQL on the warehouse. Results show at most ${consoleLimits.rows.toLocaleString('en')} rows; queries may take at most ${consoleLimits.seconds} s.`;
}

/**
 * The first two things, because a phone has no room for more.
 *
 * @param {(string | false)[]} things
 */
function someOf(things) {
  const more = things.length - 2;
  return `${things.slice(0, 2).join(', ')}${more > 0 ? `, and ${more} more` : ''}`;
}

/**
 * @param {string} kind
 * @param {string} text
 */
function showState(kind, text) {
  show(byId('state'), [kind, text], () => [h('span', { class: `dot ${kind}` }), text]);
}

document.addEventListener('visibilitychange', () => {
  if (!document.hidden) void refresh();
});
openConsole();
openQuarantine(refresh);
void refresh();
