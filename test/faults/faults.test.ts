import assert from 'node:assert/strict';
import { faultCases, takesBigQuery, tryFault } from './fault-table.js';

/** `npm run faults` tries them all. */
const quick = [
  'queue: deletes refused',
  'queue: malformed answer to a receive',
  'tokens: an HTML page instead of JSON',
  'API: token revoked midway',
  'API: content length too long',
  'documents: URL has expired',
  'bucket: access denied to Parquet and to records',
  'documents: reset mid-body',
  'documents: an HTML page instead of a document',
  'BigQuery: the answers to statements and jobs are lost',
];

describe('between the program and a service', () => {
  for (const name of quick) {
    it(`${name}: nothing is lost, nothing is there twice`, async function () {
      const found = faultCases.find((each) => each.name === name);
      assert.ok(found);
      if (takesBigQuery(found) && !process.env.BIGQUERY_EMULATOR) {
        console.warn('    skipped: BIGQUERY_EMULATOR is not set; see scripts/bigquery-emulator');
        return this.skip();
      }
      const { lost, twice, differences } = await tryFault(found);
      assert.deepEqual({ lost, twice, differences }, { lost: 0, twice: 0, differences: [] });
    });
  }
});
