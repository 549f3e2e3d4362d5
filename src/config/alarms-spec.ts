import { z } from 'zod';
import { isLoopback } from './common-spec.js';
import { span } from './span.js';
import { variablePattern } from './substitute.js';

/** Whether alarms may be sent to an address: by https, or on this machine. */
function isSafe(url: string): boolean {
  if (!URL.canParse(url)) return false;
  const { protocol, hostname } = new URL(url);
  return protocol === 'https:' || (protocol === 'http:' && isLoopback(hostname));
}

const age = span(['hour', 'day', 'week'], '36 hours');

/** `alarms:` of pipelines.yaml. */
export const alarmsSpec = z
  .strictObject({
    webhook: z.string().refine(isSafe, 'expected an address that begins with https://').meta({
      description:
        'Where alarms are sent to, by POST: a variable of the environment, for whoever knows the address can write there.',
      pattern: variablePattern,
    }),
    format: z
      .enum(['json', 'slack'])
      .default('json')
      .describe(
        'What is sent: `json` for programs, `slack` for an incoming webhook of Slack, or of what understands the same.',
      ),
    everyMinutes: z
      .number()
      .min(0.01)
      .max(1440)
      .default(5)
      .describe('How often `start` looks whether something is to be told; `run` looks at its end.'),
    staleAfter: z
      .record(z.string(), z.union([z.literal('never'), age]))
      .default({})
      .describe(
        'By table, report type or pattern such as `GET_FBA_*`, in this order: how old the newest report may be, such as `36 hours`, `2 days`, `3 weeks`, or `never`. Other tables are stale when they miss more than two reports, going by their usual rhythm.',
      ),
    queueMessages: z
      .int()
      .min(1)
      .default(1000)
      .describe('Messages on a queue from which on it is told; over when half of them are left.'),
    queueAge: age
      .optional()
      .transform((given) => given ?? { count: 1, unit: 'day' as const })
      .describe(
        'Age of the oldest message that a drain left on a queue, from which on it is told; `1 day` where it is left out.',
      ),
    repeatAfter: age
      .optional()
      .describe('What lasts is told again so often; without it once as it begins, and once when it is over.'),
  })
  .describe(
    'Alarms by a webhook: stale tables, quarantined documents, refused logins, long queues (docs/alarms.md).',
  );

export type AlarmsConfig = z.output<typeof alarmsSpec>;
