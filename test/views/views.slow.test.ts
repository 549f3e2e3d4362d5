import { bigQueryEndpoint } from '../warehouse/bigquery-emulator.js';
import { describeViews, newDataset } from './describe-views.js';

const endpoint = bigQueryEndpoint;
if (endpoint) {
  describeViews('BigQuery, of all books', () => newDataset(endpoint));
} else {
  it('all views on BigQuery: pending, as BIGQUERY_EMULATOR is not set; see scripts/bigquery-emulator');
}
