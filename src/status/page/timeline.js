import { bodyOf, bytes, clockTime, pluralize, duration, h, nothing, number, show, svg } from './dom.js';
import { axisSteps } from './scales.js';

/** @import { LoadSnapshot, PipelineSnapshot, RunRecord, StatusSnapshot } from '../types.js' */

const spans = { '6 h': 6, '24 h': 24, '7 d': 168 };
let hours = 24;
/** @type {StatusSnapshot | undefined} */
let last;

/**
 * @typedef {object} Size in pixels
 * @property {number} width
 * @property {number} left
 * @property {number} right
 * @property {number} top
 * @property {number} documents the height of the bars of documents
 * @property {number} lane
 * @property {number} bar the top of a run within its lane
 * @property {number} axis
 *
 * @typedef {object} Lane
 * @property {string} pipeline
 * @property {RunRecord['kind']} kind
 */

/** @type {Size} */
const wide = { width: 960, left: 150, right: 12, top: 10, documents: 110, lane: 26, bar: 4, axis: 24 };
/**
 * On a phone a name is above its lane.
 *
 * @type {Omit<Size, 'width'>}
 */
const narrow = { left: 4, right: 4, top: 24, documents: 124, lane: 42, bar: 20, axis: 24 };
const isNarrow = window.matchMedia('(max-width: 40rem)');
const slots = 60;
/** From the bottom up. */
const kinds = /** @type {const} */ ([
  'loaded',
  'empty',
  'unloaded',
  'skipped',
  'cancelled',
  'fatal',
  'quarantined',
]);

/**
 * Shows documents over time by their status, above the runs of each pipeline.
 *
 * @param {StatusSnapshot} snapshot
 */
export function showTimeline(snapshot) {
  last = snapshot;
  const { warehouse, runs } = snapshot;
  const recent = warehouse.ledger?.recent ?? [];
  // Drawing once a minute is enough: drawing more often would hide the tooltip under the pointer.
  const minute = Math.floor(Date.parse(snapshot.at) / 60_000);
  const data = [
    ...[hours, minute, isNarrow.matches],
    ...[recent.length, recent[0]?.key, recent[0]?.loadedAt, runs.length, runs[0]],
  ];
  show(bodyOf('timeline'), data, () => [
    chooser(),
    recent.length + runs.length > 0 ? draw(snapshot) : nothing('Nothing has happened yet.'),
    legend(recent),
  ]);
}

isNarrow.addEventListener('change', () => {
  if (last) showTimeline(last);
});

function chooser() {
  return h(
    'div',
    { class: 'choice', role: 'group', 'aria-label': 'How far back' },
    ...Object.entries(spans).map(([text, span]) =>
      h(
        'button',
        {
          id: `span-${span}`,
          'aria-pressed': String(span === hours),
          onclick() {
            hours = span;
            if (last) showTimeline(last);
          },
        },
        text,
      ),
    ),
  );
}

/** @param {LoadSnapshot[]} recent */
function legend(recent) {
  const met = kinds.filter((kind) => recent.some(({ status }) => status === kind));
  return h('p', { class: 'legend' }, ...met.map((kind) => h('span', { class: `key s-${kind}` }, kind)));
}

