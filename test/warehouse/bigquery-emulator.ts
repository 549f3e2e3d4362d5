/**
 * The BigQuery that the tests run on: `scripts/bigquery-emulator` sets it, or the environment names
 * another emulator.
 */
export const bigQueryEndpoint = process.env.BIGQUERY_EMULATOR;

const lacks = (process.env.BIGQUERY_EMULATOR_LACKS ?? '').split(',');

/**
 * Whether the emulator is declared unable to do something, whose tests are then skipped.
 * docs/bigquery.md describes each.
 */
export function emulatorLacks(what: 'conflicts' | 'rewrites'): boolean {
  return lacks.includes(what);
}
