import { asksFor } from '../config/report-types.js';
import { type Span, spanMs } from '../config/span.js';
import type { AlarmsConfig } from '../config/alarms-spec.js';
import { count } from '../count.js';
import { catalogue } from '../errors.js';
import type { Progress } from '../pipeline/requests/book.js';
import { sellerOf } from '../pipeline/requests/plan.js';
import { machineConditions, unknownMachineKeys } from './machine-conditions.js';
import type { LoadFacts, Problem, QueueFacts, StatusFacts, TableFreshness } from './types.js';

export type AlarmKind =
  | 'stale_table'
  | 'quarantine'
  | 'credentials'
  | 'queue'
  | 'request'
  | 'machine'
  | 'unreachable';

/** Something that somebody should know of, as long as it lasts. */
export interface Condition {
  /** The same as long as it is the same thing. */
  key: string;
  kind: AlarmKind;
  /** One line, without a full stop. */
  title: string;
  /** What to know, and what to do next. */
  text: string;
  /** ISO 8601. */
  since: string;
  /** A later one than was told of is news again: the time of the newest quarantined document, say. */
  mark?: string;
}

export interface Conditions {
  conditions: Condition[];
  /** What could not be looked at now, and why, each in a line. */
  unread: string[];
  /** Since when a queue or the warehouse can't be read, by the key of its condition. */
  troubles: Record<string, string>;
  /** Whether what is not among them is over; else nothing is known of it now. */
  isKnown(key: string): boolean;
}

/** What the alarms look at, besides the facts. */
export interface AlarmSources {
  facts: StatusFacts;
  requests: Pick<Progress & { key: string }, 'key' | 'reportType' | 'givenUp'>[];
  /** Whether the requests could not be read. */
  requestsAreUnknown?: boolean;
}

/** A trouble that may pass is told of when it lasts so long. */
const passingMs = 15 * 60_000;
/** What the facts tell of quarantined documents at most. */
const mostQuarantined = 100;

/** What was known before. */
export interface Known {
  /**
   * Whether a condition was told of, and is not over: a queue is well again when half of its limit is left, so that one at its limit does not
   * ring every five minutes.
   */
  isTold(key: string): boolean;
  /** Those of the last look, of another process maybe: no run lasts as long as a trouble that may pass. */
  troubles?: Conditions['troubles'];
}

