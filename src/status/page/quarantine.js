import { ago, badge, bodyOf, bytes, pluralize, firstOf, h, nothing, number, show, table } from './dom.js';
import { inQuarantine, sellerName } from './overview.js';
import { ask } from './server.js';

let jobs = [];
let snapshot;
let isWatching = false;
let isAskedFor = false;
/** What to do after a reload: the page reads anew. */
let refresh = () => {};

export function openQuarantine(onReloaded) {
  refresh = onReloaded;
  void watch();
}

/** Quarantined documents with their reasons, rejects and drift. */
export function showQuarantine(now) {
  snapshot = now;
  const { quarantined = [], rejects = [], drift: found = [] } = now.warehouse.ledger ?? {};
  // What is lost unless somebody sees to it comes before what reports may well lack.
  const drift = Object.keys(driftWords).flatMap((kind) => found.filter((each) => each.kind === kind));
  const all = inQuarantine(now);
  const names = new Map(now.sellers.map(({ sellerId, name }) => [sellerId, name]));
  const busy = jobs.filter(({ state }) => state !== 'done').map(({ key }) => key ?? '');
  show(bodyOf('quarantine'), [quarantined, all, busy], () => {
    if (quarantined.length === 0) return nothing('No document is in quarantine.');
    return [
      h(
        'p',
        { class: 'actions' },
        h(
          'span',
          {},
          all > quarantined.length
            ? `The last ${quarantined.length} of ${number(all)}.`
            : `${number(all)} in all.`,
        ),
        h(
          'button',
          { id: 'reload-all', disabled: busy.includes(''), onclick: () => reload({ quarantined: true }) },
          'Load all of them again',
        ),
      ),
      firstOf('quarantine', quarantined, 10, (rows) => quarantineTable(rows, names, busy)),
    ];
  });
  show(bodyOf('rejects'), rejects, () =>
    rejects.length === 0 ? nothing('No value was rejected.') : firstOf('rejects', rejects, 10, rejectsTable),
  );
  show(bodyOf('drift'), drift, () =>
    drift.length === 0 ? nothing('No drift in the last documents.') : firstOf('drift', drift, 10, driftTable),
  );
}

function quarantineTable(rows, names, busy) {
  return table(
    'Quarantined documents',
    [
      {
        title: 'Document',
        wrap: true,
        cell: (row) => [
          h('code', {}, row.reportType ?? 'message'),
          h('p', { class: 'muted id', title: row.key }, row.documentId ?? row.reportId ?? row.key),
        ],
      },
      { title: 'Seller', cell: ({ sellerId }) => sellerName(sellerId, names) },
      {
        title: 'Reason',
        wide: true,
        cell: (row) => [
          badge('bad', row.reasonCode ?? ''),
          h('p', { class: 'reason' }, row.reason ?? ''),
          row.remedy && h('p', { class: 'remedy' }, row.remedy),
        ],
      },
      { title: 'Size', number: true, cell: ({ rawBytes }) => (rawBytes === null ? '' : bytes(rawBytes)) },
      { title: 'Since', cell: ({ loadedAt }) => ago(loadedAt) },
      { title: '', cell: (row) => reloadButton(row, busy) },
    ],
    rows,
  );
}

/** A message without a document or a report is not to be loaded again. */
function reloadButton({ key, documentId, reportId }, busy) {
  if (!documentId && !reportId) return undefined;
  const isBusy = busy.includes(key) || busy.includes('');
  return h(
    'button',
    {
      id: `reload ${key}`,
      disabled: isBusy,
      'aria-label': `Load ${documentId ?? reportId} again`,
      onclick: () => reload({ key }),
    },
    isBusy ? 'Loading …' : 'Load again',
  );
}

