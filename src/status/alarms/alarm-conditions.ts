import { matchesReportType } from '../../config/report-types.js';
import { type Span, spanMs } from '../../yaml/span.js';
import type { AlarmsConfig } from '../../config/alarms-spec.js';
import { pluralize } from '../../text/pluralize.js';
import { catalogue } from '../../errors/reports-error.js';
import type { Condition } from './condition.js';
import { warningConditions } from './warning-conditions.js';
import { type RequestState, requestConditions, unknownRequestKeys } from './request-conditions.js';
import { notificationConditions, secretConditions } from './secret-conditions.js';
import {
  machineConditions,
  publishConditions,
  publishKey,
  unknownMachineKeys,
} from './machine-conditions.js';
import type { LoadSnapshot, Problem, QueueSnapshot, StatusSnapshot, TableFreshness } from '../types.js';

export interface Conditions {
  conditions: Condition[];
  /** The sources that could not be read now, each with the reason in one line. */
  unread: string[];
  /** Since when a queue or the warehouse can't be read, by the key of its condition. */
  troubles: Record<string, string>;
  /** Whether a condition that is missing is over; otherwise its state is unknown. */
  isKnown(key: string): boolean;
}

/** The input of the alarms. */
export interface AlarmSources {
  snapshot: StatusSnapshot;
  requests: RequestState[];
  /** Why the state of requests can't be read. */
  requestProblem?: Problem | undefined;
}

/** A problem that may be temporary is reported once it has lasted this long. */
const passingMs = 15 * 60_000;
/** The snapshot holds at most this many quarantined documents. */
const maxQuarantined = 100;

/** The alarms that were sent before. */
export interface PreviousAlarms {
  /**
   * Whether the condition was sent and is not over. A queue recovers at half its limit, so that one
   * near its limit does not raise an alarm every five minutes.
   */
  wasSent(key: string): boolean;
  /**
   * The troubles of the last check, possibly by another process: no single run lasts as long as a
   * problem that may be temporary.
   */
  troubles?: Conditions['troubles'];
}

/** Returns the conditions that are present now. */
export function conditionsOf(
  { snapshot, requests, requestProblem }: AlarmSources,
  settings: Pick<AlarmsConfig, 'staleAfter' | 'warnings' | 'queueMessages' | 'queueAge'>,
  { wasSent, troubles: before = {} }: PreviousAlarms,
): Conditions {
  const { ledger, problem, readAt } = snapshot.warehouse;
  const readings = [
    ...snapshot.queues.map((queue) => ({
      key: `unreachable/${queue.url}`,
      what: `queue ${queue.name}`,
      ...queue,
    })),
    { key: 'unreachable/warehouse', what: `the warehouse ${snapshot.warehouse.name}`, ...snapshot.warehouse },
    {
      key: 'unreachable/requests',
      what: 'the state of requests',
      readAt: snapshot.at,
      problem: requestProblem,
    },
    {
      key: 'unreachable/secrets',
      what: 'the state of client secrets',
      readAt: snapshot.at,
      problem: snapshot.notifications.problem,
    },
  ].map((reading) => readingSince(reading, before));
  const quarantined = ledger?.quarantined ?? [];
  const unknown = [
    ...(problem || readAt === undefined ? ['stale/', 'quarantine/', 'warning/'] : []),
    ...(quarantined.length >= maxQuarantined ? ['quarantine/'] : []),
    ...(requestProblem ? ['request/', 'outage/'] : []),
    ...unknownRequestKeys(requests),
    ...(snapshot.notifications.problem ? ['secret/', 'notification/'] : []),
    ...snapshot.queues.flatMap(({ url, messages, isDrained, problem: trouble }) => {
      const isUnread = trouble !== undefined || !messages;
      return [
        ...(isUnread ? [`queue/messages/${url}`] : []),
        // Only a drain receives messages: a run of one pipeline knows nothing about another's
        // queue.
        ...(isUnread || !isDrained ? [`queue/age/${url}`] : []),
      ];
    }),
    ...unknownMachineKeys(snapshot.pipelines),
    ...(snapshot.warehouse.published ? [] : [publishKey]),
    // A problem that is too recent to report is not over either.
    ...readings.filter(({ unread }) => unread !== undefined).map(({ key }) => key),
    // Only a login shows the state of credentials: a program that has just started knows of none.
    ...snapshot.sellers.flatMap(({ sellerId, credentials }) =>
      credentials.acceptedAt === undefined ? [`credentials/${sellerId}`] : [],
    ),
  ];
  return {
    conditions: [
      ...snapshot.tables.flatMap((table) => staleTable(table, settings.staleAfter, snapshot.at)),
      ...quarantines(quarantined),
      ...(ledger ? warningConditions(ledger, settings.warnings, snapshot.at) : []),
      ...snapshot.sellers.flatMap(({ sellerId, credentials }) =>
        credentials.refused ? [refusedLogin(sellerId, credentials.refused)] : [],
      ),
      ...snapshot.queues.flatMap((queue) => longQueue(queue, settings, snapshot.at, wasSent)),
      ...requestConditions(requests),
      ...secretConditions(snapshot.sellers, snapshot.at),
      ...notificationConditions(snapshot.notifications),
      ...machineConditions(snapshot.pipelines),
      ...publishConditions(snapshot.warehouse),
      ...readings.flatMap((reading) => unreachable(reading, snapshot.at)),
    ],
    unread: readings.flatMap(({ unread }) => unread ?? []),
    troubles: Object.fromEntries(
      readings.flatMap(({ key, since }) => (since === undefined ? [] : [[key, since]])),
    ),
    isKnown: (key) => !unknown.some((each) => (each.endsWith('/') ? key.startsWith(each) : key === each)),
  };
}

