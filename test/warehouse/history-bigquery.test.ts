import { bigQueryEndpoint } from './bigquery-emulator.js';
import { describeBigQueryHistory } from './describe-bigquery.js';

if (bigQueryEndpoint) describeBigQueryHistory(bigQueryEndpoint);
else
  it(
    'the histories of a BigQuery warehouse: pending, as BIGQUERY_EMULATOR is not set; see scripts/bigquery-emulator',
  );
