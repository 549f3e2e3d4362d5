import { faultCase, itSurvives, itSurvivesFileFaults } from './fault-cases.js';

/** faults.slow.test.ts and bigquery-faults.slow.test.ts try them all. */
const quick = [
  'queue: deletes refused',
  'bucket: access denied to Parquet and to records',
  'documents: reset mid-body',
  'BigQuery: the answers to uploads are lost',
];

describe('a fault between the program and a service:', () => {
  itSurvives(quick.map(faultCase));
});

describe('a fault between the program and a folder:', () => {
  itSurvivesFileFaults('raw', 'on');
  itSurvivesFileFaults('warehouse', 'once');
});
