import { bodyOf, bytes, clockTime, count, duration, h, nothing, number, show, svg } from './dom.js';
import { axisSteps } from './charts.js';

const spans = { '6 h': 6, '24 h': 24, '7 d': 168 };
let hours = 24;
let last;

const wide = { width: 960, left: 150, right: 12, top: 10, documents: 110, lane: 26, bar: 4, axis: 24 };
/** On a phone names stand above what they name. */
const narrow = { left: 4, right: 4, top: 24, documents: 124, lane: 42, bar: 20, axis: 24 };
const isNarrow = window.matchMedia('(max-width: 40rem)');
const slots = 60;
/** From the ground up. */
const kinds = ['loaded', 'empty', 'skipped', 'cancelled', 'fatal', 'quarantined'];

/** Documents over time, by what became of them, above the runs of each pipeline. */
export function showTimeline(facts) {
  last = facts;
  const { warehouse, runs } = facts;
  const recent = warehouse.ledger?.recent ?? [];
  // The minute is enough: drawing anew with every reading would take the pointer's tip away.
  const minute = Math.floor(Date.parse(facts.at) / 60_000);
  const data = [
    ...[hours, minute, isNarrow.matches],
    ...[recent.length, recent[0]?.key, recent[0]?.loadedAt, runs.length, runs[0]],
  ];
  show(bodyOf('timeline'), data, () => [
    chooser(),
    recent.length + runs.length > 0 ? draw(facts) : nothing('Nothing has happened yet.'),
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
            showTimeline(last);
          },
        },
        text,
      ),
    ),
  );
}

function legend(recent) {
  const met = kinds.filter((kind) => recent.some(({ status }) => status === kind));
  return h('p', { class: 'legend' }, ...met.map((kind) => h('span', { class: `key s-${kind}` }, kind)));
}

function draw({ at, warehouse, runs, pipelines }) {
  const endMs = Date.parse(at);
  const startMs = endMs - hours * 3_600_000;
  const size = isNarrow.matches ? { ...narrow, width: bodyOf('timeline').clientWidth } : wide;
  const inner = size.width - size.left - size.right;
  const x = (ms) => size.left + (Math.max(0, Math.min(endMs, ms) - startMs) / (endMs - startMs)) * inner;
  const lanes = pipelines.flatMap(({ name, sweep, request }) => [
    { pipeline: name, kind: 'drain' },
    ...(sweep ? [{ pipeline: name, kind: 'sweep' }] : []),
    ...(request ? [{ pipeline: name, kind: 'request' }] : []),
  ]);
  const height = size.documents + 14 + lanes.length * size.lane + size.axis;
  return h(
    'div',
    { class: 'scroll', 'data-from': 'end', tabindex: '0', role: 'region', 'aria-label': 'Time line' },
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
        // At an edge half of it would be cut off.
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

/** What the picture shows, in words. */
function summary(recent, startMs) {
  const since = recent.filter(({ loadedAt }) => Date.parse(loadedAt) >= startMs);
  const counts = kinds.map((kind) => [since.filter(({ status }) => status === kind).length, kind]);
  const told = counts.filter(([count]) => count > 0).map(([count, kind]) => `${number(count)} ${kind}`);
  return told.join(', ') || 'no documents';
}

function documents(recent, startMs, endMs, size) {
  const slotMs = (endMs - startMs) / slots;
  const counts = Array.from({ length: slots }, () => ({}));
  for (const { loadedAt, status } of recent) {
    const slot = Math.min(slots - 1, Math.floor((Date.parse(loadedAt) - startMs) / slotMs));
    if (slot >= 0) counts[slot][status] = (counts[slot][status] ?? 0) + 1;
  }
  const sum = (slot) => Object.values(slot).reduce((total, each) => total + each, 0);
  const steps = axisSteps(Math.max(...counts.map(sum)));
  const high = steps.at(-1);
  const y = (value) => size.top + (size.documents - size.top) * (1 - value / high);
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
      const told = kinds.filter((kind) => slot[kind]).map((kind) => `${number(slot[kind])} ${kind}`);
      const from = clockTime(new Date(startMs + index * slotMs).toISOString());
      return kinds.map((kind) => {
        if (!slot[kind]) return undefined;
        const [bottom, top] = [y(ground), y(ground + slot[kind])];
        ground += slot[kind];
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
          svg('title', {}, `${from}: ${told.join(', ')}`),
        );
      });
    }),
  ];
}

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
      const [begunMs, endedMs] = [Date.parse(run.startedAt), run.endedAt ? Date.parse(run.endedAt) : endMs];
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

export function stateOf({ error, failures, endedAt }) {
  if (error) return 'bad';
  if (failures.length > 0) return 'warn';
  return endedAt ? 'good' : 'running';
}

export function outcomesText({ outcomes, requests = {}, error, endedAt }) {
  if (error) return `${error.code}: ${error.message}`;
  const requested = [
    requests.asked && `${number(requests.asked)} requested`,
    requests.left && `${number(requests.left)} postponed`,
  ];
  const counts = Object.entries(outcomes).map(([outcome, count]) => `${number(count)} ${outcome}`);
  return [...requested, ...counts].filter(Boolean).join(', ') || (endedAt ? 'nothing to do' : 'running');
}

function runText(run, seconds) {
  const loaded = run.rows > 0 ? `, ${count(run.rows, 'row')}, ${bytes(run.bytes)}` : '';
  return `${clockTime(run.startedAt)}, ${duration(seconds)}: ${outcomesText(run)}${loaded}`;
}

/** Round times, six or so, in the reader's own zone. */
function hourMarks(startMs, endMs) {
  const stepMs = { 6: 1, 24: 4, 168: 24 }[hours] * 3_600_000;
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
