import { bigQueryEndpoint, emulatorLacks } from './bigquery-emulator.js';
import { describeWidening, refusedSteps, smallChanges, widenings } from './bigquery-widening.js';

if (bigQueryEndpoint && !emulatorLacks('rewrites')) {
  describeWidening(bigQueryEndpoint, {
    widenings,
    refusedSteps,
    smallChanges,
    everyNthStep: 1,
    isBusy: true,
  });
} else {
  it(
    'widening in BigQuery: pending, as BIGQUERY_EMULATOR is not set or lacks rewrites; see scripts/bigquery-emulator',
  );
}
