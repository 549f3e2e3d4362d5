import { bigQueryEndpoint } from '../warehouse/bigquery-emulator.js';
import { crash, crashUploads } from './crash-cases.js';

describe('after kill -9 and a restart, in many runs', function () {
  this.timeout(400_000);

  it('at any step of the data path, again and again, nothing is lost and nothing is loaded twice', () =>
    crash({ kills: 20 }));

  it('at any step of the data path to BigQuery, again and again, nothing is lost and nothing is loaded twice', async function () {
    if (bigQueryEndpoint) return crash({ kills: 4, bigQuery: bigQueryEndpoint });
    console.warn('    skipped: BIGQUERY_EMULATOR is not set; see scripts/bigquery-emulator');
    return this.skip();
  });

  it('at each step of an upload to a bucket, nothing is lost or loaded twice, and the bucket rebuilds the same tables', () =>
    // From the first byte that is sent.
    crashUploads(['bytes-whole', 'raw-kept', 'parquet-kept', 'committed', 'record-written']));
});
