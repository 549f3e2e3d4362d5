import { openConsole } from './console.js';
import { ago, count, h, number, show } from './dom.js';
import { inQuarantine, showOverview } from './overview.js';
import { openQuarantine, showQuarantine } from './quarantine.js';
import { showQueues } from './queues.js';
import { abandonedWindows, showRequests } from './requests.js';
import { ask } from './server.js';
import { showTimeline } from './timeline.js';

/** The server reads nothing anew for it where nothing has changed. */
const everyMs = 10_000;
let timer;

async function refresh() {
  clearTimeout(timer);
  const { value: facts, error } = await ask('/api/facts');
  if (facts) showFacts(facts);
  else showState('bad', error.message);
  if (!document.hidden) timer = setTimeout(refresh, everyMs);
}

function showFacts(facts) {
  showOverview(facts);
  showTimeline(facts);
  showQueues(facts);
  showRequests(facts);
  showQuarantine(facts);
  const running = facts.runs.filter(({ endedAt }) => !endedAt);
  const problems = [
    facts.warehouse.problem,
    ...facts.queues.map(({ problem }) => problem),
    ...facts.sellers.map(({ credentials }) => credentials.refused),
  ].filter(Boolean);
  const stale = facts.tables.filter(({ isStale }) => isStale).length;
  const quarantined = inQuarantine(facts);
  const abandoned = abandonedWindows(facts);
  const toDo = [
    stale > 0 && count(stale, 'stale table'),
    quarantined > 0 && `${number(quarantined)} in quarantine`,
    abandoned > 0 && `${count(abandoned, 'abandoned request window')}`,
  ].filter(Boolean);
  if (problems.length > 0) showState('bad', count(problems.length, 'problem'));
  else if (running.length > 0)
    showState(
      'running',
      `${running.map(({ kind, pipeline }) => `${kind} of ${pipeline}`).join(', ')} running`,
    );
  else if (toDo.length > 0) showState('warn', toDo.join(', '));
  else showState('good', 'Running, all is well');
  document.getElementById('logout').hidden = !facts.hasToken;
  const { warehouse, version, startedAt, consoleLimits } = facts;
  show(document.getElementById('footer'), [warehouse.readAt, warehouse.name, version, startedAt], () => [
    h(
      'p',
      {},
      `sp-reports ${version}, started `,
      ago(startedAt),
      `. Warehouse: ${warehouse.name}`,
      warehouse.readAt ? [', read ', ago(warehouse.readAt)] : ', not read yet',
      '.',
    ),
  ]);
  document.getElementById('query-about').textContent =
    `SQL on the warehouse. It can change nothing; an answer shows ${consoleLimits.rows.toLocaleString('en')} rows and takes ${consoleLimits.seconds} s at most.`;
}

function showState(kind, text) {
  show(document.getElementById('state'), [kind, text], () => [h('span', { class: `dot ${kind}` }), text]);
}

document.addEventListener('visibilitychange', () => {
  if (!document.hidden) void refresh();
});
openConsole();
openQuarantine(refresh);
void refresh();
