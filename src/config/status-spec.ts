import { z } from 'zod';
import { isLoopback } from './common-spec.js';
import { variablePattern } from './substitute.js';

/** The address of the status page, and who has access. */
export const statusSpec = z
  .strictObject({
    host: z
      .string()
      .min(1)
      .default('127.0.0.1')
      .describe("Address to listen on. Any but this machine's own needs a `token`."),
    port: z.int().min(0).max(65_535).default(8420).describe('Port; 0 for any that is free.'),
    token: z
      .string()
      .refine((token) => token.length >= 16, 'expected at least 16 characters')
      .optional()
      .meta({
        description:
          'What a reader must know to see the page and the metrics: a variable of the environment of at least 16 characters.',
        pattern: variablePattern,
      }),
  })
  .superRefine(({ host, token }, context) => {
    if (token !== undefined || isLoopback(host)) return;
    const message = `anyone who reaches ${host} could read the warehouse; add \`token: \${SP_REPORTS_STATUS_TOKEN}\``;
    context.addIssue({ code: 'custom', path: ['host'], message });
  });