function staleTable(table: TableFreshness, staleAfter: AlarmsConfig['staleAfter'], at: string): Condition[] {
  const { ageSeconds, usualIntervalSeconds, lastMadeAt } = table;
  const limit = limitOf(table, staleAfter);
  if (limit === 'never') return [];
  const isStale = limit ? ageSeconds * 1000 > spanMs(limit) : table.isStale;
  if (!isStale) return [];
  const of = table.sellerId ? ` of ${table.sellerId}` : '';
  const usual =
    limit || usualIntervalSeconds === undefined
      ? ''
      : `; usually one arrives every ${duration(usualIntervalSeconds)}`;
  return [
    {
      key: `stale/${table.table}/${table.sellerId ?? ''}`,
      kind: 'stale_table',
      title: `Table ${table.table}${of} is stale`,
      text: `The newest report is ${duration(ageSeconds)} old${usual}. See \`sp-reports loads\`; \`sp-reports sweep\` loads reports whose notification never arrived.`,
      since: lastMadeAt > at ? at : lastMadeAt,
    },
  ];
}

function limitOf(
  { table, reportType }: TableFreshness,
  staleAfter: AlarmsConfig['staleAfter'],
): Span | 'never' | undefined {
  const named = staleAfter[table] ?? (reportType === null ? undefined : staleAfter[reportType]);
  if (named) return named;
  const pattern = Object.keys(staleAfter).find(
    (each) => each.includes('*') && matchesReportType([each], reportType ?? ''),
  );
  return pattern === undefined ? undefined : staleAfter[pattern];
}

/**
 * Returns one condition for each seller and report type: a thousand documents with the same fault
 * are one thing. It contains the code and never the reason, which may quote the document and would
 * end up where no purge reaches.
 */
