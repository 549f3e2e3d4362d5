import { randomUUID } from 'node:crypto';
import { openBigQueryWarehouse } from '../../src/warehouse/bigquery/warehouse.js';
import { emulatorLacks } from './bigquery-emulator.js';
import { describeHistory } from './history-suite.js';
import { describeWarehouse, type Ways } from './warehouse-suite.js';

/** A dataset that does not exist yet. */
export function newBigQueryPlace(endpoint: string) {
  return {
    project: 'test-project',
    dataset: `d${randomUUID().replaceAll('-', '')}`,
    location: 'US',
    endpoint,
  };
}

/** Defines the tests of the promises of every warehouse for the BigQuery at an address. */
export function describeBigQuery(endpoint: string, { sections }: Pick<Ways, 'sections'> = {}): void {
  describeWarehouse('BigQuery', async () => openBigQueryWarehouse(newBigQueryPlace(endpoint)), {
    sections,
    runs: 1,
    keyedModes: ['replace'],
    decimal: (text) => text.replace(/\.?0+$/, ''),
    jsonText: (text) => JSON.stringify(JSON.parse(text)),
    hasNullInLists: false,
    exampleQuery: 2,
    hasColumnsOfOneName: false,
    hasRewrites: !emulatorLacks('rewrites'),
  });
}

/** Defines the tests of histories for the BigQuery at an address. */
export function describeBigQueryHistory(endpoint: string): void {
  const places = new Map<string, ReturnType<typeof newBigQueryPlace>>();
  describeHistory(
    'BigQuery',
    async (folder, options) => {
      const place = places.get(folder) ?? newBigQueryPlace(endpoint);
      places.set(folder, place);
      return openBigQueryWarehouse({ ...place, ...options });
    },
    { runs: 1 },
  );
}
