import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import type { AlarmsConfig } from '../../config/alarms-spec.js';
import { spanMs } from '../../yaml/span.js';
import { describeError, errorCode } from '../../errors/reports-error.js';
import type { PipelineContext } from '../../ingest/context.js';
import { allPlans } from '../../requests/request-plans.js';
import { openRequestStore } from '../../requests/request-store.js';
import { openSharedJson } from '../../files/shared-json.js';
import { alarmsJson, type KeptAlarms, type SentAlarms } from './alarms-file.js';
import { type Conditions, conditionsOf } from './alarm-conditions.js';
import type { Condition } from './condition.js';
import { type Alarm, alarmBody } from './alarm-message.js';
import { readRequests } from '../request-snapshots.js';
import { sendAlarm } from './send-alarm.js';
import type { StatusSnapshot } from '../types.js';

export interface Alarms {
  /** Returns the conditions that are present now, sent or not. */
  look(): Promise<Conditions>;
  /**
   * Checks the conditions, and sends what is new in one message. Never rejects: what could not be
   * sent is sent with the next check.
   */
  check(signal: AbortSignal): Promise<void>;
}

type AlarmContext = Pick<PipelineContext, 'config' | 'schemas' | 'clock' | 'log'>;

/**
 * Opens the alarms. Sent alarms are kept in `<state>/alarms.json`, so that a restart does not send
 * them again. Processes that share the state folder share this file; replicas with their own
 * folders each send alarms.
 */
export function openAlarms(
  settings: AlarmsConfig,
  readSnapshot: () => Promise<StatusSnapshot>,
  { config, schemas, clock, log }: AlarmContext,
): Alarms {
  const state = openSharedJson(join(config.state, 'alarms.json'), alarmsJson, { log });
  const requestStore = openRequestStore(config.state, { log, clock });

  /**
   * What could not be written down: a disk that is full is no reason to be silent, and this process
   * need not repeat itself.
   */
  let unwritten: ((before: KeptAlarms) => KeptAlarms)[] = [];

  function readHeld(): KeptAlarms {
    let held = alarmsJson.missing();
    try {
      held = state.read();
    } catch (error) {
      log.warn({ code: errorCode(error) }, describeError(error));
    }
    return unwritten.reduce((before, change) => change(before), held);
  }

  async function keep(change: (before: KeptAlarms) => KeptAlarms): Promise<void> {
    unwritten.push(change);
    const changes = [...unwritten];
    try {
      await state.change((value) => changes.reduce((before, each) => each(before), value));
      unwritten = unwritten.slice(changes.length);
    } catch (error) {
      log.warn({ code: errorCode(error) }, describeError(error));
    }
  }

  async function look({ sent, troubles }: KeptAlarms): Promise<Conditions> {
    const snapshot = await readSnapshot();
    const { requests: stored, problem: requestProblem } = readRequests(requestStore, clock.now());
    // Nobody makes a request any more that is no longer in the settings: what failed is over.
    const made = new Set(allPlans({ config, schemas }).map(({ key }) => key));
    const requests = stored.filter(({ key }) => made.has(key));
    return conditionsOf({ snapshot, requests, requestProblem }, settings, {
      wasSent: (key) => key in sent,
      troubles,
    });
  }

  return {
    look: () => look(readHeld()),
    async check(signal) {
      try {
        const held = readHeld();
        const found = await look(held);
        const { troubles } = found;
        if (!isDeepStrictEqual(troubles, held.troubles)) await keep((before) => ({ ...before, troubles }));
        const at = new Date(clock.now()).toISOString();
        const news = diffAlarms(found, held.sent, settings, at);
        if (news.length === 0) return;
        const body = alarmBody(news, settings.format, at);
        // An alarm is sent twice if the program dies in between, but never lost.
        await sendAlarm(settings.webhook, body, { clock, signal });
        await keep((before) => ({
          ...before,
          sent: afterSending(before.sent, news, found.conditions, at),
        }));
        log.info({ alarms: news.map(({ key, state: what }) => ({ key, state: what })) }, 'alarms sent');
      } catch (error) {
        if (signal.aborted) return;
        log.warn({ code: errorCode(error) }, describeError(error));
      }
    },
  };
}

/**
 * Returns the alarms to send: conditions that began, got worse, are due to be repeated, or are
 * over.
 */
export function diffAlarms(
  { conditions, isKnown }: Conditions,
  sent: SentAlarms,
  { repeatAfter }: Pick<AlarmsConfig, 'repeatAfter'>,
  at: string,
): Alarm[] {
  const there = new Set(conditions.map(({ key }) => key));
  const lasting = conditions.flatMap(({ mark, ...condition }): Alarm[] => {
    const before = sent[condition.key];
    if (!before) return [{ ...condition, state: 'begun' }];
    const isMore = mark !== undefined && mark > (before.mark ?? '');
    const isDue = repeatAfter && Date.parse(at) - Date.parse(before.sentAt) >= spanMs(repeatAfter);
    return isMore || isDue ? [{ ...condition, state: 'again' }] : [];
  });
  const over = Object.entries(sent)
    .filter(([key]) => !there.has(key) && isKnown(key))
    .map(([key, { kind, title, text, since }]): Alarm => ({ key, kind, state: 'over', title, text, since }));
  return [...lasting, ...over];
}

function afterSending(before: SentAlarms, news: Alarm[], conditions: Condition[], at: string): SentAlarms {
  const after = { ...before };
  for (const { key, state, ...alarm } of news) {
    if (state === 'over') {
      delete after[key];
      continue;
    }
    const mark = conditions.find((each) => each.key === key)?.mark;
    after[key] = {
      ...alarm,
      text: alarm.kind === 'quarantine' ? '' : alarm.text,
      sentAt: at,
      mark,
    };
  }
  return after;
}

/** Checks regularly until the signal; resolves when no message is in flight any more. */
export async function watchAlarms(
  alarms: Alarms,
  { everyMinutes }: AlarmsConfig,
  { clock }: Pick<AlarmContext, 'clock'>,
  signal: AbortSignal,
): Promise<void> {
  while (!signal.aborted) {
    await alarms.check(signal);
    await clock.sleep(everyMinutes * 60_000, signal).catch(() => {});
  }
}
