import { randomUUID } from 'node:crypto';
import { openBigQueryWarehouse } from '../../src/warehouse/bigquery/warehouse.js';
import { describeWarehouse } from './warehouse-suite.js';

const endpoint = process.env.BIGQUERY_EMULATOR;

if (endpoint) {
  describeWarehouse(
    'BigQuery',
    async () =>
      openBigQueryWarehouse({
        project: 'test-project',
        dataset: `d${randomUUID().replaceAll('-', '')}`,
        location: 'US',
        endpoint,
      }),
    {
      runs: 1,
      keyedModes: ['replace'],
      decimal: (text) => text.replace(/\.?0+$/, ''),
      jsonText: (text) => JSON.stringify(JSON.parse(text)),
      hasNullInLists: false,
      hasColumnsOfOneName: false,
    },
  );
} else {
  it('BigQuery warehouse', function () {
    console.warn('  skipped: BIGQUERY_EMULATOR is not set; see scripts/bigquery-emulator');
    this.skip();
  });
}
