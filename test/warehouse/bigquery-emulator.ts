/** Where the BigQuery is that the tests run on: `scripts/bigquery-emulator` sets it, or whoever has another stand-in. */
export const bigQueryEndpoint = process.env.BIGQUERY_EMULATOR;

const lacks = (process.env.BIGQUERY_EMULATOR_LACKS ?? '').split(',');

/** Whether it is said that the stand-in can't do something, whose tests are then left out. docs/bigquery.md tells of each. */
export function standInLacks(what: 'conflicts' | 'rewrites'): boolean {
  return lacks.includes(what);
}