/** @param {StatusSnapshot} snapshot */
function draw({ at, warehouse, runs, pipelines }) {
  const endMs = Date.parse(at);
  const startMs = endMs - hours * 3_600_000;
  const size = isNarrow.matches ? { ...narrow, width: bodyOf('timeline').clientWidth } : wide;
  const inner = size.width - size.left - size.right;
  const x = (/** @type {number} */ ms) =>
    size.left + (Math.max(0, Math.min(endMs, ms) - startMs) / (endMs - startMs)) * inner;
  const lanes = pipelines.flatMap((pipeline) =>
    kindsOf(pipeline).map((kind) => ({ pipeline: pipeline.name, kind })),
  );
  const height = size.documents + 14 + lanes.length * size.lane + size.axis;
  return h(
    'div',
    { class: 'scroll', 'data-from': 'end', tabindex: '0', role: 'region', 'aria-label': 'Timeline' },
    svg(
      'svg',
      {
        class: 'chart timeline',
        viewBox: `0 0 ${size.width} ${height}`,
        role: 'img',
        'aria-label': `The last ${hours} hours: ${summary(warehouse.ledger?.recent ?? [], startMs)}`,
      },
      ...hourMarks(startMs, endMs).map(({ ms, text }) => [
        svg('line', { class: 'grid', x1: x(ms), x2: x(ms), y1: 8, y2: height - size.axis }),
        // At an edge, half of the text would be cut off.
        x(ms) > 18 &&
          x(ms) < size.width - 18 &&
          svg('text', { class: 'axis', x: x(ms), y: height - 7, 'text-anchor': 'middle' }, text),
      ]),
      ...documents(warehouse.ledger?.recent ?? [], startMs, endMs, size),
      ...lanes.flatMap((lane, index) =>
        laneOf(lane, size.documents + 14 + index * size.lane, runs, { startMs, endMs, x, size }),
      ),
    ),
  );
}

/**
 * @param {PipelineSnapshot} pipeline
 * @returns {RunRecord['kind'][]}
 */
function kindsOf({ sweep, request }) {
  return [
    'drain',
    ...(sweep ? /** @type {const} */ (['sweep']) : []),
    ...(request ? /** @type {const} */ (['request']) : []),
  ];
}

/**
 * Describes the picture in words.
 *
 * @param {LoadSnapshot[]} recent
 * @param {number} startMs
 */
function summary(recent, startMs) {
  const since = recent.filter(({ loadedAt }) => Date.parse(loadedAt) >= startMs);
  const counts = kinds.map((kind) => ({ kind, count: since.filter(({ status }) => status === kind).length }));
  const parts = counts.filter(({ count }) => count > 0).map(({ count, kind }) => `${number(count)} ${kind}`);
  return parts.join(', ') || 'no documents';
}

/**
 * @param {LoadSnapshot[]} recent
 * @param {number} startMs
 * @param {number} endMs
 * @param {Size} size
 */
function documents(recent, startMs, endMs, size) {
  const slotMs = (endMs - startMs) / slots;
  const counts = Array.from({ length: slots }, () => /** @type {Partial<Record<string, number>>} */ ({}));
  for (const { loadedAt, status } of recent) {
    const index = Math.floor((Date.parse(loadedAt) - startMs) / slotMs);
    const slot = counts[Math.min(slots - 1, index)];
    if (slot) slot[status] = (slot[status] ?? 0) + 1;
  }
  const sum = (/** @type {Partial<Record<string, number>>} */ slot) =>
    kinds.reduce((total, kind) => total + (slot[kind] ?? 0), 0);
  const steps = axisSteps(0, Math.max(...counts.map(sum)));
  const high = steps.at(-1) ?? 1;
  const y = (/** @type {number} */ value) => size.top + (size.documents - size.top) * (1 - value / high);
  const width = (size.width - size.left - size.right) / slots;
  return [
    ...(size === wide
      ? [
          svg('text', { class: 'lane', x: 0, y: size.documents - 4 }, 'documents'),
          svg('text', { class: 'axis', x: size.left - 8, y: 18, 'text-anchor': 'end' }, number(high)),
        ]
      : [svg('text', { class: 'lane', x: size.left, y: 14 }, `documents, 0 to ${number(high)}`)]),
    svg('line', {
      class: 'ground',
      x1: size.left,
      x2: size.width - size.right,
      y1: size.documents,
      y2: size.documents,
    }),
    ...counts.flatMap((slot, index) => {
      let ground = 0;
      const parts = kinds.filter((kind) => slot[kind]).map((kind) => `${number(slot[kind] ?? 0)} ${kind}`);
      const from = clockTime(new Date(startMs + index * slotMs).toISOString());
      return kinds.map((kind) => {
        const count = slot[kind];
        if (!count) return undefined;
        const [bottom, top] = [y(ground), y(ground + count)];
        ground += count;
        return svg(
          'rect',
          {
            class: `s-${kind}`,
            x: size.left + index * width + 1,
            y: top,
            width: width - 2,
            height: bottom - top,
            rx: 1.5,
          },
          svg('title', {}, `${from}: ${parts.join(', ')}`),
        );
      });
    }),
  ];
}

