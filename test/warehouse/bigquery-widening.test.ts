import { bigQueryEndpoint, emulatorLacks } from './bigquery-emulator.js';
import { describeWidening, refusedSteps, smallChanges, widenings } from './bigquery-widening.js';

// bigquery-widening.slow.test.ts has all of them.
if (bigQueryEndpoint && !emulatorLacks('rewrites')) {
  describeWidening(bigQueryEndpoint, {
    widenings: widenings.filter((_, index) => [0, 5, 7].includes(index)),
    refusedSteps: refusedSteps.slice(1, 2),
    smallChanges: smallChanges.slice(1, 2),
    everyNthStep: 4,
    isBusy: false,
  });
} else {
  it(
    'widening in BigQuery: pending, as BIGQUERY_EMULATOR is not set or lacks rewrites; see scripts/bigquery-emulator',
  );
}
