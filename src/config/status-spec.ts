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
      .describe("Address to listen on. Any address other than this machine's own requires a `token`."),
    port: z.int().min(0).max(65_535).default(8420).describe('Port; 0 for any free port.'),
    token: z
      .string()
      .refine((token) => token.length >= 16, 'expected at least 16 characters')
      .optional()
      .meta({
        description:
          'Secret that gives access to the page and the metrics: an environment variable with at least 16 characters.',
        pattern: variablePattern,
      }),
  })
  .superRefine(({ host, token }, context) => {
    if (token !== undefined || isLoopback(host)) return;
    const message = `anyone who can reach ${host} could read the warehouse; add \`token: \${SP_REPORTS_STATUS_TOKEN}\``;
    context.addIssue({ code: 'custom', path: ['host'], message });
  });