/**
 * @param {Lane} lane
 * @param {number} top
 * @param {RunRecord[]} runs
 * @param {{ startMs: number, endMs: number, x: (ms: number) => number, size: Size }} scale
 */
function laneOf({ pipeline, kind }, top, runs, { startMs, endMs, x, size }) {
  const own = runs.filter((run) => run.pipeline === pipeline && run.kind === kind);
  return [
    svg('text', { class: 'lane', x: size === wide ? 0 : size.left, y: top + 16 }, `${kind} ${pipeline}`),
    svg('line', {
      class: 'grid',
      x1: size.left,
      x2: size.width - size.right,
      y1: top + size.bar + 8,
      y2: top + size.bar + 8,
    }),
    ...own.map((run) => {
      const begunMs = Date.parse(run.startedAt);
      const endedMs = run.endedAt ? Date.parse(run.endedAt) : endMs;
      if (endedMs < startMs) return undefined;
      const left = x(begunMs);
      return svg(
        'rect',
        {
          class: `run ${stateOf(run)}`,
          x: left,
          y: top + size.bar,
          width: Math.max(3, x(endedMs) - left),
          height: 16,
          rx: 3,
        },
        svg('title', {}, runText(run, (endedMs - begunMs) / 1000)),
      );
    }),
  ];
}

/** @param {Pick<RunRecord, 'error' | 'failures' | 'endedAt'>} run */
export function stateOf({ error, failures, endedAt }) {
  if (error) return 'bad';
  if (failures.length > 0) return 'warn';
  return endedAt ? 'good' : 'running';
}

/** @param {Pick<RunRecord, 'outcomes' | 'requests' | 'error' | 'endedAt'>} run */
export function outcomesText({ outcomes, requests, error, endedAt }) {
  if (error) return `${error.code}: ${error.message}`;
  const requested = [
    requests?.requested && `${number(requests.requested)} requested`,
    requests?.postponed && `${number(requests.postponed)} postponed`,
  ];
  const counts = Object.entries(outcomes).map(([outcome, count]) => `${number(count)} ${outcome}`);
  return [...requested, ...counts].filter(Boolean).join(', ') || (endedAt ? 'nothing to do' : 'running');
}

/**
 * How late a run began, if that was more than a minute after its tick.
 *
 * @param {Pick<RunRecord, 'dueAt' | 'startedAt'>} run
 */
export function lateText({ dueAt, startedAt }) {
  const seconds = dueAt ? (Date.parse(startedAt) - Date.parse(dueAt)) / 1000 : 0;
  return seconds > 60 ? `, ${duration(seconds)} late` : '';
}

/**
 * @param {RunRecord} run
 * @param {number} seconds
 */
function runText(run, seconds) {
  const loaded = run.rows > 0 ? `, ${pluralize(run.rows, 'row')}, ${bytes(run.bytes)}` : '';
  return `${clockTime(run.startedAt)}${lateText(run)}, ${duration(seconds)}: ${outcomesText(run)}${loaded}`;
}

/**
 * Returns about six round times in the reader's own time zone.
 *
 * @param {number} startMs
 * @param {number} endMs
 */
function hourMarks(startMs, endMs) {
  const stepMs = (hours > 24 ? 24 : hours / 6) * 3_600_000;
  const zoneMs = new Date(endMs).getTimezoneOffset() * 60_000;
  const marks = [];
  for (let ms = Math.ceil((startMs - zoneMs) / stepMs) * stepMs + zoneMs; ms < endMs; ms += stepMs) {
    const time = new Date(ms);
    const text =
      hours > 24
        ? time.toLocaleDateString('en', { weekday: 'short', day: 'numeric' })
        : time.toLocaleTimeString('en', { hour: '2-digit', minute: '2-digit', hour12: false });
    marks.push({ ms, text });
  }
  return marks;
}
