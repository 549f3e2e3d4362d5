import { stringify } from 'yaml';
import { demoSellers } from '../../sandbox/demo-scenario.js';
import { dayMs } from '../../sandbox/layout.js';
import { generatedTypes } from '../../sandbox/report-generator.js';
import type { Sandbox } from '../../sandbox/sandbox.js';
import type { Shops } from '../../sandbox/shops.js';

/** Marks the folder as one that the next demo may empty. */
export const firstLine = '# Written by `sp-reports demo`, which rewrites it each time.';

/** The file beside the settings with what the goods of the demo cost. */
export const costsFile = 'costs.csv';

/** What the goods of all shops cost; of one of them the seller does not know it yet. */
export function demoCosts(shops: Shops): string {
  const share = 0.35;
  const lines = shops.markets.flatMap((market) =>
    shops
      .of(market)
      .products.map(({ sku, priceCents }) => [sku, ((priceCents * share) / 100).toFixed(2), market.currency]),
  );
  return [['sku', 'cost', 'currency'], ...lines.slice(1)].map((line) => `${line.join(',')}\n`).join('');
}

/**
 * Returns the demo's pipelines.yaml, in the layout of the shipped one. Its credentials are invented
 * and only valid for the sandbox.
 */
export function demoSettings(sandbox: Sandbox, nowMs: number): string {
  const daysAgo = (days: number) => new Date(nowMs - days * dayMs).toISOString().slice(0, 10);
  const { AWS_ACCESS_KEY_ID: accessKeyId, AWS_SECRET_ACCESS_KEY: secretAccessKey } = sandbox.awsEnvironment;
  const settings = {
    warehouse: { type: 'duckdb', path: 'warehouse.duckdb' },
    lake: 'lake',
    raw: 'raw',
    state: 'state',
    // Any free port: another running program may use the default one.
    status: { port: 0 },
    aws: {
      region: sandbox.awsEnvironment.AWS_REGION,
      endpoint: sandbox.sqsEndpoint,
      credentials: { accessKeyId, secretAccessKey },
    },
    api: { endpoint: sandbox.apiEndpoint, loginUrl: sandbox.loginUrl },
    sellers: demoSellers.map(({ sellerId, name, region, marketplaces }) => ({
      id: sellerId,
      name,
      region,
      marketplaces,
      credentials: sandbox.credentialsFor(sellerId),
    })),
    costs: { file: costsFile },
    pipelines: [
      {
        name: 'everything',
        schedule: '*/20 * * * * *',
        queue: sandbox.queueUrl,
        // Listed by name: sweeping all types with a schema would use up minutes of the quota.
        reportTypes: generatedTypes().sort(),
        sweep: '*/5 * * * *',
        request: [
          // A report for each past day.
          {
            reportType: 'GET_LEDGER_DETAIL_VIEW_DATA',
            marketplaces: ['UK'],
            window: '1 day',
            from: daysAgo(3),
            cron: '*/10 * * * *',
          },
          // A report of the current state.
          { reportType: 'GET_MERCHANT_LISTINGS_ALL_DATA', marketplaces: ['JP'], cron: '*/10 * * * *' },
        ],
        limits: { waitTimeSeconds: 1 },
      },
    ],
  };
  return `${firstLine}
# The sandbox that it names stops with the demo. \`sp-reports demo --serve\` keeps it running.
${stringify(settings)}`;
}
