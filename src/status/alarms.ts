import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import type { AlarmsConfig } from '../config/alarms-spec.js';
import { spanMs } from '../config/span.js';
import { describeError, errorCode } from '../errors.js';
import type { PipelineContext } from '../pipeline/context.js';
import { openRequestBook } from '../pipeline/requests/book.js';
import { openSharedJson } from '../files/shared-json.js';
import { type AlarmSources, type Condition, type Conditions, conditionsOf } from './alarm-conditions.js';
import { type Alarm, alarmBody } from './alarm-message.js';
import { sendAlarm } from './send-alarm.js';
import type { StatusFacts } from './types.js';

/** What stands in `alarms.json`. */
interface Held {
  told: ToldAlarms;
  troubles: Conditions['troubles'];
}

/** What was told of and is not over. */
export type ToldAlarms = Record<string, Omit<Alarm, 'key' | 'state'> & { toldAt: string; mark?: string }>;

export interface Alarms {
  /** What is not well now, told or not. */
  look(): Promise<Conditions>;
  /** Looks, and tells what is news in one message. Never rejects: what could not be sent is news the next time too. */
  check(signal: AbortSignal): Promise<void>;
}

type AlarmContext = Pick<PipelineContext, 'config' | 'clock' | 'log'>;

/**
 * Opens the alarms. What was told is kept in `<state>/alarms.json`, so that a restart does not tell it again; processes that share the
 * state folder share it, replicas with folders of their own each tell.
 */
export function openAlarms(
  settings: AlarmsConfig,
  readFacts: () => Promise<StatusFacts>,
  { config, clock, log }: AlarmContext,
): Alarms {
  const state = openSharedJson(join(config.state, 'alarms.json'));
  const heldIn = (value: unknown): Held => ({
    told: {},
    troubles: {},
    ...(value as Partial<Held> | undefined),
  });
  const book = openRequestBook(config.state);

  /** What could not be written down: a disk that is full is no reason to be silent, and this process need not repeat itself. */
  let unwritten: ((before: Held) => Held)[] = [];

  function readHeld(): Held {
    let held = heldIn(undefined);
    try {
      held = heldIn(state.read());
    } catch (error) {
      log.warn({ code: errorCode(error) }, describeError(error));
    }
    return unwritten.reduce((before, change) => change(before), held);
  }

  function requestsNow(): Omit<AlarmSources, 'facts'> {
    try {
      return { requests: book.all() };
    } catch (error) {
      log.warn({ code: errorCode(error) }, describeError(error));
      return { requests: [], requestsAreUnknown: true };
    }
  }

  async function keep(change: (before: Held) => Held): Promise<void> {
    unwritten.push(change);
    const changes = [...unwritten];
    try {
      await state.change((value) => changes.reduce((before, each) => each(before), heldIn(value)));
      unwritten = unwritten.slice(changes.length);
    } catch (error) {
      log.warn({ code: errorCode(error) }, describeError(error));
    }
  }

  async function look({ told, troubles }: Held): Promise<Conditions> {
    return conditionsOf({ facts: await readFacts(), ...requestsNow() }, settings, {
      isTold: (key) => key in told,
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
        const news = newsOf(found, held.told, settings, at);
        if (news.length === 0) return;
        const body = alarmBody(news, settings.format, at);
        // Told twice where the program dies in between, and never not at all.
        await sendAlarm(settings.webhook, body, { clock, signal });
        await keep((before) => ({
          ...before,
          told: afterTelling(before.told, news, found.conditions, at),
        }));
        log.info({ alarms: news.map(({ key, state: what }) => ({ key, state: what })) }, 'alarms sent');
      } catch (error) {
        if (signal.aborted) return;
        log.warn({ code: errorCode(error) }, describeError(error));
      }
    },
  };
}

/** What begins, what there is more of, what lasts and is to be told again, and what is over. */
export function newsOf(
  { conditions, isKnown }: Conditions,
  told: ToldAlarms,
  { repeatAfter }: Pick<AlarmsConfig, 'repeatAfter'>,
  at: string,
): Alarm[] {
  const there = new Set(conditions.map(({ key }) => key));
  const lasting = conditions.flatMap(({ mark, ...condition }): Alarm[] => {
    const before = told[condition.key];
    if (!before) return [{ ...condition, state: 'begun' }];
    const isMore = mark !== undefined && mark > (before.mark ?? '');
    const isDue = repeatAfter && Date.parse(at) - Date.parse(before.toldAt) >= spanMs(repeatAfter);
    return isMore || isDue ? [{ ...condition, state: 'again' }] : [];
  });
  const over = Object.entries(told)
    .filter(([key]) => !there.has(key) && isKnown(key))
    .map(([key, { kind, title, text, since }]): Alarm => ({ key, kind, state: 'over', title, text, since }));
  return [...lasting, ...over];
}

function afterTelling(before: ToldAlarms, news: Alarm[], conditions: Condition[], at: string): ToldAlarms {
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
      toldAt: at,
      ...(mark === undefined ? {} : { mark }),
    };
  }
  return after;
}

/** Looks every so often until the signal; resolves when nothing is on its way any more. */
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
