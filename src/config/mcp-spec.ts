import { z } from 'zod';

/** What AI clients may read. */
export const mcpSpec = z
  .strictObject({
    showPersonalData: z
      .boolean()
      .default(false)
      .describe(
        'Whether `sp-reports mcp` shows columns with personal data of buyers. What a client reads may go to the provider of its model.',
      ),
  })
  .prefault({})
  .describe('What AI clients may read by `sp-reports mcp`.');