function quarantines(loads: LoadSnapshot[]): Condition[] {
  const groups = new Map<string, LoadSnapshot[]>();
  for (const load of loads) {
    const key = `quarantine/${load.sellerId ?? ''}/${load.reportType ?? ''}`;
    groups.set(key, [...(groups.get(key) ?? []), load]);
  }
  return [...groups].map(([key, [newest, ...older]]) => {
    const { sellerId, reportType, reasonCode, remedy, loadedAt, documentId, reportId } =
      newest as LoadSnapshot;
    const why = [reasonCode ?? 'no reason given', ...(remedy ? [remedy.replace(/\.$/, '')] : [])].join('. ');
    const more = older.length > 0 ? ` and ${older.length} more` : '';
    const what = reportType ?? 'A message';
    return {
      key,
      kind: 'quarantine',
      title: `${what}${sellerId ? ` of ${sellerId}` : ''} is quarantined`,
      text: `${documentId ?? (reportId ? `report ${reportId}` : 'a message')}${more}: ${why}. See \`sp-reports loads --status quarantined\`.`,
      since: older.at(-1)?.loadedAt ?? loadedAt,
      mark: loadedAt,
    };
  });
}

function refusedLogin(sellerId: string, { message, since }: Problem): Condition {
  return {
    key: `credentials/${sellerId}`,
    kind: 'credentials',
    title: `Amazon refuses the login of ${sellerId}`,
    text: `${message}. ${catalogue.LOGIN_REFUSED.remedy}`,
    since,
  };
}

function longQueue(
  { url, name, messages, oldestMessage }: QueueSnapshot,
  { queueMessages, queueAge }: Pick<AlarmsConfig, 'queueMessages' | 'queueAge'>,
  at: string,
  wasSent: (key: string) => boolean,
): Condition[] {
  const conditions: Condition[] = [];
  const limitAs = (key: string, limit: number) => (wasSent(key) ? limit / 2 : limit);
  const next = 'See `sp-reports run`, and the schedule and limits of the pipeline.';
  const manyKey = `queue/messages/${url}`;
  if (messages && messages.visible > limitAs(manyKey, queueMessages)) {
    conditions.push({
      key: manyKey,
      kind: 'queue',
      title: `Queue ${name} is growing`,
      text: `Waiting: ${pluralize(messages.visible, 'message')}. ${next}`,
      since: at,
    });
  }
  const oldKey = `queue/age/${url}`;
  if (oldestMessage && oldestMessage.ageSeconds * 1000 > limitAs(oldKey, spanMs(queueAge))) {
    conditions.push({
      key: oldKey,
      kind: 'queue',
      title: `Queue ${name} has old messages`,
      text: `The oldest message left by the last drain is ${duration(oldestMessage.ageSeconds)} old. ${next}`,
      since: oldestMessage.sentAt,
    });
  }
  return conditions;
}

/** A queue or the warehouse, and the result of reading it. */
interface SourceReading {
  key: string;
  what: string;
  problem?: Problem;
  /** Why its state is unknown. */
  unread?: string;
  /** When the trouble began. */
  since?: string;
}

function readingSince(
  { key, what, problem, readAt }: Pick<SourceReading, 'key' | 'what' | 'problem'> & { readAt?: string },
  before: Conditions['troubles'],
): SourceReading {
  const earlier = before[key];
  if (problem) {
    const since = earlier !== undefined && earlier < problem.since ? earlier : problem.since;
    return { key, what, problem, since, unread: `${what}: ${problem.message}` };
  }
  if (readAt !== undefined) return { key, what };
  return { key, what, unread: `${what}: no answer yet`, since: earlier };
}

function unreachable({ key, what, problem, since = '' }: SourceReading, at: string): Condition[] {
  if (!problem) return [];
  const { code, message } = problem;
  const entry = Object.entries(catalogue).find(([name]) => name === code)?.[1];
  const isPassing = entry?.kind !== 'terminal';
  if (isPassing && Date.parse(at) - Date.parse(since) < passingMs) return [];
  const title = `${what.charAt(0).toUpperCase()}${what.slice(1)} cannot be read`;
  return [{ key, kind: 'unreachable', title, text: `${message}.`, since }];
}

/** `3 days`, `5 hours`, `12 minutes`. */
function duration(seconds: number): string {
  const units = [
    [86_400, 'day'],
    [3600, 'hour'],
    [60, 'minute'],
  ] as const;
  const [length, unit] = units.find(([each]) => seconds >= 2 * each) ?? [60, 'minute'];
  return pluralize(Math.round(seconds / length), unit);
}
