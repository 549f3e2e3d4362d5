import { itSurvivesMounts } from './mount-cases.js';

/** mounts.slow.test.ts has the other folders. */
describe('a folder that is a separate mount:', function () {
  this.timeout(120_000);
  itSurvivesMounts({ readOnly: ['lake'], full: ['warehouse'], fullMidway: true });
});