/** What is not well. */
export function conditionsOf(
  { facts, requests, requestsAreUnknown = false }: AlarmSources,
  settings: Pick<AlarmsConfig, 'staleAfter' | 'queueMessages' | 'queueAge'>,
  { isTold, troubles: before = {} }: Known,
): Conditions {
  const { ledger, problem, readAt } = facts.warehouse;
  const readings = [
    ...facts.queues.map((queue) => ({
      key: `unreachable/${queue.url}`,
      what: `queue ${queue.name}`,
      ...queue,
    })),
    { key: 'unreachable/warehouse', what: `the warehouse ${facts.warehouse.name}`, ...facts.warehouse },
  ].map((reading) => readingSince(reading, before));
  const quarantined = ledger?.quarantined ?? [];
  const unknown = [
    ...(problem || readAt === undefined ? ['stale/', 'quarantine/'] : []),
    ...(quarantined.length >= mostQuarantined ? ['quarantine/'] : []),
    ...facts.queues.flatMap(({ url, messages, isDrained, problem: trouble }) => {
      const isUnread = trouble !== undefined || !messages;
      return [
        ...(isUnread ? [`queue/messages/${url}`] : []),
        // Only a drain meets messages: a run of one pipeline knows nothing of another's queue.
        ...(isUnread || !isDrained ? [`queue/age/${url}`] : []),
      ];
    }),
    ...unknownMachineKeys(facts.pipelines),
    ...(requestsAreUnknown ? ['request/'] : []),
    // A trouble that is too young to be told of is not over either.
    ...readings.filter(({ unread }) => unread !== undefined).map(({ key }) => key),
    // Only a login tells: a program that has just started knows of none.
    ...facts.sellers.flatMap(({ sellerId, credentials }) =>
      credentials.acceptedAt === undefined ? [`credentials/${sellerId}`] : [],
    ),
  ];
  return {
    conditions: [
      ...facts.tables.flatMap((table) => staleTable(table, settings.staleAfter, facts.at)),
      ...quarantines(quarantined),
      ...facts.sellers.flatMap(({ sellerId, credentials }) =>
        credentials.refused ? [refusedLogin(sellerId, credentials.refused)] : [],
      ),
      ...facts.queues.flatMap((queue) => longQueue(queue, settings, facts.at, isTold)),
      ...requests.flatMap(givenUp),
      ...machineConditions(facts.pipelines),
      ...readings.flatMap((reading) => unreachable(reading, facts.at)),
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
      : `; usually there is one every ${duration(usualIntervalSeconds)}`;
  return [
    {
      key: `stale/${table.table}/${table.sellerId ?? ''}`,
      kind: 'stale_table',
      title: `Table ${table.table}${of} is stale`,
      text: `The newest report is ${duration(ageSeconds)} old${usual}. See \`sp-reports loads\`, and \`sp-reports sweep\` for reports whose notification never came.`,
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
    (each) => each.includes('*') && asksFor([each], reportType ?? ''),
  );
  return pattern === undefined ? undefined : staleAfter[pattern];
}

/**
 * One for each seller and type: a thousand documents with the same fault are one thing. With the code and never the reason, which may quote
 * the document, and would go where no purge does.
 */
function quarantines(loads: LoadFacts[]): Condition[] {
  const groups = new Map<string, LoadFacts[]>();
  for (const load of loads) {
    const key = `quarantine/${load.sellerId ?? ''}/${load.reportType ?? ''}`;
    groups.set(key, [...(groups.get(key) ?? []), load]);
  }
  return [...groups].map(([key, [newest, ...older]]) => {
    const { sellerId, reportType, reasonCode, remedy, loadedAt, documentId, reportId } = newest as LoadFacts;
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
  { url, name, messages, oldestMessage }: QueueFacts,
  { queueMessages, queueAge }: Pick<AlarmsConfig, 'queueMessages' | 'queueAge'>,
  at: string,
  isTold: (key: string) => boolean,
): Condition[] {
  const conditions: Condition[] = [];
  const limitAs = (key: string, limit: number) => (isTold(key) ? limit / 2 : limit);
  const next = 'See `sp-reports run`, and the schedule and limits of the pipeline.';
  const manyKey = `queue/messages/${url}`;
  if (messages && messages.visible > limitAs(manyKey, queueMessages)) {
    conditions.push({
      key: manyKey,
      kind: 'queue',
      title: `Queue ${name} grows`,
      text: `Waiting: ${count(messages.visible, 'message')}. ${next}`,
      since: at,
    });
  }
  const oldKey = `queue/age/${url}`;
  if (oldestMessage && oldestMessage.ageSeconds * 1000 > limitAs(oldKey, spanMs(queueAge))) {
    conditions.push({
      key: oldKey,
      kind: 'queue',
      title: `Queue ${name} has old messages`,
      text: `The oldest one that the last drain left is ${duration(oldestMessage.ageSeconds)} old. ${next}`,
      since: oldestMessage.sentAt,
    });
  }
  return conditions;
}

function givenUp({ key, reportType, givenUp }: AlarmSources['requests'][number]): Condition[] {
  const last = givenUp.at(-1);
  if (!last) return [];
  const more = givenUp.length > 1 ? ` and ${givenUp.length - 1} more` : '';
  return [
    {
      key: `request/${key}`,
      kind: 'request',
      title: `Requests for ${reportType} of ${sellerOf(key)} fail`,
      text: `${last.start}${more}: ${last.found}. \`sp-reports request --again\` asks once more.`,
      since: givenUp[0]?.at ?? last.at,
      mark: last.at,
    },
  ];
}

/** A queue or the warehouse, and how reading it went. */
interface SourceReading {
  key: string;
  what: string;
  problem?: Problem;
  /** Why nothing is known of it now. */
  unread?: string;
  /** Since when. */
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
  return { key, what, unread: `${what}: no answer yet`, ...(earlier !== undefined && { since: earlier }) };
}

function unreachable({ key, what, problem, since = '' }: SourceReading, at: string): Condition[] {
  if (!problem) return [];
  const { code, message } = problem;
  const entry = Object.entries(catalogue).find(([name]) => name === code)?.[1];
  const isPassing = entry?.kind !== 'terminal';
  if (isPassing && Date.parse(at) - Date.parse(since) < passingMs) return [];
  const title = `${what.charAt(0).toUpperCase()}${what.slice(1)} can't be read`;
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
  return count(Math.round(seconds / length), unit);
}
