import {
  ago,
  badge,
  bodyOf,
  byId,
  bytes,
  pluralize,
  firstOf,
  h,
  nothing,
  number,
  show,
  table,
} from './dom.js';
import { inQuarantine, sellerName } from './overview.js';
import { fetchAnswer } from './server.js';

/** @import { LedgerSnapshot, LoadSnapshot, StatusSnapshot } from '../types.js' */
/** @import { ReloadJob, ReloadRequest } from '../server/reloads.js' */
/** @import { PageError } from '../server/page-api.js' */
/** @import { SellerNames } from './overview.js' */

/** The id of a job that the server refused, so that only the page knows it. */
const refusedId = -1;

/** @type {Job[]} */
let jobs = [];
/** @type {StatusSnapshot | undefined} */
let snapshot;
let isWatching = false;
let isWatchWanted = false;
/**
 * Called after a reload, to read the status again.
 *
 * @type {() => Promise<void>}
 */
let refresh = async () => {};

/** @typedef {'id' | 'key' | 'state' | 'step' | 'documents'} JobKey */
/** @typedef {Pick<ReloadJob, JobKey> & { error?: PageError }} Job */

/** @param {() => Promise<void>} onReloaded */
export function openQuarantine(onReloaded) {
  refresh = onReloaded;
  void watch();
}

/**
 * Shows quarantined documents with their reasons, rejects and drift.
 *
 * @param {StatusSnapshot} now
 */
export function showQuarantine(now) {
  snapshot = now;
  const { quarantined = [], rejects = [], drift: found = [] } = now.warehouse.ledger ?? {};
  // Drift that loses data comes first; a column that a report may well omit comes last.
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
            ? `The latest ${quarantined.length} of ${number(all)}.`
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
    drift.length === 0 ? nothing('No drift in recent documents.') : firstOf('drift', drift, 10, driftTable),
  );
}

/**
 * @param {LoadSnapshot[]} rows
 * @param {SellerNames} names
 * @param {string[]} busy keys of reloads in progress; empty for all of them
 */
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

/**
 * A message without a document or a report cannot be loaded again.
 *
 * @param {LoadSnapshot} row
 * @param {string[]} busy
 */
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

/** @param {LedgerSnapshot['rejects']} rows */
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

/** @param {LedgerSnapshot['drift']} rows */
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

/** @param {ReloadRequest} request */
async function reload(request) {
  const { error } = await fetchAnswer('/api/reload', request);
  if (error) jobs = [{ id: refusedId, ...request, state: 'done', documents: [], error }, ...jobs];
  await watch();
}

/** Polls the reloads until none is in progress, including those added meanwhile. */
async function watch() {
  isWatchWanted = true;
  if (isWatching) return;
  isWatching = true;
  while (isWatchWanted) {
    isWatchWanted = false;
    const wasBusy = await watchOnce();
    if (wasBusy) await refresh();
  }
  isWatching = false;
}

async function watchOnce() {
  for (let wasBusy = false; ; wasBusy = true) {
    const { value } = await fetchAnswer('/api/reloads');
    if (value) jobs = [...jobs.filter(({ id }) => id === refusedId), ...value];
    showJobs();
    if (jobs.every(({ state }) => state === 'done')) return wasBusy;
    await new Promise((resolve) => setTimeout(resolve, 500));
  }
}

const steps = { fetching: 'downloading', parsing: 'parsing', committing: 'committing' };

function showJobs() {
  if (snapshot) showQuarantine(snapshot);
  const latest = jobs.slice(0, 5);
  show(byId('reloads'), latest, () =>
    latest.map((job) =>
      h(
        'div',
        { class: `job ${job.state}` },
        h('strong', {}, 'Loading again: '),
        job.key ?? 'all quarantined documents',
        jobText(job),
      ),
    ),
  );
}

/** @param {Job} job */
function jobText(job) {
  if (job.error) return h('p', {}, badge('bad', job.error.code), ` ${job.error.message}`);
  if (job.state === 'waiting') return h('p', {}, 'waiting for another reload');
  if (job.state === 'running')
    return h(
      'p',
      { class: 'busy' },
      `${job.step ? steps[job.step] : 'working'}, ${number(job.documents.length)} done`,
    );
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
