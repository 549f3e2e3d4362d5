import { z } from 'zod';
import { warningCatalogue } from '../errors/warnings.js';
import { isLoopback } from './common-spec.js';
import { type Span, span } from '../yaml/span.js';
import { variablePattern } from './substitute.js';

/** Whether alarms may be sent to an address: by https, or on this machine. */
function isSafe(url: string): boolean {
  if (!URL.canParse(url)) return false;
  const { protocol, hostname } = new URL(url);
  return protocol === 'https:' || (protocol === 'http:' && isLoopback(hostname));
}

const age = span(['hour', 'day', 'week'], '36 hours');

/** How long before it expires a client secret should be replaced. */
export const defaultSecretExpiry: Span = { count: 30, unit: 'day' };

/** `alarms:` of pipelines.yaml. */
export const alarmsSpec = z
  .strictObject({
    webhook: z.string().refine(isSafe, 'expected an address that begins with https://').meta({
      description:
        'The address that alarms are sent to, by POST. It must be an environment variable, because anyone who knows the address can post to it.',
      pattern: variablePattern,
    }),
    format: z
      .enum(['json', 'slack'])
      .default('json')
      .describe(
        'Format of the alarms: `json` for programs, `slack` for an incoming webhook of Slack or of a compatible service.',
      ),
    everyMinutes: z
      .number()
      .min(0.01)
      .max(1440)
      .default(5)
      .describe('How often `start` checks for alarms. `run` checks once, at its end.'),
    staleAfter: z
      .record(z.string(), z.union([z.literal('never'), age]))
      .default({})
      .describe(
        'How old the newest report may be, such as `36 hours`, `2 days`, `3 weeks`, or `never`. Keys are tables, report types and patterns such as `GET_FBA_*`; they apply in this order. Any other table is stale when more than two reports are missing, judged by their usual interval.',
      ),
    warnings: z
      .record(
        z
          .string()
          .refine(
            (code) => code in warningCatalogue,
            'expected a code of docs/errors.md, such as TOTALS_DIFFER',
          ),
        z.boolean(),
      )
      .default({})
      .describe(
        'Which warnings raise an alarm, by code: `MEASURES_EMPTY: false`. By default all do, except those that docs/alarms.md names.',
      ),
    queueMessages: z
      .int()
      .min(1)
      .default(1000)
      .describe(
        'Number of messages on a queue above which an alarm begins. The alarm ends at half of that number.',
      ),
    queueAge: age
      .optional()
      .transform((given) => given ?? { count: 1, unit: 'day' as const })
      .describe(
        'An alarm begins if the oldest message that a drain left on a queue is older than this. The default is `1 day`.',
      ),
    secretExpiry: age
      .optional()
      .transform((given) => given ?? defaultSecretExpiry)
      .describe(
        'An alarm begins this long before the client secret of an application expires. The default is `30 days`.',
      ),
    repeatAfter: age
      .optional()
      .describe(
        'How often a lasting alarm is sent again. By default it is sent once when it begins and once when it ends.',
      ),
  })
  .describe(
    'Alarms sent to a webhook: stale tables, quarantined documents, warnings, refused logins, client secrets that expire, long queues (docs/alarms.md).',
  );

export type AlarmsConfig = z.output<typeof alarmsSpec>;
