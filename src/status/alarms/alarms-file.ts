import { z } from 'zod';
import type { JsonKind } from '../../files/shared-json.js';
import type { Alarm } from './alarm-message.js';
import type { Conditions } from './alarm-conditions.js';

/** Alarms that were sent and are not over, by key. */
export type SentAlarms = Record<string, Omit<Alarm, 'key' | 'state'> & { sentAt: string; mark?: string }>;

/** The content of `alarms.json`. */
export interface KeptAlarms {
  sent: SentAlarms;
  troubles: Conditions['troubles'];
}

const time = z.string().refine((text) => !Number.isNaN(Date.parse(text)), 'expected a time');

const alarmFields = {
  kind: z.enum([
    ...(['stale_table', 'quarantine', 'warning', 'credentials', 'queue', 'request'] as const),
    ...(['machine', 'unreachable', 'secret', 'notification', 'test'] as const),
  ]),
  title: z.string(),
  text: z.string(),
  since: time,
  mark: z.string().exactOptional(),
};

const troubles = z.record(z.string(), time);

const current = z.strictObject({
  sent: z.record(z.string(), z.object({ ...alarmFields, sentAt: time })),
  troubles,
}) satisfies z.ZodType<KeptAlarms>;

/** The alarms of earlier versions, which called them told. */
const told = z
  .record(z.string(), z.object({ ...alarmFields, toldAt: time }))
  .transform(
    (alarms): SentAlarms =>
      Object.fromEntries(
        Object.entries(alarms).map(([key, { toldAt, ...alarm }]) => [key, { ...alarm, sentAt: toldAt }]),
      ),
  );

/** The second form had troubles too; the first one was the alarms alone. */
const second = z.strictObject({ told: told.default({}), troubles: troubles.default({}) });

/** `alarms.json`. */
export const alarmsJson: JsonKind<KeptAlarms> = {
  parse(content) {
    const names = Object.keys(content ?? {});
    if (names.includes('sent')) return current.parse(content);
    const { told: sent, troubles: since } = second.parse(
      names.includes('told') || names.includes('troubles') ? content : { told: content },
    );
    return { sent, troubles: since };
  },
  missing: () => ({ sent: {}, troubles: {} }),
  lost: () => ({ sent: {}, troubles: {} }),
  consequence: 'alarms that were sent are sent again',
};
