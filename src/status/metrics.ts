import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';
import type { Run, RunWatch } from '../runs/run.js';
import type { LedgerEntry } from '../warehouse/types.js';
import type { StatusSnapshot } from './types.js';
import type { Outcome } from '../ingest/work-summary.js';
import { tablesWithRejects } from '../warehouse/ledger/ledger-entry.js';

export interface Metrics {
  /** The content type of `text`. */
  contentType: string;
  /** Call this as a run begins, to count what it does. */
  watch(run: Run): RunWatch;
  /** The metrics in Prometheus' text format. */
  text(): Promise<string>;
}

/**
 * Labels have few values: names from the settings, tables and fixed words. Nothing grows with the
 * number of documents.
 */
const counters = {
  sp_reports_documents_total: {
    labels: ['pipeline', 'outcome'],
    help: 'Messages and reports processed by drains, sweeps and request runs, by outcome',
  },
  sp_reports_rows_total: { labels: ['table'], help: 'Rows loaded, counted as parsed' },
  sp_reports_rejected_values_total: {
    labels: ['table'],
    help: 'Rejected values of a table',
  },
  sp_reports_downloaded_bytes_total: { labels: ['pipeline'], help: 'Bytes of documents downloaded' },
  sp_reports_runs_total: {
    labels: ['pipeline', 'kind', 'result'],
    help: 'Drains, sweeps and request runs that ended: succeeded; partly, if something will be retried; failed',
  },
  sp_reports_requested_reports_total: { labels: ['pipeline'], help: 'Reports requested from Amazon' },
} as const;

const gauges = {
  sp_reports_info: { labels: ['version'], help: 'Always 1; the version of the program' },
  sp_reports_last_run_timestamp_seconds: {
    labels: ['pipeline', 'kind'],
    help: 'Unix time at which the last drain, sweep or request run ended, whatever its result',
  },
  sp_reports_last_success_timestamp_seconds: {
    labels: ['pipeline', 'kind'],
    help: 'Unix time at which the last drain, sweep or request run ended that left nothing to retry',
  },
  sp_reports_last_run_delay_seconds: {
    labels: ['pipeline', 'kind'],
    help: 'Time from the tick of the last drain, sweep or request run until it began: more than a few seconds if it waited, or made up for a tick that was missed',
  },
  sp_reports_request_windows: {
    labels: ['pipeline', 'state'],
    help: 'Windows of requests by state: in_flight, backing_off (to be requested again), or abandoned',
  },
  sp_reports_quota_available: {
    labels: ['seller'],
    help: 'Calls of getReportDocument that the quota of a seller allows now',
  },
  sp_reports_credentials_refused: {
    labels: ['seller'],
    help: '1 while Amazon refuses the login of a seller, otherwise 0',
  },
  sp_reports_client_secret_expiry_timestamp_seconds: {
    labels: ['seller'],
    help: "Unix time at which the client secret of a seller's application expires at the latest",
  },
  sp_reports_queue_up: { labels: ['queue'], help: '1 if SQS answered the last request, otherwise 0' },
  sp_reports_queue_messages: {
    labels: ['queue', 'state'],
    help: 'Approximate number of messages on a queue by state: visible, in_flight or delayed',
  },
  sp_reports_queue_oldest_message_seconds: {
    labels: ['queue'],
    help: 'Age of the oldest message that the last drain received and did not delete; absent if there is none',
  },
  sp_reports_table_age_seconds: {
    labels: ['table', 'seller'],
    help: 'Time since Amazon made the newest loaded report of a table and seller',
  },
  sp_reports_table_usual_interval_seconds: {
    labels: ['table', 'seller'],
    help: 'Median time between the last reports of a table and seller; absent with fewer than four reports',
  },
  sp_reports_table_stale: {
    labels: ['table', 'seller'],
    help: '1 if no report arrived for three usual intervals plus an hour, otherwise 0',
  },
  sp_reports_quarantined_documents: {
    labels: ['reason'],
    help: 'Quarantined documents, by reason code',
  },
  sp_reports_warned_documents: {
    labels: ['code'],
    help: 'Documents in the ledger that were loaded with a warning, by its code',
  },
  sp_reports_warehouse_up: { labels: [], help: '1 if the last read of the ledger succeeded, otherwise 0' },
} as const;

const loadSeconds = {
  name: 'sp_reports_load_seconds',
  labels: ['outcome'],
  help: 'Time from the bytes of a document to its Parquet files, without the download',
  buckets: [0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 900],
};

/** Name, type, labels and meaning of each metric, for the documentation. */
export const metricDefinitions = [
  ...Object.entries(counters).map(([name, rest]) => ({ name, type: 'counter', ...rest })),
  { name: loadSeconds.name, type: 'histogram', labels: loadSeconds.labels, help: loadSeconds.help },
  ...Object.entries(gauges).map(([name, rest]) => ({ name, type: 'gauge', ...rest })),
].map(({ name, type, labels, help }) => ({ name, type, labels: [...labels] as string[], help }));

/**
 * Opens the metrics of the program and of its process. Reads the status only when the metrics are
 * read.
 */
