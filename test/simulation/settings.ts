import { stringify } from 'yaml';
import { returns } from './report-contents.js';

/** The environment of the program. */
export function environment(sellerIds: string[]): Record<string, string> {
  const tokens = sellerIds.map((id) => [`TOKEN_${id}`, `Atzr|${id}`]);
  return { TZ: 'UTC', CLIENT_ID: 'client', CLIENT_SECRET: 'secret', ...Object.fromEntries(tokens) };
}

/** Of the warehouse in memory. */
const noWarehouse = { type: 'postgres', url: 'postgres://sp@localhost/reports', schema: 'reports' };

/** The `pipelines.yaml` of a simulated world. */
export function settingsText(sellerIds: string[], warehouse: object = noWarehouse): string {
  return stringify({
    warehouse,
    lake: 'lake',
    raw: 'raw',
    state: 'state',
    schemas: 'schemas',
    status: false,
    sellers: sellerIds.map((id) => ({
      id,
      region: 'na',
      marketplaces: ['US', 'CA'],
      credentials: {
        clientId: '${CLIENT_ID}',
        clientSecret: '${CLIENT_SECRET}',
        refreshToken: `\${TOKEN_${id}}`,
      },
    })),
    pipelines: [
      {
        name: 'all',
        schedule: '*/15 * * * *',
        sweep: '30 */6 * * *',
        timezone: 'UTC',
        queue: 'https://sqs.us-east-1.amazonaws.com/1/reports',
        limits: { waitTimeSeconds: 2, maxMinutes: 12 },
        request: [{ reportType: returns.reportType, window: '1 day', cron: '0 3 * * *', refresh: [] }],
      },
    ],
  });
}
