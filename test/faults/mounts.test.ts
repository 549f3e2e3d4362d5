import { itSurvivesMounts } from './mount-cases.js';

/** mounts.slow.test.ts has the other folders. */
describe('a folder that is a separate mount:', () => {
  itSurvivesMounts({ readOnly: ['lake'], full: ['warehouse'], fullMidway: true });
});