export function openMetrics(readSnapshot: () => Promise<StatusSnapshot>): Metrics {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  const counter = madeOf(counters, (of) => new Counter({ ...of, registers: [registry] }));
  const gauge = madeOf(gauges, (of) => new Gauge({ ...of, registers: [registry] }));
  const { labels, ...histogram } = loadSeconds;
  const seconds = new Histogram({ ...histogram, labelNames: labels, registers: [registry] });

  function watch({ pipeline: { name: pipeline }, kind }: Run): RunWatch {
    const counted: Partial<Record<Outcome, number>> = {};
    const count = (outcome: Outcome, documents = 1) =>
      counter.sp_reports_documents_total.inc({ pipeline, outcome }, documents);
    const ended = (result: 'succeeded' | 'partly' | 'failed') =>
      counter.sp_reports_runs_total.inc({ pipeline, kind, result });
    return {
      onEvent(event) {
        if (event.event === 'bytes_downloaded') {
          counter.sp_reports_downloaded_bytes_total.inc({ pipeline }, event.bytes);
        } else if (event.event === 'work_finished') {
          count(event.outcome);
          counted[event.outcome] = (counted[event.outcome] ?? 0) + 1;
          if (event.entry) countEntry(event.entry);
        }
      },
      finished({ outcomes, failures }, requests) {
        if (requests) counter.sp_reports_requested_reports_total.inc({ pipeline }, requests.requested.length);
        // Work that needed no processing is only reported at the end.
        for (const [outcome, documents] of Object.entries(outcomes) as [Outcome, number][]) {
          count(outcome, documents - (counted[outcome] ?? 0));
        }
        ended(failures.length > 0 ? 'partly' : 'succeeded');
      },
      failed: () => ended('failed'),
    };
  }

  function countEntry(entry: LedgerEntry): void {
    const { status, durationMs } = entry;
    for (const { name: table, rows, rejects } of tablesWithRejects(entry)) {
      counter.sp_reports_rows_total.inc({ table }, rows);
      counter.sp_reports_rejected_values_total.inc({ table }, rejects);
    }
    if (durationMs !== null) seconds.observe({ outcome: status }, durationMs / 1000);
  }

  function set({ version, warehouse, tables, sellers, queues, pipelines }: StatusSnapshot): void {
    for (const each of Object.values(gauge)) each.reset();
    gauge.sp_reports_info.set({ version }, 1);
    gauge.sp_reports_warehouse_up.set({}, warehouse.readAt && !warehouse.problem ? 1 : 0);
    for (const { status, reasonCode, documents } of warehouse.ledger?.documents ?? []) {
      if (status !== 'quarantined') continue;
      gauge.sp_reports_quarantined_documents.set({ reason: reasonCode ?? 'UNEXPECTED' }, documents);
    }
    for (const { code, documents } of warehouse.ledger?.warnings ?? []) {
      gauge.sp_reports_warned_documents.inc({ code }, documents);
    }
    for (const { table, sellerId, ageSeconds, usualIntervalSeconds, isStale } of tables) {
      const of = { table, seller: sellerId ?? '' };
      gauge.sp_reports_table_age_seconds.set(of, ageSeconds);
      gauge.sp_reports_table_stale.set(of, isStale ? 1 : 0);
      if (usualIntervalSeconds !== undefined)
        gauge.sp_reports_table_usual_interval_seconds.set(of, usualIntervalSeconds);
    }
    for (const { sellerId: seller, quota, credentials } of sellers) {
      gauge.sp_reports_quota_available.set({ seller }, quota.available);
      gauge.sp_reports_credentials_refused.set({ seller }, credentials.refused ? 1 : 0);
      const { clientSecret } = credentials;
      if (clientSecret)
        gauge.sp_reports_client_secret_expiry_timestamp_seconds.set(
          { seller },
          Date.parse(clientSecret.expiresAt) / 1000,
        );
    }
    for (const { name: queue, messages, oldestMessage, problem } of queues) {
      gauge.sp_reports_queue_up.set({ queue }, messages && !problem ? 1 : 0);
      if (oldestMessage)
        gauge.sp_reports_queue_oldest_message_seconds.set({ queue }, oldestMessage.ageSeconds);
      if (!messages) continue;
      const states = { visible: messages.visible, in_flight: messages.inFlight, delayed: messages.delayed };
      for (const [state, number] of Object.entries(states)) {
        gauge.sp_reports_queue_messages.set({ queue, state }, number);
      }
    }
    for (const { name: pipeline, drain, sweep, request } of pipelines) {
      for (const [kind, schedule] of Object.entries({ drain, sweep, request })) {
        const of = { pipeline, kind };
        const { last, succeededAt } = schedule ?? {};
        if (last?.endedAt) gauge.sp_reports_last_run_timestamp_seconds.set(of, epochSeconds(last.endedAt));
        if (last?.dueAt) {
          const delaySeconds = epochSeconds(last.startedAt) - epochSeconds(last.dueAt);
          gauge.sp_reports_last_run_delay_seconds.set(of, Math.max(0, delaySeconds));
        }
        if (succeededAt) gauge.sp_reports_last_success_timestamp_seconds.set(of, epochSeconds(succeededAt));
      }
      for (const { inFlight, backingOff, abandoned } of request?.requests ?? []) {
        for (const [state, windows] of Object.entries({
          in_flight: inFlight,
          backing_off: backingOff,
          abandoned,
        }))
          gauge.sp_reports_request_windows.inc({ pipeline, state }, windows);
      }
    }
  }

  return {
    contentType: registry.contentType,
    watch,
    async text() {
      set(await readSnapshot());
      return registry.metrics();
    },
  };
}

type Definitions = Record<string, { labels: readonly string[]; help: string }>;

function madeOf<D extends Definitions, M>(
  definitions: D,
  make: (of: { name: string; help: string; labelNames: string[] }) => M,
): Record<keyof D, M> {
  const made = Object.entries(definitions).map(([name, { labels, help }]) => [
    name,
    make({ name, help, labelNames: [...labels] }),
  ]);
  return Object.fromEntries(made) as Record<keyof D, M>;
}

function epochSeconds(iso: string): number {
  return Date.parse(iso) / 1000;
}