function rejectsTable(rows) {
  return table(
    'Rejected values',
    [
      { title: 'Table', cell: (row) => h('code', {}, row.table) },
      {
        title: 'Column',
        cell: ({ column }) =>
          column === null ? h('span', { class: 'muted' }, 'whole rows') : h('code', {}, column),
      },
      { title: 'Reason', cell: ({ reason }) => reason },
      { title: 'Values', number: true, cell: ({ values }) => number(values) },
      { title: 'Last', cell: ({ lastLoadedAt }) => ago(lastLoadedAt) },
    ],
    rows,
  );
}

const driftWords = { added: 'unknown header', widened: 'wider type', missing: 'missing column' };

function driftTable(rows) {
  return table(
    'Drift',
    [
      { title: 'Table', cell: (row) => h('code', {}, row.table) },
      { title: 'What', cell: ({ kind }) => badge(kind === 'missing' ? 'warn' : 'plain', driftWords[kind]) },
      {
        title: 'Column',
        cell: ({ column, header, from, to }) => [
          h('code', {}, column),
          header !== undefined && h('span', { class: 'muted' }, ` “${header}”`),
          from !== undefined && h('span', { class: 'muted' }, ` ${from} → ${to}`),
        ],
      },
      {
        title: 'Documents',
        number: true,
        cell: ({ documents, ofDocuments }) => `${number(documents)} of ${number(ofDocuments)}`,
      },
      { title: 'Last', cell: ({ lastSeenAt }) => ago(lastSeenAt) },
    ],
    rows,
  );
}

async function reload(request) {
  const { error } = await ask('/api/reload', request);
  if (error) jobs = [{ id: -1, ...request, state: 'done', documents: [], error }, ...jobs];
  await watch();
}

/** Asks for the reloads until none is in work. One that is asked for meanwhile is watched too. */
async function watch() {
  isAskedFor = true;
  if (isWatching) return;
  isWatching = true;
  while (isAskedFor) {
    isAskedFor = false;
    const wasBusy = await watchOnce();
    if (wasBusy) await refresh();
  }
  isWatching = false;
}

async function watchOnce() {
  for (let wasBusy = false; ; wasBusy = true) {
    const { value } = await ask('/api/reloads');
    if (value) jobs = [...jobs.filter(({ id }) => id === -1), ...value];
    showJobs();
    if (jobs.every(({ state }) => state === 'done')) return wasBusy;
    await new Promise((resolve) => setTimeout(resolve, 500));
  }
}

const steps = { fetching: 'getting the document', parsing: 'parsing', committing: 'committing' };

function showJobs() {
  if (snapshot) showQuarantine(snapshot);
  const latest = jobs.slice(0, 5);
  show(document.getElementById('reloads'), latest, () =>
    latest.map((job) =>
      h(
        'div',
        { class: `job ${job.state}` },
        h('strong', {}, 'Loading again: '),
        job.key ?? 'all in quarantine',
        jobText(job),
      ),
    ),
  );
}

function jobText(job) {
  if (job.error) return h('p', {}, badge('bad', job.error.code), ` ${job.error.message}`);
  if (job.state === 'waiting') return h('p', {}, 'waiting for another one');
  if (job.state === 'running')
    return h('p', { class: 'busy' }, `${steps[job.step] ?? 'working'}, ${number(job.documents.length)} done`);
  const loaded = job.documents.filter(({ status }) => status === 'loaded' || status === 'empty');
  const others = job.documents.filter((each) => !loaded.includes(each));
  const rows = loaded.reduce((sum, each) => sum + each.rows, 0);
  return [
    loaded.length > 0 &&
      h(
        'p',
        {},
        badge('good', 'loaded'),
        ` ${pluralize(loaded.length, 'document')}, ${pluralize(rows, 'row')}`,
      ),
    ...others
      .slice(0, 5)
      .map(({ key, status, code, reason }) =>
        h('p', {}, badge('bad', status), job.key ? ' ' : ` ${key}: `, `${code}: ${reason}`),
      ),
    others.length > 5 && h('p', {}, `and ${number(others.length - 5)} more`),
  ];
}
